"""Input events with defaults, as structured CloudEvents, so that a test shows only the fields that matter.

Every builder takes whom or what it is about, then `at` (a datetime or RFC 3339 text), then fields of the data by name; None is null in
the data. Three names are the envelope's: `n` tells apart two events that have type, ids and instant in common, `attributes` adds or
replaces attributes (None removes one), and where only the person may act, `actor` is the person unless said otherwise.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from schemas.registry import INPUT_TYPES
from schemas.text.fields import instant_text

StructuredEvent = dict[str, Any]
When = datetime | str

PROGRAMME: Final = "reverse-2025"
"""The programme that tests mean when they name none."""
DESK: Final = "desk"
"""Who commands, where a test says nothing of it."""


def event(
    type_: str, subject: str, at: When, data: Mapping[str, Any], *, n: int = 0, attributes: Mapping[str, Any] | None = None
) -> StructuredEvent:
    """Build any input event.

    Args:
        type_: in short form (`hr.hired`).
        n: counter; with the type, the ids in the data and the instant it makes the event's id.
    """
    time = at if isinstance(at, str) else instant_text(at)
    built = {
        "specversion": "1.0",
        "id": "/".join((type_, *_named(data), time, str(n))),
        "source": "tests",
        "type": f"bothways.{type_}.v1",
        "time": time,
        "subject": subject,
        "datacontenttype": "application/json",
        "data": {name: _plain(value) for name, value in data.items()},
        **(attributes or {}),
    }
    return {name: value for name, value in built.items() if value is not None}


def hired(person_id: str, at: When, *, effective_on: date | str | None = None, **data: Any) -> StructuredEvent:
    """Somebody joins; on the day of `at` unless said otherwise."""
    return _hr("hired", person_id, at, {"effective_on": effective_on or _day(at)}, data)


def hire_cancelled(person_id: str, at: When, **data: Any) -> StructuredEvent:
    """The hire never happened."""
    return _hr("hire_cancelled", person_id, at, {}, data)


def role_changed(person_id: str, at: When, *, effective_on: date | str | None = None, n: int = 0, **changes: Any) -> StructuredEvent:
    """Attributes change; None clears."""
    attributes = changes.pop("attributes", None)
    says = {name: _plain(value) for name, value in changes.items()}
    data = {"person_id": person_id, "effective_on": effective_on or _day(at), "changes": says}
    return event("hr.role_changed", person_id, at, data, n=n, attributes=attributes)


def leave_started(person_id: str, at: When, *, effective_on: date | str | None = None, **data: Any) -> StructuredEvent:
    """A leave begins."""
    return _hr("leave_started", person_id, at, {"effective_on": effective_on or _day(at)}, data)


def leave_ended(person_id: str, at: When, *, effective_on: date | str | None = None, **data: Any) -> StructuredEvent:
    """A leave is over."""
    return _hr("leave_ended", person_id, at, {"effective_on": effective_on or _day(at)}, data)


def departed(person_id: str, at: When, *, effective_on: date | str | None = None, **data: Any) -> StructuredEvent:
    """`effective_on` is the last day."""
    return _hr("departed", person_id, at, {"effective_on": effective_on or _day(at)}, data)


def departure_cancelled(person_id: str, at: When, **data: Any) -> StructuredEvent:
    """The person stays after all."""
    return _hr("departure_cancelled", person_id, at, {}, data)


def erased(person_id: str, at: When, **data: Any) -> StructuredEvent:
    """Everything about the person goes."""
    return _hr("erased", person_id, at, {}, data)


def offer(topic: str, level: int = 2) -> dict[str, Any]:
    """Something the person can teach."""
    return {"topic": topic, "level": level}


def want(topic: str, importance: int = 3, own_level: int = 0) -> dict[str, Any]:
    """Something the person would like to learn."""
    return {"topic": topic, "importance": importance, "own_level": own_level}


def enrolled(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The person joins a programme, teaching Python and learning strategy unless said otherwise."""
    defaults = {"offers": [offer("python")], "wants": [want("strategy")]}
    return _participation("enrolled", person_id, at, programme_id, {**defaults, **data})


def updated(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The person's whole profile is replaced."""
    defaults = {"offers": [offer("python")], "wants": [want("strategy")]}
    return _participation("updated", person_id, at, programme_id, {**defaults, **data})


def nominated(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """Somebody would like the person to be invited."""
    return _participation("nominated", person_id, at, programme_id, {"actor": None, **data})


def paused(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The person takes a break; `until_on` is optional."""
    return _participation("paused", person_id, at, programme_id, data)


def resumed(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The person's break is over."""
    return _participation("resumed", person_id, at, programme_id, data)


def withdrawn(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The person leaves the programme."""
    return _participation("withdrawn", person_id, at, programme_id, data)


def training_completed(person_id: str, at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The short training is done, says the system that gave it."""
    return _participation("training_completed", person_id, at, programme_id, {"actor": None, **data})


def answered(
    person_id: str, at: When, pairing_id: str, *, answer: str = "accept", proposal_version: int = 1, **data: Any
) -> StructuredEvent:
    """A side answers a proposal."""
    data = {"pairing_id": pairing_id, "proposal_version": proposal_version, "answer": answer, **data}
    return _by_person("pairing.answered", person_id, at, data)


def continuation_answered(person_id: str, at: When, pairing_id: str, *, answer: str = "continue", **data: Any) -> StructuredEvent:
    """A side says how the pair goes on."""
    return _by_person("pairing.continuation_answered", person_id, at, {"pairing_id": pairing_id, "answer": answer, **data})


def feedback_given(person_id: str, at: When, pairing_id: str, *, learned: bool = True, fit: str = "good", **data: Any) -> StructuredEvent:
    """A side says how it was."""
    return _by_person("feedback.given", person_id, at, {"pairing_id": pairing_id, "learned": learned, "fit": fit, **data})


def session_scheduled(session_id: str, at: When, pairing_id: str, *, starts_at: When, **data: Any) -> StructuredEvent:
    """A time is booked, for an hour unless said otherwise."""
    return _about("session.scheduled", pairing_id, at, {"session_id": session_id, "starts_at": starts_at, "duration_minutes": 60, **data})


def session_completed(
    session_id: str, at: When, pairing_id: str, *, exchanges: Sequence[tuple[str, str]] = (), **data: Any
) -> StructuredEvent:
    """A session was held, begun at `at` unless said otherwise; `exchanges` are (topic, taught_by)."""
    defaults = {
        "session_id": session_id,
        "started_at": at,
        "duration_minutes": 60,
        "exchanges": [{"topic": topic, "taught_by": taught_by} for topic, taught_by in exchanges],
        "evidence": "self_report",
    }
    return _about("session.completed", pairing_id, at, {**defaults, **data})


def session_cancelled(session_id: str, at: When, pairing_id: str, **data: Any) -> StructuredEvent:
    """A booked time is given up."""
    return _about("session.cancelled", pairing_id, at, {"session_id": session_id, **data})


def session_missed(session_id: str, at: When, pairing_id: str, **data: Any) -> StructuredEvent:
    """A booked time passed without the session."""
    return _about("session.missed", pairing_id, at, {"session_id": session_id, **data})


def programme_created(at: When, programme_id: str = PROGRAMME, *, policy: Mapping[str, Any] | None = None, **data: Any) -> StructuredEvent:
    """A programme starts; policy fields that are not given have their defaults."""
    return _about("programme.created", programme_id, at, {"policy": dict(policy or {}), **data})


def policy_changed(at: When, programme_id: str = PROGRAMME, *, policy: Mapping[str, Any] | None = None, **data: Any) -> StructuredEvent:
    """A whole new policy."""
    return _about("programme.policy_changed", programme_id, at, {"policy": dict(policy or {}), **data})


def programme_paused(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """No rounds for now."""
    return _about("programme.paused", programme_id, at, data)


def programme_resumed(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """Rounds go on."""
    return _about("programme.resumed", programme_id, at, data)


def programme_closed(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """The programme is over."""
    return _about("programme.closed", programme_id, at, data)


def round_requested(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """A coordinator asks for a round."""
    return _about("round.requested", programme_id, at, data)


def pairing_locked(
    at: When, person_ids: Sequence[str], programme_id: str = PROGRAMME, *, reason: str = "asked for", **data: Any
) -> StructuredEvent:
    """A coordinator puts two people together in the next round."""
    return _about("pairing.locked", programme_id, at, {"person_ids": list(person_ids), "reason": reason, **data})


def pairing_forbidden(
    at: When, person_ids: Sequence[str], programme_id: str = PROGRAMME, *, reason: str = "asked for", **data: Any
) -> StructuredEvent:
    """A coordinator keeps two people apart."""
    return _about("pairing.forbidden", programme_id, at, {"person_ids": list(person_ids), "reason": reason, **data})


def pairing_allowed(
    at: When, person_ids: Sequence[str], programme_id: str = PROGRAMME, *, reason: str = "asked for", **data: Any
) -> StructuredEvent:
    """A coordinator takes it back that two people are kept apart."""
    return _about("pairing.allowed", programme_id, at, {"person_ids": list(person_ids), "reason": reason, **data})


def proposal_retracted(at: When, pairing_id: str, *, reason: str = "asked for", **data: Any) -> StructuredEvent:
    """A coordinator takes an open proposal back."""
    return _about("proposal.retracted", pairing_id, at, {"reason": reason, **data})


def nudges_released(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """A coordinator lets parked nudges go."""
    return _about("nudges.released", programme_id, at, data)


def departures_released(at: When, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """A coordinator believes many departures at once."""
    return _about("departures.released", programme_id, at, data)


def insight_shared(at: When, insight_id: str, programme_id: str = PROGRAMME, *, family: str = "culture", **data: Any) -> StructuredEvent:
    """Somebody shares an anonymous note."""
    return _about("insight.shared", programme_id, at, {"insight_id": insight_id, "family": family, **data})


def insight_answered(at: When, insight_id: str, programme_id: str = PROGRAMME, **data: Any) -> StructuredEvent:
    """A sponsor answers a note."""
    return _about("insight.answered", programme_id, at, {"insight_id": insight_id, **data})


def nudge_reported(outcome: str, person_id: str, at: When, nudge_id: str, **data: Any) -> StructuredEvent:
    """What became of a nudge: `delivered`, `acted`, `dismissed` or `failed`."""
    return _about(f"nudge.{outcome}", person_id, at, {"person_id": person_id, "nudge_id": nudge_id, **data})


def opted_out(person_id: str, at: When, category: str, **data: Any) -> StructuredEvent:
    """The person wants no more nudges of a category."""
    return _by_person("nudge.opted_out", person_id, at, {"category": category, **data})


def opted_in(person_id: str, at: When, category: str, **data: Any) -> StructuredEvent:
    """The person wants nudges of a category again."""
    return _by_person("nudge.opted_in", person_id, at, {"category": category, **data})


def _hr(name: str, person_id: str, at: When, defaults: Mapping[str, Any], data: Mapping[str, Any]) -> StructuredEvent:
    return _about(f"hr.{name}", person_id, at, {"person_id": person_id, **defaults, **data})


def _participation(name: str, person_id: str, at: When, programme_id: str, data: Mapping[str, Any]) -> StructuredEvent:
    return _by_person(f"participation.{name}", person_id, at, {"programme_id": programme_id, **data})


def _by_person(type_: str, person_id: str, at: When, data: Mapping[str, Any]) -> StructuredEvent:
    """The person acts for itself, unless the test says otherwise."""
    said = dict(data)
    actor = said.pop("actor", person_id)
    attributes = {"actor": actor, **(said.pop("attributes", None) or {})}
    return _about(type_, person_id, at, {"person_id": person_id, **said, "attributes": attributes})


_SUBJECTS: Final = {"session": "pairing_id", "proposal": "pairing_id"}
"""Family → the field that holds its subject; the others of `programmes` are about their programme."""


def _about(type_: str, subject: str, at: When, data: Mapping[str, Any]) -> StructuredEvent:
    """Part the envelope's fields from the data, and name the subject in the data if nothing does."""
    said = dict(data)
    n, attributes = said.pop("n", 0), said.pop("attributes", None)
    if INPUT_TYPES[f"bothways.{type_}.v1"].IS_COMMAND:
        attributes = {"actor": DESK, **(attributes or {})}
    if "person_id" not in said:
        said.setdefault(_SUBJECTS.get(type_.partition(".")[0], "programme_id"), subject)
    return event(type_, subject, at, said, n=n, attributes=attributes)


def _day(at: When) -> str:
    return (at if isinstance(at, str) else instant_text(at))[:10]


_NAMING: Final = ("person_id", "programme_id", "pairing_id", "session_id", "nudge_id", "insight_id")


def _named(data: Mapping[str, Any]) -> list[str]:
    """List the ids that the data is about, so that two events differ by id where they differ by one of them."""
    return [*(data[name] for name in _NAMING if name in data), *data.get("person_ids", ())]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
