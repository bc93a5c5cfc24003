"""The bodies of answers. The OpenAPI document is made from them."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from schemas.terms.codes import PairingState, Track


class EventResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event."""

    id: str | None
    """As it was sent; null where it can't be read."""
    outcome: Literal["accepted", "duplicate", "dead_lettered", "refused"]
    code: str | None = None
    """Why it is a dead letter, or why the command was not carried out."""
    message: str | None = None


class EventResults(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each event, in order; true for ever, since it was committed before."""

    results: list[EventResult]


class PairingView(msgspec.Struct, frozen=True, kw_only=True):
    """A pairing as it is published on `mentorship.pairing-state.v1`."""

    pairing_id: str
    programme_id: str
    state: PairingState
    people: list[str]
    track: Track
    term: int
    policy_version: int
    since: datetime
    sessions_count: int
    next_session_at: datetime | None
    taught_count: list[int]


class WhyView(msgspec.Struct, frozen=True, kw_only=True):
    """Why these two: the proposal as it was published on `mentorship.pairings.v1`, and the same in sentences."""

    pairing_id: str
    proposal: dict[str, Any]
    sentences: list[str]


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """What is published about a person now: the pairings that are open."""

    person_id: str
    pairings: list[PairingView]


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it was last published."""

    value: int | float | None
    as_of: datetime


class ProgrammeView(msgspec.Struct, frozen=True, kw_only=True):
    """A programme: its policy, its rounds, and what is published of its people."""

    programme_id: str
    name: str | None
    status: Literal["running", "paused", "closed"]
    created_at: datetime
    policy_version: int
    policy: dict[str, Any]
    """The fields that differ from their defaults."""
    rounds_held: int
    next_round_at: datetime | None
    open_proposals: int
    live_pairs: int
    figures: dict[str, FigureView]
    """Figures about people, of `mentorship.insights.v1`. Groups below `k_min` are not told."""


class TopicRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a topic."""

    position: int
    event: msgspec.Raw
    """A CloudEvent; of a tombstone `{key, tombstone}`; of a dead letter where it came from and why it was refused, without its bytes."""


class TopicPage(msgspec.Struct, frozen=True, kw_only=True):
    """Records from a position on."""

    events: list[TopicRecord]
    next: int
    """The position to ask for next."""


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """All is well."""

    status: Literal["ok"] = "ok"
