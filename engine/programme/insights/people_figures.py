"""The daily report's figures about people, with everybody behind each number.

Decides: each such figure as it would be published now; which groups everybody can count anyway.
Never knows: what was published before (insights/told_rules decides what may be published anew); pairs, sessions and endings, which are
public events (insights/metrics).

Figures whose name begins with `page.` are for the report's page only.

Source: docs/rules.md, What is published about people.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from engine.programme.insights.evidence import Evidence, activated
from engine.programme.insights.small_groups import Members, hidden_cells
from engine.programme.insights.told_rules import Figure, FigureKind, group
from engine.programme.insights.trials import arm_of, effect
from engine.programme.pairs.pairing import LIVE, OPEN, Pairing
from engine.programme.participants.participant import TAKING_PART
from engine.programme.sessions import teaching
from schemas.terms.codes import EndCode, SuppressionCode, SuppressionReason

RATINGS_MAX: Final = 1_000_000
"""More than anybody gives."""
PAGE: Final = "page."
_PUBLIC_REASONS: Final = frozenset(code.value for code in SuppressionCode)


def figures_of(evidence: Evidence) -> dict[str, Figure]:
    """Return the figures, the most important first.

    Of two that would give a small group away together, the first one is published.
    """
    found: dict[str, Figure] = {}
    for part in (_funnel, _choices, _waits, _learning, _notes, _page, _held_back, _effects):
        found.update(part(evidence))
    return found


def public_groups(evidence: Evidence) -> tuple[Members, ...]:
    """Return the groups that everybody can count from the pairings topic.

    They are the people in a live pair, and the people in one or with an open proposal.
    """
    pairs = (LIVE, OPEN)
    return tuple(_people(pairing for pairing in evidence.pairings if pairing.state in states) for states in pairs)


def quantile(values: Sequence[float], share: float = 0.5) -> float | None:
    """Return a quantile (nearest rank)."""
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 4) if values else None


def _people(pairings: Iterable[Pairing]) -> Members:
    return frozenset(f"people/{person_id}" for pairing in pairings for person_id in pairing.people)


def _enrolled(evidence: Evidence) -> Members:
    return frozenset(f"people/{one.person_id}" for one in evidence.participants if one.status in TAKING_PART)


def _ready(evidence: Evidence) -> Members:
    here = (one for one in evidence.participants if one.status in TAKING_PART and one.profile.is_complete)
    return frozenset(f"people/{one.person_id}" for one in here)


def _count(members: Members, of: Members | None = None) -> Figure:
    return Figure(kind=FigureKind.GROUP, value=len(members), behind=group(members, of))


def _share(members: Members, whole: Members, of: str | None = None) -> Figure:
    value = round(len(members) / len(whole), 4) if whole else None
    return Figure(kind=FigureKind.GROUP, value=value, behind=group(members, whole), of=of)


def _funnel(evidence: Evidence) -> Mapping[str, Figure]:
    enrolled, ready, in_pairs = _enrolled(evidence), _ready(evidence), public_groups(evidence)[0]
    return {
        "enrolled_count": _count(enrolled),
        "ready_count": _count(ready, enrolled),
        "match_ratio": _share(ready & in_pairs, ready, of="ready_count"),
    }


def _choices(evidence: Evidence) -> Mapping[str, Figure]:
    heard = frozenset(f"people/{name}" for name in evidence.attention)
    opted_out = frozenset(f"people/{name}" for name, one in evidence.attention.items() if one.has_opted_out)
    return {"opt_out_ratio": _share(opted_out, heard | _enrolled(evidence))}


def _waits(evidence: Evidence) -> Mapping[str, Figure]:
    formed = activated(evidence)

    def of(days_of: Callable[[Pairing], Sequence[float]], share: float) -> Figure:
        behind = {f"pairs/{pairing.pairing_id}/{side}": float(days) for pairing in formed for side, days in enumerate(days_of(pairing))}
        return Figure(kind=FigureKind.VALUES, value=quantile(list(behind.values()), share), behind=behind)

    return {
        "time_to_match_days_p50": of(lambda pairing: pairing.waited_days, 0.5),
        "time_to_match_days_p90": of(lambda pairing: pairing.waited_days, 0.9),
        "orphan_days_p90": of(lambda pairing: pairing.orphaned_days, 0.9),
    }


def _learning(evidence: Evidence) -> Mapping[str, Figure]:
    """Return what pairs said of themselves, and which bands they join."""
    formed = activated(evidence)

    def pairs(is_one: Callable[[Pairing], bool]) -> Members:
        return frozenset(f"pairs/{pairing.pairing_id}" for pairing in formed if is_one(pairing))

    both = pairs(lambda pairing: len(teaching.said(pairing)) == len(pairing.people))
    learned = pairs(lambda pairing: sum(one.has_learned for one in teaching.said(pairing)) == len(pairing.people))
    known = pairs(lambda pairing: pairing.bands is not None)
    spanning = pairs(lambda pairing: pairing.bands is not None and pairing.bands[0] != pairing.bands[1])
    return {"two_way_learning_ratio": _share(learned & both, both), "bridge_ratio": _share(spanning, known), **_ratings(evidence)}


def _ratings(evidence: Evidence) -> Mapping[str, Figure]:
    """Return the mean of all ratings, and the share of 4 and 5.

    Nobody sees a single rating.

    Behind both are the people who gave them: somebody who rates many sessions is still one. Each stands there with a number that changes
    with what it contributes: its part, and how many ratings it gave. Of either part of the share there must be so many people, too.
    """
    count, total, high = Counter[str](), Counter[str](), Counter[str]()
    for pairing in activated(evidence):
        for one in teaching.said(pairing):
            name = f"people/{one.person_id}"
            count[name] += one.ratings_count
            total[name] += one.ratings_total
            high[name] += one.high_count
    raters = [name for name in count if count[name]]
    parts = [sum(high[name] > 0 for name in raters), sum(high[name] < count[name] for name in raters)]
    is_apart = all(not 0 < people_count < evidence.programme.policy.k_min for people_count in parts)
    mean = round(total.total() / count.total(), 2) if raters else None
    share = round(high.total() / count.total(), 4) if raters and is_apart else None
    return {
        name: Figure(kind=FigureKind.VALUES, value=value, behind={one: part[one] + count[one] / RATINGS_MAX for one in raters})
        for name, value, part in (("rating_mean", mean, total), ("rating_high_ratio", share, high))
    }


def _notes(evidence: Evidence) -> Mapping[str, Figure]:
    waiting = [(evidence.at - note.shared_at) / timedelta(days=1) for note in evidence.notes if note.answered_at is None]
    answered_count, k = len(evidence.notes) - len(waiting), evidence.programme.policy.k_min
    counted = (len(evidence.notes), answered_count)
    is_apart = all(not 0 < count < k for count in (len(waiting), answered_count))
    age = quantile([round(days, 2) for days in waiting], 0.9) if len(waiting) >= k else None
    return {
        "insights_shared_count": Figure(kind=FigureKind.VALUES, value=len(evidence.notes), counted=counted[:1]),
        "insights_open_count": Figure(kind=FigureKind.VALUES, value=len(waiting) if is_apart else None, counted=counted),
        "insights_open_age_days_p90": Figure(kind=FigureKind.VALUES, value=age, counted=counted),
    }


def _page(evidence: Evidence) -> Mapping[str, Figure]:
    enrolled, ready, formed = _enrolled(evidence), _ready(evidence), activated(evidence)
    matched = ready & _people(formed)
    met = matched & _people(pairing for pairing in formed if teaching.first_met_at(pairing) is not None)
    completed = met & _people(pairing for pairing in formed if pairing.end_code is EndCode.COMPLETED or pairing.term > 1)
    here = [one for one in evidence.participants if one.status in TAKING_PART]
    bandless = frozenset(f"people/{one.person_id}" for one in here if one.profile.experience_band is None)
    return {
        f"{PAGE}matched": _count(matched),
        f"{PAGE}met": _count(met),
        f"{PAGE}completed": _count(completed),
        f"{PAGE}without_band": _count(bandless, enrolled),
    }


def _held_back(evidence: Evidence) -> Mapping[str, Figure]:
    """Tell how many nudges never left, by the true reason.

    How many left for any reason that is about the person, the audit topic tells all: so a hidden one takes another with it.
    """
    behind: dict[str, dict[str, float]] = {}
    for name, one in evidence.attention.items():
        for reason, count in one.held_back.items():
            behind.setdefault(reason, {})[f"people/{name}"] = float(count)
    private = [reason.value for reason in SuppressionReason if reason.value in behind and reason.value not in _PUBLIC_REASONS]
    hidden = hidden_cells({reason: frozenset(marks) for reason, marks in behind.items()}, (private,), evidence.programme.policy.k_min)
    return {
        f"suppressed_count.{reason}": Figure(
            kind=FigureKind.VALUES, value=None if reason in hidden else int(sum(marks.values())), behind=marks
        )
        for reason, marks in sorted(behind.items())
    }


def _effects(evidence: Evidence) -> Mapping[str, Figure]:
    """Return whether nudges help, and how long conflicts stood.

    Enough people or conflicts must be behind each number.
    """
    k, tally = evidence.programme.policy.k_min, evidence.tally
    found: dict[str, Figure] = {}
    behind = [*evidence.attention.values(), *evidence.trials_of_pairs]
    for key, arms in tally.arms.items():
        counted = (arms.nudged, arms.nudged_acted, arms.held_out, arms.held_out_acted)
        groups = [sum(arm_of(key, is_held_out=is_held_out) in one.tried_as for one in behind) for is_held_out in (False, True)]
        measured = effect(arms) if min(groups) >= k else None
        for name, value in zip(("", ".low", ".high"), measured or (None, None, None), strict=True):
            told = None if value is None else round(value, 4)
            found[f"nudge_effect_ratio.{key}{name}"] = Figure(kind=FigureKind.VALUES, value=told, counted=counted)
    seconds = Figure(kind=FigureKind.VALUES, value=tally.conflict_exposure_seconds, counted=(tally.exposures_count,))
    return {**found, "conflict_exposure_seconds": seconds}
