"""Departures in a programme: a few hours to take one back; many at once wait.

From the moment on which the programme hears of a departure, row, profile and pairs stay as they are; nothing is published or requested
about the person, and nothing begins. When that is settled, the person leaves by the same rules as ever (participants/changes), and the
person's own key hears that the enrolment is over. What is taken back before has been nothing.

Never knows: an erasure, which waits for nothing (erasure/in_programmes).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from engine.core.effects import Effects, Rows, Send, StageName
from engine.programme.messages import DepartureSettled, Employment, NudgesWithdrawn, PersonFacts
from engine.programme.nudges.intents import coordinator_of, intended
from engine.programme.pairs.pairing import OPEN, Pairing
from engine.programme.participants import changes
from engine.programme.participants.departure_rules import MASS_WITHIN, held_until, is_mass
from engine.programme.participants.participant import TAKING_PART, Participant, ParticipantStatus, ParticipantTimer, timer_of, with_timer
from engine.programme.proposals import answers
from engine.programme.rounds.programme import Programme, ProgrammeStatus
from engine.programme.tables import PAIRINGS, PARTICIPANTS, participant_in, put_pairing, put_participant
from engine.programme.times.calendars import quiet_of
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey, PairingState
from schemas.terms.ids import PersonId, ProgrammeId
from schemas.text.fields import instant_text

_A_MOMENT: Final = timedelta(seconds=1)
"""Pairs wake after the departure has been settled."""
_SETTLES: Final = ParticipantTimer.DEPARTURE_SETTLES


def begun(rows: Rows, programme: Programme, participant: Participant, at: datetime) -> Effects:
    """Hold everything of somebody who departed, an open invitation too.

    Of somebody who has left the programme there is nothing to hold.
    """
    if participant.status is ParticipantStatus.WITHDRAWN or programme.status is ProgrammeStatus.CLOSED:
        yield from settled(rows, programme, participant, at)
        return
    if participant.departing_at is not None:
        return
    settles_at = at + timedelta(hours=programme.policy.departure_settle_hours)
    yield put_participant(with_timer(replace(participant, departing_at=at), _SETTLES, settles_at))
    yield from _pairs_held(rows, participant)


def _pairs_held(rows: Rows, participant: Participant) -> Effects:
    """Let nothing of the person's pairs come due while one of the two is departing."""
    for pairing in _open(rows, participant):
        sides = [participant_in(rows, pairing.programme_id, person_id) for person_id in pairing.people]
        ends = [end for side in sides if side is not None and (end := timer_of(side, _SETTLES)) is not None]
        yield put_pairing(replace(pairing, held_until=max(ends) + _A_MOMENT if ends else None))


def undone(rows: Rows, programme: Programme, participant: Participant, facts: PersonFacts, at: datetime, *, since_at: datetime) -> Effects:
    """Take back a departure that was none.

    Everything is as before, and what HR has said meanwhile comes now.
    """
    back = with_timer(replace(participant, departing_at=None, is_departure_held=False), _SETTLES, None)
    yield put_participant(back)
    yield from _pairs_held(rows, back)
    yield from changes.facts_changed(rows, programme, back, facts, at, since_at=since_at)
    for pairing in _open(rows, back):
        if pairing.state is PairingState.PROPOSED and pairing.proposal.expires_at > at:
            yield from answers.decided(rows, programme, pairing, at)
    if participant.is_departure_held:
        yield from _note_taken_back(rows, programme)


def due(rows: Rows, programme: Programme, participant: Participant, due_at: datetime, at: datetime) -> Effects:
    """Settle a departure, unless so many came at once that the coordinator is asked.

    A late timer sees what it would have seen in time.
    """
    unsettled = [one for one in _unsettled(rows, programme.programme_id) if one.status in TAKING_PART]
    recent = sum(one.departing_at is not None and one.departing_at > due_at - MASS_WITHIN for one in unsettled)
    taking_part = sum(one.status in TAKING_PART for one in _participants(rows, programme.programme_id))
    if participant.is_departure_held or participant.status not in TAKING_PART or not is_mass(recent, taking_part):
        yield from settled(rows, programme, participant, at)
        if participant.is_departure_held:
            yield from _note_taken_back(rows, programme)
        return
    waits_until = held_until(at, quiet_of(programme, None))
    for one in unsettled:
        until = (timer_of(one, _SETTLES) if one.is_departure_held else None) or waits_until
        held = with_timer(replace(one, is_departure_held=True), _SETTLES, until)
        yield put_participant(held)
        yield from _pairs_held(rows, held)
    yield from intended(
        programme,
        NudgeKey.COORDINATOR_DEPARTURES,
        coordinator_of(programme.programme_id),
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={"departures_count": len(unsettled), "waits_until": instant_text(waits_until)},
    )


def released(rows: Rows, programme: Programme, at: datetime) -> Effects:
    """Settle what is held, as the coordinator says."""
    for participant in list(_unsettled(rows, programme.programme_id)):
        if participant.is_departure_held:
            yield from settled(rows, programme, participant, at)
    yield from _note_taken_back(rows, programme)


def settled(rows: Rows, programme: Programme, participant: Participant, at: datetime) -> Effects:
    """Let somebody leave the programme, and tell the person's own key."""
    facts = replace(participant.facts, employment=Employment.DEPARTED)
    gone = with_timer(replace(participant, facts=facts, departing_at=None, is_departure_held=False), _SETTLES, None)
    yield from changes.left_the_organisation(rows, programme, gone, at)
    yield from told(participant.person_id, programme.programme_id)


def told(person_id: PersonId, programme_id: ProgrammeId) -> Effects:
    """Tell a person's key that nothing is left to settle."""
    yield Send(StageName.PEOPLE, person_id, DepartureSettled(person_id=person_id, programme_id=programme_id))


def _note_taken_back(rows: Rows, programme: Programme) -> Effects:
    """Take the note to the coordinator back once nothing is held any more."""
    if any(one.is_departure_held for one in _unsettled(rows, programme.programme_id)):
        return
    receiver = coordinator_of(programme.programme_id)
    keys = (NudgeKey.COORDINATOR_DEPARTURES,)
    yield Send(StageName.PEOPLE, receiver, NudgesWithdrawn(person_id=receiver, programme_id=programme.programme_id, keys=keys))


def _unsettled(rows: Rows, programme_id: ProgrammeId) -> Iterator[Participant]:
    return (one for one in _participants(rows, programme_id) if one.departing_at is not None)


def _participants(rows: Rows, programme_id: ProgrammeId) -> Iterator[Participant]:
    return (row for _, row in rows.scan(PARTICIPANTS, f"{programme_id}/"))


def _open(rows: Rows, participant: Participant) -> Iterator[Pairing]:
    for pairing_id in participant.pairing_ids:
        pairing = rows.get(PAIRINGS, pairing_id)
        if pairing is not None and pairing.state in OPEN:
            yield pairing
