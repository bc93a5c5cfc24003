"""Feedback: kept private, and followed by a kind end where one would rather stop.

Nothing that is published depends on who said something. A question is taken back when both have answered it, from both. A pair that ends
because one said "not a fit" ends at the programme's next `round_at`, with all such pairs of the programme, by a timer of the programme: so
neither the time nor the cause of what is published leads to what was said, and nothing shows before.
"""

from datetime import datetime, timedelta
from typing import Final

from engine.core.effects import Delete, Due, Effects, Ignore, Put, Record, Refuse, Rows, existing
from engine.core.stage import processor, woken
from engine.core.stamp import stamp_of
from engine.core.table import Table
from engine.programme.erasure.rules import names_a_stranger
from engine.programme.nudges.intents import withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants import silence
from engine.programme.rounds.programme import next_clock
from engine.programme.sessions.feedback_rules import ABOUT_THE_PAIR, Word, answered, has_room, heard, is_unwanted
from engine.programme.sessions.past import is_over_with
from engine.programme.tables import PAIRINGS, PROGRAMMES, put_pairing
from schemas.events.feedback import FeedbackGiven
from schemas.frozen import Frozen, replace
from schemas.terms.codes import ErrorCode, NudgeKey
from schemas.terms.ids import PairingId, programme_of

ANSWERED_AFTER_DAYS: Final = 14
"""Days after the end in which the last question can be answered."""


class Farewells(Frozen, kw_only=True):
    """Pairs of one programme that end kindly at one instant, if nobody thinks better of it.

    Key: `<programme>`.
    """

    pairing_ids: tuple[PairingId, ...]
    """In order."""
    wake_at: datetime


FAREWELLS: Final = Table(Farewells, "farewells")


def on_feedback(rows: Rows, data: FeedbackGiven, record: Record) -> Effects:
    """Keep what one side says, unless it has said something later about the same."""
    event = record.event
    programme = rows.get(PROGRAMMES, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = rows.get(PAIRINGS, data.pairing_id)
    if pairing is None or pairing.activated_at is None:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
        return
    if names_a_stranger(pairing, (data.person_id,)):
        yield Ignore()
        return
    if data.person_id not in pairing.people:
        yield Refuse(ErrorCode.NOT_THE_PERSON, "person_id: not one of the two")
        return
    word = Word(
        person_id=data.person_id,
        session_id=data.session_id or ABOUT_THE_PAIR,
        learned=data.learned,
        fit=data.fit,
        rating=data.rating,
        stamp=stamp_of(event),
    )
    words = heard(pairing.feedback, word)
    if words is pairing.feedback or is_over_with(pairing.past, word, (meeting.session_id for meeting in pairing.meetings)):
        return
    if not pairing.is_live and event.time > pairing.since + timedelta(days=ANSWERED_AFTER_DAYS):
        yield Refuse(ErrorCode.STALE_ANSWER, f"the pairing has been over for {ANSWERED_AFTER_DAYS} days")
    elif not has_room(pairing.feedback, word, pairing.meetings):
        yield Refuse(ErrorCode.TOO_LARGE, "session_id: too many sessions that nobody reported")
    else:
        told = replace(pairing, feedback=words)
        yield put_pairing(told)
        yield from _taken_back(pairing, told)
        yield from silence.acted(rows, programme, data.person_id, event.time, is_secret=True)
        if told.is_live and is_unwanted(words):
            clock_at = next_clock(programme.policy.round_at, record.at)
            yield from _said_farewell(rows, told, clock_at)


def _taken_back(before: Pairing, told: Pairing) -> Effects:
    """Take back from both the questions that both have answered now."""
    was, now = (answered(row.feedback, row.people, row.meetings) for row in (before, told))
    for session_id in sorted(now - was):
        yield from withdrawn(told, keys=(NudgeKey.SHARE_FEEDBACK,), occasion=session_id)


def _said_farewell(rows: Rows, pairing: Pairing, at: datetime) -> Effects:
    """Let a pair end with the others of its programme that end at the next `round_at`."""
    known = rows.get(FAREWELLS, pairing.programme_id) or Farewells(pairing_ids=(), wake_at=at)
    ids = sorted({*known.pairing_ids, pairing.pairing_id})
    yield Put(FAREWELLS, pairing.programme_id, replace(known, pairing_ids=tuple(ids)))


def wake(rows: Rows, farewells: Farewells, due: Due) -> Effects:
    """End the pairs that are still unwanted, by id, with a rematch offer to both alike."""
    at = due.at
    yield Delete(FAREWELLS, due.key)
    for pairing_id in farewells.pairing_ids:
        pairing = rows.get(PAIRINGS, pairing_id)
        if pairing is None or not pairing.is_live or not is_unwanted(pairing.feedback):
            continue
        programme = existing(rows, PROGRAMMES, pairing.programme_id)
        yield from lifecycle.end(rows, programme, pairing, lifecycle.wish_code(pairing), at, first_in_queue=pairing.people)


PROCESSOR: Final = processor(on_feedback, wakes=woken(FAREWELLS, wake))
