"""Names of the tables, each once, and how the rules of `programmes` read and write the rows that they share."""

from typing import Final

from engine.core.effects import Put, Rows
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant, kept_of, participant_key
from engine.programme.rounds.programme import Bar, Programme, bar_key
from schemas.terms.ids import PairingId, PersonId, ProgrammeId

PROGRAMMES: Final = "programmes"
PARTICIPANTS: Final = "participants"
PAIRINGS: Final = "pairings"
BARS: Final = "bars"
ROUNDS: Final = "rounds"


def programme_in(rows: Rows, programme_id: ProgrammeId) -> Programme | None:
    """Return a programme."""
    found: Programme | None = rows.get(PROGRAMMES, programme_id)
    return found


def participant_in(rows: Rows, programme_id: ProgrammeId, person_id: PersonId) -> Participant | None:
    """Return a participant."""
    found: Participant | None = rows.get(PARTICIPANTS, participant_key(programme_id, person_id))
    return found


def pairing_in(rows: Rows, pairing_id: PairingId) -> Pairing | None:
    """Return a pairing."""
    found: Pairing | None = rows.get(PAIRINGS, pairing_id)
    return found


def bar_in(rows: Rows, programme_id: ProgrammeId, people: tuple[PersonId, PersonId]) -> Bar:
    """Return what bars two people; nothing does where no row is."""
    found: Bar | None = rows.get(BARS, bar_key(programme_id, people))
    return found or Bar(people=people)


def put_programme(programme: Programme) -> Put:
    """Write a programme."""
    return Put(PROGRAMMES, programme.programme_id, programme)


def put_participant(participant: Participant) -> Put:
    """Write a participant, with what is kept of it."""
    return Put(PARTICIPANTS, participant.key, kept_of(participant))


def put_pairing(pairing: Pairing) -> Put:
    """Write a pairing."""
    return Put(PAIRINGS, pairing.pairing_id, pairing)


def put_bar(programme_id: ProgrammeId, bar: Bar) -> Put:
    """Write a bar."""
    return Put(BARS, bar_key(programme_id, bar.people), bar)
