"""Waking times and deadlines of people, and timers of a pair, by the rows."""

from collections.abc import Iterable
from datetime import datetime

from engine.core.effects import Rows
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import Programme
from engine.programme.sessions.cadence import timed
from engine.programme.tables import participant_in
from engine.programme.times.calendars import deadline, waking_of
from engine.programme.times.waking import Waking
from schemas.terms.ids import PersonId


def waking_in(rows: Rows, programme: Programme, person_id: PersonId) -> Waking:
    """Return when somebody may hear from a programme."""
    return waking_of(programme, participant_in(rows, programme.programme_id, person_id))


def deadline_in(rows: Rows, programme: Programme, people: Iterable[PersonId], days: int, at: datetime) -> datetime:
    """Return by when some people have to answer what is asked now.

    It is computed once; nothing moves it later.
    """
    return deadline(at, days, [waking_in(rows, programme, person_id) for person_id in people])


def timed_in(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Pairing:
    """Set all timers of an active or concluding pair by the calendars of its two people."""
    first, second = (waking_in(rows, programme, person_id) for person_id in pairing.people)
    return timed(pairing, programme.policy, at, (first, second))
