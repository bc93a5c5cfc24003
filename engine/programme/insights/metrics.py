"""The daily report's counts of pairs, sessions and endings, which are public events.

Decides: these metrics of the report, and which of them are too small to show.
Never knows: names, single answers, single ratings; it reads rows and gives numbers. What people did by themselves is in people_figures.

Invariants
    insights.Y1  No number rests on a group of one to k − 1 people or pairs, nor does its complement; such a number is null.
    insights.Y2  The report is a function of the rows and the day: the same rows give the same numbers.
    insights.Y3  Nothing tells a decline from any other lapse.

Metric names end in their unit; a dot separates a family from its member (`ended_count.choice`).

Source: docs/rules.md, What is published about people.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from engine.matching.scoring import TECH_FAMILIES
from engine.programme.insights.evidence import Evidence, activated
from engine.programme.insights.small_groups import counts_shown
from engine.programme.insights.told_rules import Value
from engine.programme.pairs.pairing import LIVE, Pairing
from engine.programme.sessions import teaching
from schemas.frozen import Frozen
from schemas.terms.codes import EndCode, PairingReasonCode, PairingState

BANDS: Final = 4
BAND_PAIRS_POSSIBLE: Final = BANDS * (BANDS - 1) // 2
MONTH_DAYS: Final = 30
SURVIVAL_MONTHS: Final = 6
RECIPROCAL_RATIO: Final = 0.5
_DECIDED_AGAINST: Final = PairingState.LAPSED
_NOT_COMPLETED: Final = tuple(code.value for code in EndCode if code is not EndCode.COMPLETED)


class Shown(Frozen):
    """Numbers behind one threshold (insights.Y1)."""

    k: int

    def count(self, count: int, of: int | None = None) -> int | None:
        """Show a count; its complement within `of` must be large enough, or nobody."""
        is_small = 0 < count < self.k or (of is not None and 0 < of - count < self.k)
        return None if is_small else count

    def ratio(self, count: int, of: int) -> float | None:
        """Show a share of a group."""
        return None if of < self.k or self.count(count, of) is None else round(count / of, 4)

    def middle(self, values: Sequence[float], share: float = 0.5) -> float | None:
        """Show a quantile (nearest rank) of a group."""
        if len(values) < self.k:
            return None
        return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 4)


def report(evidence: Evidence) -> dict[str, Value]:
    """Return every metric of a programme by name; null where insights.Y1 forbids a number."""
    shown = Shown(evidence.programme.policy.k_min)
    metrics: dict[str, Value] = {}
    for part in (_pairs, _rounds, _teaching, _bridges, _lasting, _nudges):
        metrics.update(part(evidence, shown))
    return dict(sorted(metrics.items()))


def _pairs(evidence: Evidence, shown: Shown) -> Mapping[str, Value]:
    in_pairs = {person_id for pairing in evidence.pairings if pairing.state in LIVE for person_id in pairing.people}
    formed = activated(evidence)
    lapsed = sum(pairing.state is _DECIDED_AGAINST for pairing in evidence.pairings)
    return {
        "matched_count": shown.count(len(in_pairs)),
        "pairs_formed_count": shown.count(len(formed)),
        "pairs_live_count": shown.count(sum(pairing.state in LIVE for pairing in evidence.pairings)),
        "double_consent_ratio": shown.ratio(len(formed), len(formed) + lapsed),
    }


def _rounds(evidence: Evidence, _shown: Shown) -> Mapping[str, Value]:
    """Return the price of fairness and the drift of kept pairs.

    Only rounds with at least k pairs are measured.
    """
    measured = evidence.programme.measured
    return {
        "fairness_price_ratio": None if measured is None else measured.fairness_price_ratio,
        "drift_ratio": None if measured is None else measured.drift_ratio,
    }


def _teaching(evidence: Evidence, shown: Shown) -> Mapping[str, Value]:
    formed = activated(evidence)
    ratios = [ratio for pairing in formed if (ratio := teaching.reciprocity_ratio(pairing)) is not None]
    taught: Counter[str] = Counter()
    beyond = 0
    for pairing in formed:
        for (topic, family), count in teaching.topics(pairing).items():
            taught[topic] += count
            beyond += count if family not in TECH_FAMILIES else 0
    held_count = sum(teaching.sessions_count(pairing) for pairing in formed)
    is_broad = _have_met(formed) >= shown.k
    return {
        "sessions_held_count": held_count if is_broad or not held_count else None,
        "reciprocity_ratio_p50": shown.middle(ratios),
        "reciprocal_pairs_ratio": shown.ratio(sum(ratio >= RECIPROCAL_RATIO for ratio in ratios), len(ratios)),
        "non_tech_ratio": round(beyond / taught.total(), 4) if taught and is_broad else None,
        "topic_entropy_bits": _entropy(taught.values()) if taught and is_broad else None,
    }


def _have_met(formed: Iterable[Pairing]) -> int:
    """Count the pairs behind sessions and exchanges.

    Sessions are no group of people, so the number of pairs behind them must be large enough.
    """
    return sum(teaching.first_met_at(pairing) is not None for pairing in formed)


def _entropy(counts: Iterable[int]) -> float:
    present = sorted(counts)
    total = sum(present)
    return round(-math.fsum(count / total * math.log2(count / total) for count in present), 4) + 0.0


def _bridges(evidence: Evidence, shown: Shown) -> Mapping[str, Value]:
    formed = activated(evidence)
    known = [pairing.bands for pairing in formed if pairing.bands is not None]
    spanning = [bands for bands in known if bands[0] != bands[1]]
    codes = [{reason.code for reason in pairing.proposal.reasons} for pairing in formed]
    covered = len({tuple(sorted(bands)) for bands in spanning})
    return {
        "band_pairs_covered_ratio": round(covered / BAND_PAIRS_POSSIBLE, 4) if len(spanning) >= shown.k else None,
        "cross_department_ratio": shown.ratio(sum(PairingReasonCode.OTHER_DEPARTMENT in held for held in codes), len(formed)),
    }


def _lasting(evidence: Evidence, shown: Shown) -> Mapping[str, Value]:
    formed = activated(evidence)
    ended = Counter(pairing.end_code for pairing in formed if pairing.end_code is not None)
    completed = ended[EndCode.COMPLETED]
    live_count, stalled_count = (sum(pairing.state in states for pairing in formed) for states in (LIVE, {PairingState.STALLED}))
    counts = {code.value: ended[code] for code in EndCode}
    # What is over is what was formed less what is live, and the share that completed tells the rest: both totals can be known.
    over = counts_shown(counts, (_NOT_COMPLETED, list(counts)), shown.k)
    metrics: dict[str, Value] = {
        "stalled_count": shown.count(stalled_count, live_count if stalled_count else None),
        "completed_count": over[EndCode.COMPLETED],
        "completion_ratio": shown.ratio(completed, ended.total()) if over[EndCode.COMPLETED] is not None else None,
        "first_session_days_p50": shown.middle(_first_session_days(formed)),
        "cadence_ratio": shown.ratio(*_cadence(evidence, formed)) if _have_met(formed) >= shown.k else None,
    }
    for code in _NOT_COMPLETED:
        metrics[f"ended_count.{code}"] = over[code]
    for month in range(1, SURVIVAL_MONTHS + 1):
        # Cohorts of successive months lie within one another: whole percents keep the few that differ out of sight.
        share = shown.ratio(*_survival(evidence, formed, month))
        metrics[f"survival_ratio.month_{month}"] = None if share is None else round(share, 2)
    return metrics


def _first_session_days(formed: Iterable[Pairing]) -> list[float]:
    days: list[float] = []
    for pairing in formed:
        met_at = teaching.first_met_at(pairing)
        if met_at is not None and pairing.activated_at is not None:
            days.append(max(0.0, round((met_at - pairing.activated_at) / timedelta(days=1), 2)))
    return days


def _cadence(evidence: Evidence, formed: Iterable[Pairing]) -> tuple[int, int]:
    """Count the gaps between meetings that keep to the plan with a week's grace.

    The first gap counts from activation.
    """
    counts = [teaching.gaps(pairing, evidence.programme.policy.cadence_days) for pairing in formed]
    return sum(kept for kept, _ in counts), sum(count for _, count in counts)


def _survival(evidence: Evidence, formed: Iterable[Pairing], month: int) -> tuple[int, int]:
    """Count pairs that began long enough ago, and those of them that lasted.

    A completed pair has survived.
    """
    lasted = old_enough = 0
    span = timedelta(days=MONTH_DAYS * month)
    for pairing in formed:
        assert pairing.activated_at is not None, "formed pairs were activated"
        if pairing.activated_at + span <= evidence.at:
            old_enough += 1
            lasted += pairing.state is not PairingState.ENDED or pairing.since >= pairing.activated_at + span
    return lasted, old_enough


def _nudges(evidence: Evidence, shown: Shown) -> Mapping[str, Value]:
    """Tell how much people hear.

    Nudges are no people: behind the number there must be enough of those.
    """
    heard = evidence.attention.values()
    weeks = [float(count) for one in heard for _, count in one.weeks]
    is_read = sum(bool(one.weeks) for one in heard) >= shown.k
    return {"nudges_per_person_week_p95": shown.middle(weeks, 0.95) if is_read else None}
