"""What the simulation reads from the engine's outputs.

A person sees a proposal, a nudge or a change of their pair, nothing else; other outputs are ignored, and so are unknown
types, as every consumer of these topics must.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from engine.simulation.clock import instant_read

Json: TypeAlias = dict[str, Any]
"""A structured CloudEvent, input or output."""

_PREFIX: Final = "bothways."
_SUFFIX: Final = ".v1"
STATE_BY_CHANGE: Final = {
    "pairing.activated": "active",
    "pairing.paused": "paused",
    "pairing.resumed": "active",
    "pairing.suspended": "suspended",
    "pairing.stalled": "stalled",
    "pairing.concluding": "concluding",
    "pairing.renewed": "active",
    "pairing.converted": "active",
    "pairing.lapsed": "lapsed",
    "pairing.completed": "completed",
    "pairing.ended": "ended",
}
"""The state that a pair is in after each published change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSeen:
    """Two people are asked whether they want to meet."""

    pairing_id: str
    programme_id: str
    proposal_version: int
    people: tuple[str, str]
    learns: Mapping[str, tuple[str, ...]]
    """Per person, the topics that the other one could teach."""
    score: int
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSeen:
    """A pair moved to another state."""

    change: str
    pairing_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NudgeReceived:
    """Somebody was told something."""

    nudge_id: str
    person_id: str
    key: str
    behavioural: bool
    pairing_id: str | None
    programme_id: str | None
    not_before: datetime
    expires_at: datetime
    answers: Mapping[str, tuple[str, Mapping[str, Any]]]
    """By the name of a choice: the type of the answering event, and its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NudgeWithdrawn:
    """A nudge no longer applies."""

    nudge_id: str


Observed: TypeAlias = ProposalSeen | ChangeSeen | NudgeReceived | NudgeWithdrawn


def short_type(output: Mapping[str, Any]) -> str:
    """The type without its product prefix and major version: `pairing.proposed`."""
    return str(output["type"]).removeprefix(_PREFIX).removesuffix(_SUFFIX)


def full_type(short: str) -> str:
    """The inverse of `short_type`."""
    return f"{_PREFIX}{short}{_SUFFIX}"


def seen(output: Mapping[str, Any]) -> Observed | None:
    """Read one output; None if people take no notice of it."""
    kind = short_type(output)
    if kind in STATE_BY_CHANGE:
        return ChangeSeen(change=kind, pairing_id=output["data"]["pairing_id"], at=instant_read(output["time"]))
    match kind:
        case "pairing.proposed":
            return _proposal(output)
        case "nudge.requested":
            return _nudge(output["data"])
        case "nudge.cancelled":
            return NudgeWithdrawn(nudge_id=output["data"]["nudge_id"])
    return None


def _proposal(output: Mapping[str, Any]) -> ProposalSeen:
    data = output["data"]
    first, second = data["people"]
    return ProposalSeen(
        pairing_id=data["pairing_id"],
        programme_id=data["programme_id"],
        proposal_version=data["proposal_version"],
        people=(first["person_id"], second["person_id"]),
        learns={side["person_id"]: tuple(learnt["topic"] for learnt in side["learns"]) for side in (first, second)},
        score=data["score"],
        expires_at=instant_read(data["expires_at"]),
        at=instant_read(output["time"]),
    )


def _nudge(data: Mapping[str, Any]) -> NudgeReceived:
    params = data.get("params") or {}
    return NudgeReceived(
        nudge_id=data["nudge_id"],
        person_id=data["person_id"],
        key=data["key"],
        behavioural=data["class"] == "behavioural",
        pairing_id=data.get("pairing_id") or params.get("pairing_id"),
        programme_id=data.get("programme_id") or params.get("programme_id"),
        not_before=instant_read(data["not_before"]),
        expires_at=instant_read(data["expires_at"]),
        answers={option["choice"]: (option["type"], option["fields"]) for option in params.get("answers") or ()},
    )
