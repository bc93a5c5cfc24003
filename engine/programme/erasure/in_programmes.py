"""Erasure in the programmes stage.

The person's rows go; other rows of the programme read `erased` where they named the person.

The order matters. First the rows are made to read `erased`, then somebody of that name leaves the organisation, by the same rules as
anybody else (participants/changes). So what is published and what partners hear is what a departure brings, with `erased` in the place of
the id: nobody can tell the one from the other. What is intended for `erased` finds nobody at that key and counts as `away`. Last, the
participant, the bars and the state topic's entries of its pairs go; the pairs themselves stay, because they are counted.

It reads every row of the programme. That is linear in its size, and rare.

Source: decision 0009 (erasing somebody).
"""

from typing import Final

from engine.core.effects import Delete, Effects, Put, Record, Rows, existing
from engine.core.stage import processor
from engine.programme.coordinators.answered import answered_nameless
from engine.programme.coordinators.command_answers import ANSWERED
from engine.programme.erasure.rules import pairing_without, participant_without, programme_without
from engine.programme.facts.pending_reviews import ARRIVALS
from engine.programme.insights import told_figures
from engine.programme.insights.insights import ATTENTION
from engine.programme.messages import Employment, ParticipantErased, PersonFacts
from engine.programme.nudges import breaker
from engine.programme.nudges.intents import withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, disarmed, is_published
from engine.programme.participants import changes
from engine.programme.participants.participant import participant_key
from engine.programme.rounds.programme import Programme
from engine.programme.tables import (
    BARS,
    PAIRINGS,
    PARTICIPANTS,
    PROGRAMMES,
    participant_in,
    put_pairing,
    put_participant,
    put_programme,
)
from schemas.frozen import replace
from schemas.terms.codes import SuppressionReason
from schemas.terms.ids import ERASED, PersonId


def on_participant_erased(rows: Rows, message: ParticipantErased, record: Record) -> Effects:
    """Forget somebody who may take part, or whom somebody may exclude or forbid."""
    known = rows.get(PROGRAMMES, message.programme_id)
    if known is None:
        return
    programme, erased_id = programme_without(known, message.erased_id), message.erased_id
    if programme is not known:
        yield put_programme(programme)
    answered = rows.get(ANSWERED, programme.programme_id)
    if answered is not None:
        yield Put(ANSWERED, programme.programme_id, answered_nameless(answered))
    pairings = [pairing for pairing in _pairings(rows, programme) if erased_id in pairing.people]
    yield from _parked_cleared(rows, programme, erased_id)
    yield from _attention_unnamed(rows, programme, erased_id)
    for key, _ in list(rows.scan(ARRIVALS, f"{participant_key(programme.programme_id, erased_id)}/")):
        yield Delete(ARRIVALS, key)
    yield from _others_cleared(rows, programme, erased_id)
    for pairing in pairings:
        yield put_pairing(pairing_without(pairing, erased_id))
    yield from _bars_gone(rows, programme, erased_id)
    yield from _left(rows, programme, record, erased_id)
    yield from _bars_gone(rows, programme, ERASED)
    for pairing in pairings:
        yield from _closed(rows, pairing)


def _pairings(rows: Rows, programme: Programme) -> list[Pairing]:
    return [row for _, row in rows.scan(PAIRINGS, f"{programme.programme_id}.")]


def _parked_cleared(rows: Rows, programme: Programme, erased_id: PersonId) -> Effects:
    """End what is parked for the person. What is parked for partners goes when the pair ends."""
    for key, parked in list(rows.scan(breaker.PARKED, f"{programme.programme_id}/{erased_id}/")):
        yield Delete(breaker.PARKED, key)
        yield from breaker.held_back(parked.intent, SuppressionReason.AWAY)


def _attention_unnamed(rows: Rows, programme: Programme, erased_id: PersonId) -> Effects:
    """Keep what figures need of the person, under a number.

    What the person did not answer stays unanswered.
    """
    key = f"{programme.programme_id}/{erased_id}"
    attention, prefix = rows.get(ATTENTION, key), f"{programme.programme_id}/{ERASED}/"
    number = f"{sum(1 for _ in rows.scan(ATTENTION, prefix)):08d}"
    if attention is not None:
        yield Delete(ATTENTION, key)
        yield Put(ATTENTION, f"{prefix}{number}", replace(attention, trials=()))
    else:
        silent = f"{programme.programme_id}/{told_figures.person_contributor(ERASED)}/silent/"
        number = f"silent/{sum(1 for _ in rows.scan(told_figures.TOLD_OF, silent)):08d}"
    yield from told_figures.unnamed(rows, programme.programme_id, erased_id, number)


def _others_cleared(rows: Rows, programme: Programme, erased_id: PersonId) -> Effects:
    for _, participant in list(rows.scan(PARTICIPANTS, f"{programme.programme_id}/")):
        if participant.person_id != erased_id and (cleared := participant_without(participant, erased_id)) is not participant:
            yield put_participant(cleared)


def _bars_gone(rows: Rows, programme: Programme, person_id: PersonId) -> Effects:
    for key, bar in list(rows.scan(BARS, f"{programme.programme_id}/")):
        if person_id in bar.people:
            yield Delete(BARS, key)


def _left(rows: Rows, programme: Programme, record: Record, erased_id: PersonId) -> Effects:
    """Let the participant leave under the name that its pairs already have.

    Its row goes with that.
    """
    participant = participant_in(rows, programme.programme_id, erased_id)
    if participant is None:
        return
    yield Delete(PARTICIPANTS, participant.key)
    nameless = replace(participant, person_id=ERASED)
    yield put_participant(nameless)
    facts = PersonFacts(person_id=ERASED, employment=Employment.ERASED)
    yield from changes.facts_taken(rows, programme, nameless, facts, record.at)


def _closed(rows: Rows, before: Pairing) -> Effects:
    """Take a pair off the state topic.

    What outlives a pair, the question how it was, is put to the partner no more, nor repeated.
    """
    pairing = existing(rows, PAIRINGS, before.pairing_id)
    if is_published(pairing):
        yield from withdrawn(pairing, is_correction=True)
        yield put_pairing(disarmed(pairing))
        yield from lifecycle.taken_off(pairing)


PROCESSOR: Final = processor(on_participant_erased)
