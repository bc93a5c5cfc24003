"""What the ledger of teaching leads to: feedback, prompts, and the end of the plan."""

from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Rows, existing
from engine.matching.scoring import TECH_FAMILIES
from engine.programme.coordinators.coordinator_notes import CANCELLATIONS_IN_A_ROW, gathered
from engine.programme.nudges.intents import Params, named_topics, nudged, withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, marked, unmarked
from engine.programme.rounds.programme import Programme, families_of, topic_names_of
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions import teaching
from engine.programme.sessions.cadence import is_plan_done, term_held, term_since
from engine.programme.sessions.meetings import Meeting, MeetingState
from engine.programme.tables import PAIRINGS, participant_in, put_pairing
from schemas.terms.codes import NudgeKey, PairingState, TopicFamily, Track
from schemas.text.fields import instant_text

CHECKPOINTS: Final = (1, 3)
"""Sessions after which both are asked how it goes."""
BALANCE_SESSIONS: Final = 3
RECIPROCITY_RATIO_MIN: Final = 0.34
PROMPT_TOPICS_MAX: Final = 10
_TALKING: Final = frozenset({PairingState.ACTIVE, PairingState.STALLED, PairingState.CONCLUDING})
_OTHER_FAMILIES: Final = tuple(family.value for family in TopicFamily if family not in TECH_FAMILIES)


def after_change(rows: Rows, programme: Programme, before: Pairing, report: Meeting, at: datetime) -> Effects:
    """Follow up a report about a session: asks, prompts, corrections, the end of the plan."""
    pairing = existing(rows, PAIRINGS, before.pairing_id)
    if pairing.state not in _TALKING:
        return
    known = ledger.find(before.meetings, report.session_id)
    is_correction = known is not None and known.state is not MeetingState.SCHEDULED
    yield from _asked(programme, before, pairing, report, at)
    yield from _prompted(rows, programme, pairing, at, is_correction=is_correction)
    yield from _debated(before, pairing, report, is_correction=is_correction)
    yield from _protected(rows, programme, before, pairing, at, is_correction=is_correction)
    current = existing(rows, PAIRINGS, before.pairing_id)
    if current.state is PairingState.ACTIVE and is_plan_done(current, programme.policy, at):
        yield from lifecycle.conclude(rows, programme, current, at)


def midpoint(sessions_planned: int) -> int:
    """Return the session after which half of the plan is done, rounded up."""
    return -(-sessions_planned // 2)


def _asked(programme: Programme, before: Pairing, pairing: Pairing, report: Meeting, at: datetime) -> Effects:
    """Ask both alike after sessions 1, 3 and the last.

    A session that was taken back is not asked about.
    """
    was_count, count = len(term_held(before)), len(term_held(pairing))
    if count < was_count:
        yield from withdrawn(pairing, keys=(NudgeKey.SHARE_FEEDBACK,), occasion=report.session_id, is_correction=True)
        yield from withdrawn(pairing, keys=(NudgeKey.STILL_RIGHT_FOR_YOU,), occasion=f"{pairing.term}/{was_count}", is_correction=True)
    if count <= was_count:
        return
    if count in CHECKPOINTS or count == programme.policy.sessions_planned:
        session_id = report.session_id
        for person_id in pairing.people:
            yield from nudged(programme, pairing, NudgeKey.SHARE_FEEDBACK, person_id, at=at, occasion=session_id, session_id=session_id)
    if count in CHECKPOINTS:
        for person_id in pairing.people:
            yield from nudged(programme, pairing, NudgeKey.STILL_RIGHT_FOR_YOU, person_id, at=at, occasion=f"{pairing.term}/{count}")


def _prompted(rows: Rows, programme: Programme, pairing: Pairing, at: datetime, *, is_correction: bool) -> Effects:
    """Prompt both where the ledger asks for it, once a term; take back what it no longer does."""
    current = pairing
    told: list[tuple[NudgeKey, Params]] = []
    settled: list[NudgeKey] = []
    for key, params in _prompts(rows, programme, pairing).items():
        mark = f"{key}/{pairing.term}"
        if params is not None and mark not in pairing.marks:
            current = marked(current, mark)
            told.append((key, params))
        elif params is None and mark in pairing.marks:
            current = unmarked(current, mark)
            settled.append(key)
    if current is not pairing:
        yield put_pairing(current)
    if settled:
        yield from withdrawn(current, keys=tuple(settled), is_correction=is_correction)
    for key, params in told:
        for person_id in current.people:
            yield from nudged(programme, current, key, person_id, at=at, occasion=str(current.term), params=params)


def _debated(before: Pairing, pairing: Pairing, report: Meeting, *, is_correction: bool) -> Effects:
    """Stop asking for the debate once the future of work was talked about."""
    is_asked = f"{NudgeKey.OPEN_DEBATE}/{before.term}" in before.marks
    if is_asked and any(exchange.family is TopicFamily.FUTURE_OF_WORK for exchange in report.exchanges):
        yield from withdrawn(pairing, keys=(NudgeKey.OPEN_DEBATE,), is_correction=is_correction)


def _prompts(rows: Rows, programme: Programme, pairing: Pairing) -> dict[NudgeKey, Params | None]:
    """Return the parameters of each prompt that the ledger asks for; None where it doesn't."""
    held, since = term_held(pairing), term_since(pairing)
    had = ledger.families(pairing.meetings, since)
    turned = _turned_round(rows, programme, pairing)
    is_counted = len(held) >= BALANCE_SESSIONS
    is_one_way = is_counted and _is_one_way(pairing)
    is_narrow = is_counted and bool(had) and had <= TECH_FAMILIES
    topic, names = debate_topic(programme, pairing), topic_names_of(programme.policy_json)
    is_half_done = topic is not None and len(held) >= midpoint(programme.policy.sessions_planned)
    return {
        NudgeKey.FLIP_ROLES: turned if is_one_way and turned["topics"] else None,
        NudgeKey.BROADEN_TOPIC: {"families": _OTHER_FAMILIES} if is_narrow else None,
        NudgeKey.OPEN_DEBATE: {"topic": topic, "topic_name": names.get(topic or "", topic)} if is_half_done else None,
    }


def _is_one_way(pairing: Pairing) -> bool:
    """Say whether one side does the teaching.

    In a mutual programme it does nearly all of it, on the other tracks all.
    """
    ratio = ledger.reciprocity_ratio(pairing.meetings, pairing.people, term_since(pairing))
    return ratio is not None and (ratio < RECIPROCITY_RATIO_MIN if pairing.track is Track.MUTUAL else ratio == 0)


def _turned_round(rows: Rows, programme: Programme, pairing: Pairing) -> Params:
    """Say who could teach, the side that has taught less in this term, and what.

    What the other wants to learn, or else all that it offers; by id.
    """
    since = term_since(pairing)
    quieter_id, other_id = sorted(pairing.people, key=lambda person_id: ledger.taught_count(pairing.meetings, person_id, since))
    quieter, other = (participant_in(rows, pairing.programme_id, person_id) for person_id in (quieter_id, other_id))
    offered = [topic for topic, _ in quieter.profile.offers] if quieter is not None else []
    wanted = {topic for topic, _, _ in other.profile.wants} if other is not None else set()
    topics = ([topic for topic in offered if topic in wanted] or offered)[:PROMPT_TOPICS_MAX]
    return {"teacher_id": quieter_id, "topics": named_topics(programme, topics)}


def debate_topic(programme: Programme, pairing: Pairing) -> str | None:
    """Choose a topic of the future of work that the pair hasn't had; the first by id."""
    had = {topic for topic, _ in teaching.topics(pairing)}
    families = families_of(programme.policy_json)
    return min((topic for topic, family in families.items() if family is TopicFamily.FUTURE_OF_WORK and topic not in had), default=None)


def _protected(rows: Rows, programme: Programme, before: Pairing, pairing: Pairing, at: datetime, *, is_correction: bool) -> Effects:
    """Ask the more experienced side to protect the time after two cancellations in a row.

    The other side hears nothing.
    """
    senior_id = pairing.senior_id
    if senior_id is None:
        return
    was, now = (ledger.cancellations_in_a_row(row.meetings, senior_id) for row in (before, pairing))
    if len(now) < CANCELLATIONS_IN_A_ROW <= len(was):
        yield from withdrawn(pairing, people=(senior_id,), keys=(NudgeKey.PROTECT_THE_TIME,), is_correction=is_correction)
    if not len(was) < CANCELLATIONS_IN_A_ROW <= len(now):
        return
    ahead = ledger.booked(pairing.meetings, at)
    params = {"next_session_at": instant_text(ahead[0].starts_at)} if ahead else {}
    occasion = now[-1].session_id
    yield from nudged(programme, pairing, NudgeKey.PROTECT_THE_TIME, senior_id, at=at, occasion=occasion, params=params)
    yield from gathered(rows, programme, NudgeKey.COORDINATOR_MOMENTUM, pairing, at)
