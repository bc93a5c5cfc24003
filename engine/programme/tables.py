"""The tables that several rooms of a programme share, and the keys of their rows."""

from typing import Final

from engine.core.effects import Put, Rows
from engine.core.table import Table
from engine.programme.pairs import pairing as pairs
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants import participant as participants
from engine.programme.participants.participant import Participant, kept_of, participant_key
from engine.programme.rounds.programme import Bar, HeldRound, Programme, bar_key
from schemas.terms.ids import PersonId, ProgrammeId

PROGRAMMES: Final = Table(Programme, "programmes")
PARTICIPANTS: Final = Table(Participant, "participants", check=participants.check)
PAIRINGS: Final = Table(Pairing, "pairings", check=pairs.check)
BARS: Final = Table(Bar, "bars")
ROUNDS: Final = Table(HeldRound, "rounds")


def participant_in(rows: Rows, programme_id: ProgrammeId, person_id: PersonId) -> Participant | None:
    """Return a participant."""
    return rows.get(PARTICIPANTS, participant_key(programme_id, person_id))


def bar_in(rows: Rows, programme_id: ProgrammeId, people: tuple[PersonId, PersonId]) -> Bar:
    """Return what bars two people; nothing does where no row is."""
    return rows.get(BARS, bar_key(programme_id, people)) or Bar(people=people)


def put_programme(programme: Programme) -> Put[Programme]:
    """Write a programme."""
    return Put(PROGRAMMES, programme.programme_id, programme)


def put_participant(participant: Participant) -> Put[Participant]:
    """Write a participant, with what is kept of it."""
    return Put(PARTICIPANTS, participant.key, kept_of(participant))


def put_pairing(pairing: Pairing) -> Put[Pairing]:
    """Write a pairing."""
    return Put(PAIRINGS, pairing.pairing_id, pairing)


def put_bar(programme_id: ProgrammeId, bar: Bar) -> Put[Bar]:
    """Write a bar."""
    return Put(BARS, bar_key(programme_id, bar.people), bar)
