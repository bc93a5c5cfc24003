"""What a coordinator would want to know about a year, counted from the published events alone.

Never knows: how it is shown. A group under GROUP_MIN is None, so that no small group can be recognised.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from engine.matching.scoring import TECH_FAMILIES
from engine.programme.insights.small_groups import counts_shown
from engine.simulation.observed import short_type
from engine.simulation.people.organisation import Employee, Organisation
from engine.simulation.topics import FAMILY_BY_TOPIC, NAME_BY_TOPIC
from schemas.terms.codes import PairingReasonCode

GROUP_MIN: Final = 5
EXAMPLES: Final = 3
TOPICS_TOLD: Final = 3
BAND_NAMES: Final = ("0-9 years", "10-19 years", "20-29 years", "30+ years")
SENTENCE_BY_REASON: Final = {
    PairingReasonCode.BRIDGES_BANDS.value: "They bring different lengths of experience together.",
    PairingReasonCode.OTHER_DEPARTMENT.value: "They work in different departments.",
    PairingReasonCode.BEYOND_TECH.value: "Their topics go beyond tech.",
    PairingReasonCode.SHARED_HOURS.value: "Their working hours overlap.",
    PairingReasonCode.LOCKED.value: "The coordinator brought them together.",
}
_LIVE: Final = frozenset({"active", "paused", "suspended", "stalled", "concluding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSummary:
    """A programme year in numbers. Ratios are 0..1, None where there is nothing to divide."""

    proposed: int
    formed: int
    completed: int
    ended_by_code: dict[str, int | None]
    """Ended pairs by neutral code; None where hidden, so that neither a small group nor what is left over shows."""
    lapsed: int
    live: int
    double_consent_ratio: float | None
    """Formed of all proposals that were decided."""
    sessions: int
    reciprocity_median: float | None
    reciprocity_half_ratio: float | None
    """Share of pairs in which the side that taught less taught at least half as much as the other."""
    non_tech_ratio: float | None
    """Share of topics outside the digital and data families, of all that formed pairs set out to learn."""
    bridging_ratio: float | None
    """Share of formed pairs that span at least one experience band."""
    pairs_by_bands: dict[str, int | None]
    """Formed pairs per two bands, `0-9 years × 30+ years`; None where fewer than GROUP_MIN."""
    cross_department_ratio: float | None
    nudges_sent_by_key: dict[str, int]
    nudges_cancelled: int
    nudges_suppressed_by_reason: dict[str, int | None]
    """By the reason as published; None where hidden."""
    nudges_suppressed: int
    waiting: int | None
    """People without a partner after the last round of each programme that told so; None where none did."""
    rounds: int
    examples: tuple[str, ...]
    """Why two people met, in words; ids only."""


@dataclass(slots=True)
class _Counted:
    """What the outputs of a year have said so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    nudged: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)
    proposals: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    formed: dict[str, None] = field(default_factory=dict)
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    endings: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)

    def take(self, output: Mapping[str, Any]) -> None:
        """Count one output."""
        kind, data = short_type(output), output.get("data") or {}
        self.kinds[kind] += 1
        match kind:
            case "pairing.proposed":
                self.proposals[data["pairing_id"]] = data
            case "pairing.activated":
                self.formed[data["pairing_id"]] = None
            case "pairing.state":
                self.states[data["pairing_id"]] = data
            case "pairing.ended" | "pairing.completed":
                self.endings[data["pairing_id"]] = data
                self.ended[data["code"]] += kind == "pairing.ended"
            case "nudge.requested":
                self.nudged[data["key"]] += 1
            case "nudge.suppressed":
                self.suppressed[data["reason"]] += 1
            case "round.completed" if not data.get("dry_run"):
                if data["waiting"] is not None:  # else what was last told stands
                    self.waiting[data["programme_id"]] = _count(data["waiting"])


def summarise(outputs: Iterable[Mapping[str, Any]], organisation: Organisation) -> YearSummary:
    """Count a year.

    Args:
        outputs: every structured CloudEvent of the pairings, pairing-state, nudges, insights and audit topics, in order
            within each topic; others are ignored.
        organisation: gives bands and departments, which no output carries.
    """
    year = _Counted()
    for output in outputs:
        year.take(output)
    pairs = [year.proposals[pairing_id] for pairing_id in year.formed if pairing_id in year.proposals]
    balances = _balances(year.endings, year.states)
    decided = len(year.formed) + year.kinds["pairing.lapsed"]
    ended = {code: number for code, number in sorted(year.ended.items()) if number}
    return YearSummary(
        proposed=len(year.proposals),
        formed=len(year.formed),
        completed=year.kinds["pairing.completed"],
        ended_by_code=counts_shown(ended, (list(+year.ended),), GROUP_MIN),
        lapsed=year.kinds["pairing.lapsed"],
        live=len([pairing_id for pairing_id in year.formed if pairing_id not in year.endings]),
        double_consent_ratio=len(year.formed) / decided if decided else None,
        sessions=_sessions(year.endings, year.states),
        reciprocity_median=median(balances) if balances else None,
        reciprocity_half_ratio=_share([balance >= 0.5 for balance in balances]),
        non_tech_ratio=_share([FAMILY_BY_TOPIC.get(topic) not in TECH_FAMILIES for pair in pairs for topic in _topics(pair)]),
        bridging_ratio=_share([len(set(_bands(pair, organisation))) == 2 for pair in pairs]),
        pairs_by_bands=_by_bands(pairs, organisation),
        cross_department_ratio=_share([_crosses(pair, organisation) for pair in pairs]),
        nudges_sent_by_key=dict(sorted(year.nudged.items())),
        nudges_cancelled=year.kinds["nudge.cancelled"],
        nudges_suppressed_by_reason=counts_shown(dict(sorted(year.suppressed.items())), (list(year.suppressed),), GROUP_MIN),
        nudges_suppressed=year.suppressed.total(),
        waiting=sum(year.waiting.values()) if year.waiting else None,
        rounds=year.kinds["round.completed"],
        examples=tuple(_why(pair) for pair in _instructive(pairs)),
    )


def _count(waiting: object) -> int:
    """A number of people, given as such or as a list."""
    return waiting if isinstance(waiting, int) else len(list(waiting)) if isinstance(waiting, list | tuple | dict) else 0


def _share(truths: list[bool]) -> float | None:
    return sum(truths) / len(truths) if truths else None


def _balances(endings: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]) -> list[float]:
    """Reciprocity of every pair that taught anything: as published at its end, else from its last state."""
    ratios = {pairing_id: data["reciprocity_ratio"] for pairing_id, data in endings.items() if data.get("reciprocity_ratio") is not None}
    for pairing_id, data in states.items():
        taught = _taught(data)
        if pairing_id not in endings and data["state"] in _LIVE and taught and max(taught):
            ratios[pairing_id] = min(taught) / max(taught)
    return [ratio for _, ratio in sorted(ratios.items())]


def _taught(state: Mapping[str, Any]) -> list[int]:
    """Credits per side, given per person or as two numbers."""
    taught = state.get("taught_count") or ()
    return [int(number) for number in (taught.values() if isinstance(taught, Mapping) else taught)]


def _sessions(endings: Mapping[str, Mapping[str, Any]], states: Mapping[str, Mapping[str, Any]]) -> int:
    counts = {pairing_id: data["sessions_count"] for pairing_id, data in states.items()}
    counts |= {pairing_id: data["sessions_count"] for pairing_id, data in endings.items()}
    return sum(counts.values())


def _topics(pair: Mapping[str, Any]) -> list[str]:
    return [learnt["topic"] for side in pair["people"] for learnt in side["learns"]]


def _employees(pair: Mapping[str, Any], organisation: Organisation) -> list[Employee]:
    """The two, as they were at the start; fewer where an id is not of this organisation (an erased one)."""
    return [organisation.by_id[side["person_id"]].employee for side in pair["people"] if side["person_id"] in organisation.by_id]


def _bands(pair: Mapping[str, Any], organisation: Organisation) -> list[int]:
    return sorted(employee.band for employee in _employees(pair, organisation))


def _crosses(pair: Mapping[str, Any], organisation: Organisation) -> bool:
    return len({employee.department for employee in _employees(pair, organisation)}) == 2


def _by_bands(pairs: list[Mapping[str, Any]], organisation: Organisation) -> dict[str, int | None]:
    met = Counter(tuple(_bands(pair, organisation)) for pair in pairs)
    table: dict[str, int | None] = {}
    for low in range(len(BAND_NAMES)):
        for high in range(low, len(BAND_NAMES)):
            number = met[low, high]
            table[f"{BAND_NAMES[low]} × {BAND_NAMES[high]}"] = number if number >= GROUP_MIN else None
    shown = sorted((number, name) for name, number in table.items() if number is not None)
    if shown and len(shown) == len(table) - 1:
        table[shown[0][1]] = None  # one gap alone would follow from the sum
    return table


def _instructive(pairs: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The best pairs, by score, then id, no person twice."""
    chosen: list[Mapping[str, Any]] = []
    met: set[str] = set()
    for pair in sorted(pairs, key=lambda pair: (-pair["score"], pair["pairing_id"])):
        people = {side["person_id"] for side in pair["people"]}
        if len(chosen) < EXAMPLES and not people & met:
            chosen.append(pair)
            met |= people
    return chosen


def _why(pair: Mapping[str, Any]) -> str:
    """One pair in words: what each learns, and what else the published reasons say, in a fixed order."""
    first, second = pair["people"]
    given = {reason["code"] for reason in pair.get("reasons", ())}
    told = [sentence for code, sentence in SENTENCE_BY_REASON.items() if code in given]
    return " ".join((_gain(first, second["person_id"]), _gain(second, first["person_id"]), *told))


def _gain(learner: Mapping[str, Any], teacher_id: str) -> str:
    most = sorted(learner["learns"], key=lambda learnt: (-learnt["share"], learnt["topic"]))[:TOPICS_TOLD]
    topics = [NAME_BY_TOPIC.get(learnt["topic"], learnt["topic"]) for learnt in most]
    if not topics:
        return f"{learner['person_id']} shares time with {teacher_id}."
    listed = topics[0] if len(topics) == 1 else f"{', '.join(topics[:-1])} and {topics[-1]}"
    return f"{learner['person_id']} learns {listed} from {teacher_id}."
