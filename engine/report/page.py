"""What the page says of one programme: every number, and none that rests on a small group.

Decides: which numbers the report shows besides the metrics of `engine.programme.insights.metrics`, and which of all of them stay hidden.
Never knows: how it looks, what it is called in words, who anybody is beyond an id that it never passes on.

Invariants
    report.R1  The page is a function of what was gathered.
    report.R2  No value of the page holds the id of a person, a pairing or a session.
    report.R3  A number of one to k − 1 people or pairs is None, and so is whatever would give it away (insights/small_groups).

Source: docs/rules.md, What is published about people.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean
from typing import Final

from engine.matching.scoring import TECH_FAMILIES
from engine.programme.insights.evidence import Evidence
from engine.programme.insights.metrics import BANDS, SURVIVAL_MONTHS, report
from engine.programme.insights.people_figures import PAGE, figures_of
from engine.programme.insights.small_groups import counts_shown, hidden_cells
from engine.programme.insights.told_rules import Told, Value
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import ProgrammeStatus
from engine.programme.sessions import teaching
from schemas.terms.codes import EndCode, NudgeKey, Track

BALANCE_BINS: Final = (("one_side", 0.0), ("leaning", 0.34), ("shared", 0.5), ("even", 0.8))
"""Name, and the least reciprocity ratio in it. 0.34 is where pairs are told; 0.5 is where a pair counts as balanced."""
BALANCED_FROM: Final = 0.5
BAND_UNKNOWN: Final = "unknown"
MEETING_MONTHS_MAX: Final = 24
_FAMILIES: Final = ("suppressed_count.", "nudge_effect_ratio.")
"""Families of metrics about people."""
FUNNEL: Final = ("enrolled", "ready", "matched", "met", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round published; dry runs aside."""

    at: datetime
    proposed: int
    waiting: int | None
    """None where it was not told anew."""
    optimal_ratio: float
    no_option_by_reason: Mapping[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeOutputs:
    """What the page reads of a programme's published outputs."""

    rounds: Sequence[Round] = ()
    """Oldest first."""
    asked: Sequence[tuple[NudgeKey, str]] = ()
    """Key and person of each requested nudge; a coordinator's own aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number under a code; None where it is hidden."""

    code: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPair:
    """Pairs that join two experience bands, the lower first."""

    low: int
    high: int
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NudgeEffect:
    """How often a nudge was asked for, and what it changed."""

    key: NudgeKey
    asked_count: int | None
    effect: Value = None
    """P(acted within a week | nudged) − P(acted | held out)."""
    low: Value = None
    high: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundMonth:
    """The rounds of a month in one line."""

    month: str
    rounds: int
    proposed: int | None
    waiting: int | None
    """After the month's last round."""
    optimal_ratio_mean: float
    optimal_ratio_min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammePage:
    """One programme on the page."""

    programme_id: str
    name: str
    """As the coordinator calls it, or the id."""
    status: ProgrammeStatus
    track: Track
    created_at: datetime
    as_of: datetime
    policy_version: int
    k: int
    cadence_days: int
    sessions_planned: int
    holdout_percent: int
    metrics: Mapping[str, Value]
    as_of_by_metric: Mapping[str, datetime]
    """Since when a figure about people stands; the others are of now."""
    funnel: tuple[Amount, ...]
    band_pairs: tuple[BandPair, ...]
    bands_unknown_count: int | None
    balance: tuple[Amount, ...]
    families: tuple[Amount, ...]
    """Share of what was taught, by topic family, the largest first; None where hidden."""
    meetings_by_month: tuple[Amount, ...]
    survival: tuple[Amount, ...]
    nudges: tuple[NudgeEffect, ...]
    held_back: tuple[Amount, ...]
    round_months: tuple[RoundMonth, ...]
    no_option: tuple[Amount, ...]
    """People without any option after the last round, by the rule that stood in the way most often."""
    endings: tuple[Amount, ...]
    without_band: Amount
    """Participants who have not said how long they have worked; the value is hidden like any other."""


def programme_page(evidence: Evidence, published: ProgrammeOutputs, told: Told) -> ProgrammePage:
    """Say everything that the page says of one programme.

    Args:
        told: the figures about people as the programme last published them. The page has no newer ones, which beside those would give away
            who came or went in between.
    """
    programme, policy = evidence.programme, evidence.programme.policy
    people = {name: one.value for name, one in told.figures.items()}
    never = dict.fromkeys(name for name in figures_of(evidence) if not name.startswith(PAGE))
    metrics: dict[str, Value] = {
        **never,
        **{name: value for name, value in people.items() if "." not in name or name.startswith(_FAMILIES)},
    }
    metrics.update(report(evidence))
    formed = [pairing for pairing in evidence.pairings if pairing.activated_at is not None]
    band_pairs, unknown = _band_pairs(formed, policy.k_min)
    endings = _endings(formed, metrics, policy.k_min)
    return ProgrammePage(
        programme_id=programme.programme_id,
        name=programme.name or programme.programme_id,
        status=programme.status,
        track=policy.track,
        created_at=programme.created_at,
        as_of=evidence.at,
        policy_version=programme.policy_version,
        k=policy.k_min,
        cadence_days=policy.cadence_days,
        sessions_planned=policy.sessions_planned,
        holdout_percent=policy.holdout_percent,
        metrics={**metrics, **{name: ending.value for ending in endings if (name := f"ended_count.{ending.code}") in metrics}},
        as_of_by_metric={name: one.as_of for name, one in told.figures.items() if name in metrics},
        funnel=_funnel(people),
        band_pairs=band_pairs,
        bands_unknown_count=unknown,
        balance=_balance(formed, policy.k_min),
        families=_families(formed, policy.k_min),
        meetings_by_month=_meetings_by_month(formed, evidence.at, policy.k_min),
        survival=tuple(Amount(code=str(month), value=metrics[f"survival_ratio.month_{month}"]) for month in range(1, SURVIVAL_MONTHS + 1)),
        nudges=_nudges(metrics, published, policy.k_min),
        held_back=_held_back(metrics),
        round_months=_round_months(published.rounds, policy.k_min),
        no_option=_no_option(published.rounds),
        endings=endings,
        without_band=Amount(code="without_band", value=people.get(f"{PAGE}without_band")),
    )


def _funnel(people: Mapping[str, Value]) -> tuple[Amount, ...]:
    """Count those who take part: each step is a part of the one before."""
    names = ("enrolled_count", "ready_count", f"{PAGE}matched", f"{PAGE}met", f"{PAGE}completed")
    return tuple(Amount(code=code, value=people.get(name)) for code, name in zip(FUNNEL, names, strict=True))


def _band_pairs(formed: Sequence[Pairing], k: int) -> tuple[tuple[BandPair, ...], int | None]:
    """Count pairs by their two bands. That they span a band, and how many pairs there are, is known from the headline figures."""
    met = Counter(BAND_UNKNOWN if pairing.bands is None else _band_cell(*sorted(pairing.bands)) for pairing in formed)
    places = [(low, high) for low in range(BANDS) for high in range(low, BANDS)]
    same = [_band_cell(low, high) for low, high in places if low == high]
    spanning = [_band_cell(low, high) for low, high in places if low != high]
    everywhere = [*same, *spanning, BAND_UNKNOWN]
    shown = counts_shown({cell: met[cell] for cell in everywhere}, (same, spanning, everywhere), k)
    return tuple(BandPair(low=low, high=high, count=shown[_band_cell(low, high)]) for low, high in places), shown[BAND_UNKNOWN]


def _band_cell(low: int, high: int) -> str:
    return f"{low}/{high}"


def _balance(formed: Sequence[Pairing], k: int) -> tuple[Amount, ...]:
    counts = dict.fromkeys((name for name, _ in BALANCE_BINS), 0)
    for pairing in formed:
        ratio = teaching.reciprocity_ratio(pairing)
        if ratio is not None:
            counts[[name for name, least in BALANCE_BINS if ratio >= least][-1]] += 1
    even = [name for name, least in BALANCE_BINS if least >= BALANCED_FROM]
    uneven = [name for name, least in BALANCE_BINS if least < BALANCED_FROM]
    return _amounts(counts_shown(counts, (even, uneven, counts), k))


def _families(formed: Sequence[Pairing], k: int) -> tuple[Amount, ...]:
    """Share out what was taught; what must be large enough is the number of pairs behind a family."""
    taught: Counter[str] = Counter()
    behind: dict[str, set[str]] = {}
    for pairing in formed:
        for (_, family), count in teaching.topics(pairing).items():
            taught[family.value] += count
            behind.setdefault(family.value, set()).add(pairing.pairing_id)
    tech = [family for family in behind if family in TECH_FAMILIES]
    beyond = [family for family in behind if family not in TECH_FAMILIES]
    hidden = hidden_cells({family: frozenset(pairs) for family, pairs in behind.items()}, (tech, beyond, list(behind)), k)
    shares = {family: None if family in hidden else round(taught[family] / taught.total(), 4) for family in behind}
    return tuple(Amount(code=family, value=shares[family]) for family in sorted(shares, key=lambda name: (-(shares[name] or 0.0), name)))


def _meetings_by_month(formed: Sequence[Pairing], at: datetime, k: int) -> tuple[Amount, ...]:
    """Count meetings by the month they began in, where enough pairs met."""
    held: Counter[str] = Counter()
    behind: dict[str, set[str]] = {}
    for pairing in formed:
        for month, count in teaching.months(pairing).items():
            held[month] += count
            behind.setdefault(month, set()).add(pairing.pairing_id)
    months = _months_between(min(behind, default=f"{at:%Y-%m}"), f"{at:%Y-%m}") if behind else []
    hidden = hidden_cells({month: frozenset(behind.get(month, ())) for month in months}, (months,), k)
    return tuple(Amount(code=month, value=None if month in hidden else held[month]) for month in months[-MEETING_MONTHS_MAX:])


def _months_between(first: str, last: str) -> list[str]:
    (year, month), (last_year, last_month) = ((int(part) for part in text.split("-")) for text in (first, max(first, last)))
    numbers = range(year * 12 + month - 1, last_year * 12 + last_month)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def _nudges(metrics: Mapping[str, Value], published: ProgrammeOutputs, k: int) -> tuple[NudgeEffect, ...]:
    asked = Counter(key for key, _ in published.asked)
    heard: dict[str, set[str]] = {}
    for key, person_id in published.asked:
        heard.setdefault(key, set()).add(person_id)
    tried = {key for key in NudgeKey if f"nudge_effect_ratio.{key}" in metrics}
    lines = [
        NudgeEffect(
            key=key,
            asked_count=asked[key] if len(heard.get(key, ())) >= k or not asked[key] else None,
            effect=metrics.get(f"nudge_effect_ratio.{key}"),
            low=metrics.get(f"nudge_effect_ratio.{key}.low"),
            high=metrics.get(f"nudge_effect_ratio.{key}.high"),
        )
        for key in NudgeKey
        if asked[key] or key in tried
    ]
    return tuple(sorted(lines, key=lambda line: (line.effect is None, -(line.effect or 0.0), -(line.asked_count or 0), line.key)))


def _held_back(metrics: Mapping[str, Value]) -> tuple[Amount, ...]:
    prefix = "suppressed_count."
    found = {name.removeprefix(prefix): value for name, value in metrics.items() if name.startswith(prefix)}
    return tuple(Amount(code=code, value=found[code]) for code in sorted(found, key=lambda code: (-(found[code] or 0), code)))


def _round_months(rounds: Sequence[Round], k: int) -> tuple[RoundMonth, ...]:
    by_month: dict[str, list[Round]] = {}
    for each in rounds:
        by_month.setdefault(f"{each.at:%Y-%m}", []).append(each)
    return tuple(
        RoundMonth(
            month=month,
            rounds=len(held),
            proposed=_large(sum(each.proposed for each in held), k),
            waiting=next((each.waiting for each in reversed(held) if each.waiting is not None), None),
            optimal_ratio_mean=round(mean(each.optimal_ratio for each in held), 4),
            optimal_ratio_min=min(each.optimal_ratio for each in held),
        )
        for month, held in list(by_month.items())[-MEETING_MONTHS_MAX:]
    )


def _large(count: int, k: int) -> int | None:
    return None if 0 < count < k else count


def _no_option(rounds: Sequence[Round]) -> tuple[Amount, ...]:
    """Show what was last told."""
    told = next((each.no_option_by_reason for each in reversed(rounds) if each.no_option_by_reason is not None), {})
    return _amounts(told, is_sorted=True)


def _endings(formed: Sequence[Pairing], metrics: Mapping[str, Value], k: int) -> tuple[Amount, ...]:
    """Count how pairs ended. The totals are taken to be known: the share that completed tells them."""
    ended = Counter(pairing.end_code for pairing in formed if pairing.end_code is not None)
    counts = {code.value: ended[code] for code in EndCode}
    others = [code for code in counts if code != EndCode.COMPLETED]
    shown = counts_shown(counts, (others, list(counts)), k)
    published = {code: metrics["completed_count"] if code == EndCode.COMPLETED else metrics[f"ended_count.{code}"] for code in counts}
    return _amounts({code: None if published[code] is None else shown[code] for code in counts})


def _amounts(values: Mapping[str, int | None] | Mapping[str, int], *, is_sorted: bool = False) -> tuple[Amount, ...]:
    codes = sorted(values, key=lambda code: (-(values[code] or 0), code)) if is_sorted else list(values)
    return tuple(Amount(code=code, value=values[code]) for code in codes)
