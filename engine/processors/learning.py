"""What the ledger of teaching leads to: feedback asked of both alike, prompts to balance and to broaden, the end of the plan."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.domain import meetings as ledger
from engine.domain.meetings import Meeting, MeetingState
from engine.domain.pairing import Pairing, marked
from engine.domain.programme import Programme, families_of
from engine.domain.scoring import TECH_FAMILIES
from engine.effects import Effects, Handler, Record, Refuse, Rows
from engine.processors import lifecycle
from engine.processors.intents import coordinator_of, intended, nudged, withdrawn
from engine.processors.tables import pairing_in, programme_in, put_pairing
from schemas.codes import EndCode, ErrorCode, Fit, NudgeKey, PairingState, TopicFamily, Track
from schemas.envelope import Event
from schemas.feedback import FeedbackGiven
from schemas.ids import programme_of

CHECKPOINTS: Final = (1, 3)
"""Sessions after which both are asked how it goes, and after which one "no" is enough."""
BALANCE_SESSIONS: Final = 3
RECIPROCITY_RATIO_MIN: Final = 0.34
CANCELLATIONS_IN_A_ROW: Final = 2
_TALKING: Final = frozenset({PairingState.ACTIVE, PairingState.STALLED, PairingState.CONCLUDING})


def after_change(rows: Rows, programme: Programme, before: Pairing, pairing_id: str, report: Meeting, at: datetime) -> Effects:
    """Follow up one report about a session: asks, prompts, corrections of prompts, the end of the plan."""
    pairing = pairing_in(rows, before.pairing_id)
    assert pairing is not None, pairing_id
    if pairing.state not in _TALKING:
        return
    was_held, is_held = term_held(before), term_held(pairing)
    yield from _balanced(rows, programme, pairing, at)
    if report.state is MeetingState.CANCELLED:
        yield from _cancelled(programme, pairing, at)
    if len(is_held) > len(was_held):
        yield from _checkpoint(rows, programme, pairing, report, len(is_held), at)
        current = pairing_in(rows, before.pairing_id)
        if current is not None and current.state is PairingState.ACTIVE and len(is_held) >= programme.policy.sessions_planned:
            yield from lifecycle.conclude(programme, current, at)


def term_held(pairing: Pairing) -> list[Meeting]:
    """Return the meetings held in the current term; the first term has everything up to now."""
    return ledger.held(pairing.meetings, pairing.term_started_at if pairing.term > 1 else None)


def midpoint(sessions_planned: int) -> int:
    """Return the session after which half of the plan is done, rounded up."""
    return -(-sessions_planned // 2)


def _checkpoint(rows: Rows, programme: Programme, pairing: Pairing, report: Meeting, held_count: int, at: datetime) -> Effects:
    planned = programme.policy.sessions_planned
    if held_count in CHECKPOINTS or held_count == planned:
        for person_id in pairing.people:
            yield from nudged(
                programme, pairing, NudgeKey.SHARE_FEEDBACK, person_id, at=at, occasion=report.session_id, session_id=report.session_id
            )
    if held_count in CHECKPOINTS:
        for person_id in pairing.people:
            yield from nudged(programme, pairing, NudgeKey.STILL_RIGHT_FOR_YOU, person_id, at=at, occasion=f"{pairing.term}/{held_count}")
    if held_count >= midpoint(planned):
        topic = debate_topic(programme, pairing)
        yield from _once_a_term(rows, programme, pairing, NudgeKey.OPEN_DEBATE, at, topic=topic)


def _balanced(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Prompt for balance and breadth when the ledger asks for it, and take the prompt back when a correction says otherwise."""
    held = term_held(pairing)
    since = pairing.term_started_at if pairing.term > 1 else None
    ratio = ledger.reciprocity_ratio(pairing.meetings, pairing.people, since)
    is_counted = len(held) >= BALANCE_SESSIONS
    is_one_way = is_counted and pairing.track is Track.MUTUAL and ratio is not None and ratio < RECIPROCITY_RATIO_MIN
    yield from _prompted(rows, programme, pairing, NudgeKey.FLIP_ROLES, at, is_asked=is_one_way)
    had = ledger.families(pairing.meetings, since)
    is_narrow = is_counted and bool(had) and had <= TECH_FAMILIES
    untouched = tuple(family.value for family in TopicFamily if family not in TECH_FAMILIES)
    yield from _prompted(rows, programme, pairing, NudgeKey.BROADEN_TOPIC, at, is_asked=is_narrow, families=untouched)


def _prompted(
    rows: Rows, programme: Programme, pairing: Pairing, key: NudgeKey, at: datetime, *, is_asked: bool, **params: tuple[str, ...]
) -> Effects:
    if is_asked:
        yield from _once_a_term(rows, programme, pairing, key, at, **params)
    elif f"{key}/{pairing.term}" in pairing.marks:
        yield from withdrawn(pairing, keys=(key,))


def _once_a_term(
    rows: Rows, programme: Programme, pairing: Pairing, key: NudgeKey, at: datetime, **params: str | tuple[str, ...] | None
) -> Effects:
    mark = f"{key}/{pairing.term}"
    current = pairing_in(rows, pairing.pairing_id)
    assert current is not None, "asked about a pairing that isn't there"
    if mark in current.marks:
        return
    yield put_pairing(marked(current, mark))
    for person_id in current.people:
        yield from nudged(programme, current, key, person_id, at=at, occasion=str(current.term), **params)


def debate_topic(programme: Programme, pairing: Pairing) -> str | None:
    """Choose a topic of the future of work that the pair hasn't had; the first by id."""
    had = ledger.topics_had(pairing.meetings)
    open_ = [topic for topic, family in families_of(programme.policy_json).items() if family is TopicFamily.FUTURE_OF_WORK and topic not in had]
    return min(open_, default=None)


def _cancelled(programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    senior_id = pairing.senior_id
    if senior_id is None or ledger.cancelled_in_a_row(pairing.meetings, senior_id) != CANCELLATIONS_IN_A_ROW:
        return
    ahead = ledger.booked(pairing.meetings, at)
    occasion = f"{at:%Y-%m-%dT%H%M%S}"
    next_at = f"{ahead[0].starts_at:%Y-%m-%dT%H:%M:%SZ}" if ahead else None
    yield from nudged(programme, pairing, NudgeKey.PROTECT_THE_TIME, senior_id, at=at, occasion=occasion, next_session_at=next_at)
    yield from intended(
        programme,
        NudgeKey.COORDINATOR_MOMENTUM,
        coordinator_of(programme.programme_id),
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={"pairing_ids": (pairing.pairing_id,)},
    )


def on_feedback(rows: Rows, record: Record) -> Effects:
    """Keep one side's feedback to itself; one "no" at a checkpoint ends the pair kindly, with a rematch offer to both."""
    assert isinstance(record.payload, Event) and isinstance(record.payload.data, FeedbackGiven)
    data = record.payload.data
    programme = programme_in(rows, programme_of(data.pairing_id))
    if programme is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "pairing_id: no such programme")
        return
    pairing = pairing_in(rows, data.pairing_id)
    if pairing is None or pairing.activated_at is None:
        yield Refuse(ErrorCode.UNKNOWN_PAIRING, "pairing_id: no such pairing")
        return
    if data.person_id not in pairing.people:
        yield Refuse(ErrorCode.NOT_THE_PERSON, "person_id: not one of the two")
        return
    entry = (data.person_id, data.session_id or "", data.learned)
    kept = tuple(known for known in pairing.feedback if known[:2] != entry[:2])
    yield put_pairing(_with_feedback(pairing, (*kept, entry)))
    yield from withdrawn(pairing, people=(data.person_id,), keys=(NudgeKey.SHARE_FEEDBACK,), occasion=data.session_id)
    current = pairing_in(rows, data.pairing_id)
    if current is not None and data.fit is Fit.NOT_A_FIT and _is_at_checkpoint(current, data.session_id):
        yield from lifecycle.end(rows, programme, current, EndCode.CHOICE, record.at, first_in_queue=current.people)


def _with_feedback(pairing: Pairing, feedback: Iterable[tuple[str, str, bool]]) -> Pairing:
    return replace(pairing, feedback=tuple(sorted(feedback)))  # type: ignore[arg-type]


def _is_at_checkpoint(pairing: Pairing, session_id: str | None) -> bool:
    if pairing.state not in _TALKING:
        return False
    held = [meeting.session_id for meeting in term_held(pairing)]
    number = held.index(session_id) + 1 if session_id in held else len(held)  # type: ignore[arg-type]
    return number in CHECKPOINTS


HANDLERS: Final[Mapping[type, Handler]] = MappingProxyType({FeedbackGiven: on_feedback})
