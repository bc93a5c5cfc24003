"""The naive model of sessions and the ledger of teaching: everything is counted again from every event of a pair.

Rules
    A later event for the same session replaces the earlier one; later means a higher (time, sequence, id).
    Completed sessions that overlap in time are one session, the first reported.
    One credit per exchange, to the side that taught.
"""

from datetime import datetime, timedelta

from tests.model.people import Json, kind_of, moment
from tests.model.taking_part import stamp_of

Told = list[tuple[datetime, Json]]


def sessions(told: Told) -> dict[str, Json]:
    """Return the event that stands for each session: the one with the latest stamp."""
    standing: dict[str, Json] = {}
    for event in sorted((event for _, event in told), key=stamp_of):
        standing[event["data"]["session_id"]] = event
    return standing


def changed(told: Told) -> bool:
    """Return whether the last event told something new."""
    return held(told) != held(told[:-1]) or sessions(told) != sessions(told[:-1])


def held(told: Told) -> list[Json]:
    """Return the sessions that were held, each once."""
    found: list[Json] = []
    for event in sorted(sessions(told).values(), key=lambda event: (moment(event["time"]), event["data"]["session_id"])):
        if kind_of(event) == "session.completed" and not any(_overlaps(event["data"], other["data"]) for other in found):
            found.append(event)
    return found


def _overlaps(one: Json, other: Json) -> bool:
    return _start(one) < _end(other) and _start(other) < _end(one)


def _start(data: Json) -> datetime:
    return moment(data.get("started_at") or data["starts_at"])


def _end(data: Json) -> datetime:
    return _start(data) + timedelta(minutes=data["duration_minutes"])


def sessions_count(told: Told) -> int:
    """Return how many sessions were held."""
    return len(held(told))


def taught(told: Told, people: tuple[str, ...]) -> list[int]:
    """Return the credits of each side."""
    teachers = [exchange["taught_by"] for event in held(told) for exchange in event["data"]["exchanges"]]
    return [teachers.count(who) for who in people]


def reciprocity_ratio(told: Told, people: tuple[str, ...]) -> float | None:
    """Return the smaller share over the larger; None while nothing was taught."""
    counts = taught(told, people)
    return None if max(counts) == 0 else min(counts) / max(counts)


def signs_of_life(told: Told) -> list[datetime]:
    """Return the instants at which a session was booked, is to end, or was held."""
    found: list[datetime] = []
    stands = sessions(told)
    for count, (at, event) in enumerate(told, start=1):
        session_id = event["data"]["session_id"]
        if kind_of(event) == "session.scheduled" and sessions(told[:count])[session_id] is event:
            found.append(at)  # a booking that was overtaken before it arrived is none
        if event is stands[session_id] and kind_of(event) in {"session.scheduled", "session.completed"}:
            found.append(_end(event["data"]))
    return found
