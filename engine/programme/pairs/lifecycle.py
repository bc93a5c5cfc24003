"""Changes of a pairing: the row, its participants, outputs, and what both hear.

Each change in one place.

Every function takes the pairing as it stands and yields all effects of one change; which change it is was decided by the caller. The
table of allowed changes is pairs/pairing.TRANSITIONS.

Nothing published here names a cause that belongs to one person: a lapse has no cause at all, an end has a neutral code, and neither can be
traced to the record behind it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from engine.core.effects import Effects, Emit, Rows
from engine.programme.coordinators.coordinator_notes import gathered
from engine.programme.interruptions import shared_time
from engine.programme.interruptions.absence import rearmed
from engine.programme.nudges.intents import nudged, withdrawn
from engine.programme.pairs.pairing import (
    TERMINAL,
    Away,
    Pairing,
    PairingEvent,
    Timer,
    TimerKind,
    armed,
    asking,
    disarmed,
    moved,
    retained,
)
from engine.programme.participants import silence
from engine.programme.participants.participant import (
    STILL_WAITING_DAYS,
    TAKING_PART,
    Participant,
    ParticipantTimer,
    Rest,
    waiting,
    with_timer,
)
from engine.programme.participants.silence_rules import after_other_end
from engine.programme.proposals.answering import Question
from engine.programme.proposals.chance import had_a_chance
from engine.programme.rounds.programme import Programme
from engine.programme.rounds.room import kept, left
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions import teaching
from engine.programme.sessions.cadence import booked_anew, is_plan_done
from engine.programme.tables import PAIRINGS, bar_in, participant_in, put_bar, put_pairing, put_participant
from engine.programme.times.reach import deadline_in, timed_in
from schemas.events import pairing as published
from schemas.frozen import replace
from schemas.terms.codes import ContinuationAnswer, EndCode, NudgeKey, PairingState, Track
from schemas.terms.ids import PairingId, PersonId
from schemas.text.fields import instant_text
from schemas.topics import PAIRING_STATE
from schemas.topics import PAIRINGS as PAIRINGS_TOPIC

LEADING_KEYS: Final = (NudgeKey.PROPOSAL_READY, NudgeKey.ANSWER_PROPOSAL)
"""Nudges that ask for an answer to a proposal."""
ASKING_TO_RENEW: Final = (NudgeKey.RENEW_OR_FINISH,)
ENDS_WITH_THE_PLAN: Final = (
    NudgeKey.BOOK_NEXT_SESSION,
    NudgeKey.BOOK_FIRST_SESSION,
    NudgeKey.CONVERT_OFFER,
    NudgeKey.STILL_RIGHT_FOR_YOU,
)
"""What nobody is asked any more once a pair concludes."""

ENDS_WITH_THE_WAIT: Final = (
    NudgeKey.PAIRING_RESUMABLE,
    NudgeKey.PAIRING_PAUSED,
    NudgeKey.PAIRING_QUIET,
    NudgeKey.PARTNER_AWAY,
    NudgeKey.CONFLICT_CHOICE,
)
"""Nudges that are taken back once a pair goes on."""

Change = (
    published.PairingActivated
    | published.PairingPaused
    | published.PairingResumed
    | published.PairingSuspended
    | published.PairingStalled
    | published.PairingConcluding
    | published.PairingRenewed
    | published.PairingConverted
)


def state_of(pairing: Pairing, at: datetime) -> published.PairingStateChanged:
    """Write a pairing's latest state as published."""
    first, second = pairing.people
    ahead = ledger.booked(pairing.meetings, at)
    return published.PairingStateChanged(
        state=pairing.state,
        pairing_id=pairing.pairing_id,
        programme_id=pairing.programme_id,
        people=pairing.people,
        track=pairing.track,
        term=pairing.term,
        policy_version=pairing.proposal.policy_version,
        since=pairing.since,
        sessions_count=teaching.sessions_count(pairing),
        next_session_at=ahead[0].starts_at if ahead else None,
        taught_count=(teaching.taught_count(pairing, first), teaching.taught_count(pairing, second)),
    )


def announced(pairing: Pairing, at: datetime) -> Effects:
    """Publish the pairing's latest state."""
    yield Emit(topic=PAIRING_STATE, key=pairing.pairing_id, data=state_of(pairing, at), is_traceable=pairing.state not in TERMINAL)


def taken_off(pairing: Pairing) -> Effects:
    """Take a pairing that is over off the state topic: a tombstone."""
    yield Emit(topic=PAIRING_STATE, key=pairing.pairing_id, data=None)


def changed(pairing: Pairing, programme: Programme, event: type[Change], at: datetime, until_on: date | None = None) -> Effects:
    """Publish one step of a pair, and its latest state."""
    data = event(
        pairing_id=pairing.pairing_id,
        programme_id=pairing.programme_id,
        people=pairing.people,
        effective_at=at,
        policy_version=programme.policy_version,
        until_on=until_on,
    )
    yield Emit(topic=PAIRINGS_TOPIC, key=pairing.pairing_id, data=data)
    yield from announced(pairing, at)


def activate(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Both accepted: the pair begins."""
    begun = moved(disarmed(pairing), PairingEvent.BOTH_ACCEPTED, at)
    sides = [one for person_id in begun.people if (one := participant_in(rows, programme.programme_id, person_id)) is not None]
    begun = replace(
        begun,
        waited_days=tuple(_days(one.waiting_since, at) for one in sides if one.waiting_since is not None),
        orphaned_days=tuple(_days(one.waiting_since, at) for one in sides if one.waiting_since is not None and one.is_first_in_queue),
    )
    started = timed_in(rows, programme, replace(begun, activated_at=at, term_started_at=at, quiet_since=at), at)
    yield put_pairing(started)
    yield from changed(started, programme, published.PairingActivated, at)
    for one in sides:
        if one.silence.is_open:
            yield from silence.taken_back(one)
        settled = replace(silence.heard(kept(one, begun.pairing_id)), waiting_since=None, is_first_in_queue=False, unmatched_reason=None)
        yield put_participant(with_timer(settled, ParticipantTimer.STILL_WAITING, None))
    yield from withdrawn(started, keys=LEADING_KEYS)
    for person_id in started.people:
        yield from nudged(programme, started, NudgeKey.PAIRING_STARTED, person_id, at=at)


def _days(since: datetime, at: datetime) -> float:
    return round(max(timedelta(0), at - since) / timedelta(days=1), 2)


def lapse(rows: Rows, programme: Programme, pairing: Pairing, at: datetime, *, has_expired: bool = False) -> Effects:
    """Let a proposal lapse; nothing says why, nor what anybody answered.

    Args:
        has_expired: nothing ended it but its own time. Only then the pair rests, and only if both had a chance to answer.
    """
    lapsed = retained(replace(moved(pairing, PairingEvent.PROPOSAL_OVER, at), accepted_by=()))
    yield put_pairing(lapsed)
    data = published.PairingLapsed(pairing_id=lapsed.pairing_id, programme_id=lapsed.programme_id, people=lapsed.people)
    yield Emit(topic=PAIRINGS_TOPIC, key=lapsed.pairing_id, data=data, is_traceable=False)
    yield from announced(lapsed, at)
    bar = bar_in(rows, programme.programme_id, lapsed.people)
    rests = has_expired and had_a_chance(pairing)
    rests_until = at + timedelta(days=programme.policy.lapsed_rest_days) if rests else bar.rests_until
    yield put_bar(programme.programme_id, replace(bar, open_pairing_id=None, rests_until=rests_until))
    for person_id in lapsed.people:
        participant = participant_in(rows, programme.programme_id, person_id)
        if participant is None:
            continue
        free = left(participant, lapsed.pairing_id)
        if has_expired:
            yield from silence.expired(programme, free, at)
        else:
            yield put_participant(replace(free, silence=after_other_end(free.silence)))
    yield from withdrawn(lapsed)


def end(
    rows: Rows, programme: Programme, pairing: Pairing, code: EndCode, at: datetime, *, first_in_queue: Iterable[PersonId] = ()
) -> Effects:
    """A live pair is over.

    `EndCode.COMPLETED` completes it. Both hear of the end, unless they know of a conflict between them.

    Args:
        first_in_queue: who lost the pair through no doing of their own, or asked for a rematch.
    """
    event = PairingEvent.FINISHED if code is EndCode.COMPLETED else PairingEvent.OVER
    over = retained(replace(moved(pairing, event, at), end_code=code, away=(), answers=(), until_on=None, conflict=False, settling=None))
    yield put_pairing(over)
    kind = published.PairingCompleted if code is EndCode.COMPLETED else published.PairingEnded
    data = kind(
        pairing_id=over.pairing_id,
        programme_id=over.programme_id,
        people=over.people,
        code=code,
        sessions_count=teaching.sessions_count(over),
        reciprocity_ratio=teaching.reciprocity_ratio(over),
    )
    yield Emit(topic=PAIRINGS_TOPIC, key=over.pairing_id, data=data, is_traceable=False)
    yield from announced(over, at)
    bar = bar_in(rows, programme.programme_id, over.people)
    yield put_bar(programme.programme_id, replace(bar, open_pairing_id=None, is_past=True))
    yield from _freed(rows, programme, over, at, set(first_in_queue))
    is_silent = pairing.conflict and pairing.settling is None
    # Both may still say how it was: what was asked stays open, for both alike.
    yield from withdrawn(over, spared=() if pairing.conflict else (NudgeKey.SHARE_FEEDBACK,), is_conflict=pairing.conflict)
    if is_silent or code is EndCode.COMPLETED:
        return
    openly_first = _openly_first(rows, over, set(first_in_queue))
    for person_id in over.people:
        is_first = True if person_id in openly_first else None
        yield from nudged(programme, over, NudgeKey.PAIRING_ENDED, person_id, at=at, first_in_next_round=is_first)


def _openly_first(rows: Rows, pairing: Pairing, first_in_queue: set[PersonId]) -> set[PersonId]:
    """Return who hears that they come first in the next round.

    Nobody does where a difference would show which side asked for what.
    """
    others = [participant_in(rows, pairing.programme_id, person_id) for person_id in pairing.people if person_id not in first_in_queue]
    return set() if any(other is not None and other.status in TAKING_PART for other in others) else first_in_queue


def wish_code(pairing: Pairing) -> EndCode:
    """Return the code of an end that one asked for: in a conflict it was no free choice."""
    return EndCode.CIRCUMSTANCES if pairing.state is PairingState.SUSPENDED else EndCode.CHOICE


def _freed(rows: Rows, programme: Programme, pairing: Pairing, at: datetime, first_in_queue: set[PersonId]) -> Effects:
    for person_id in pairing.people:
        participant = participant_in(rows, programme.programme_id, person_id)
        if participant is None:
            continue
        free = replace(left(participant, pairing.pairing_id), waiting_since=None, freed_at=at)
        free = waiting(free, at, programme.rounds_held)
        if person_id in first_in_queue and free.status in TAKING_PART:
            free = replace(free, is_first_in_queue=True)
        rest_days = programme.policy.rest_after_days
        if pairing.state is PairingState.COMPLETED and free.status in TAKING_PART and not programme.policy.repair_at_term_end:
            free = replace(free, rest=Rest(since=at, until=at + timedelta(days=rest_days)))
        # An open proposal takes room and may lapse, so it is no reason to forget that the person waits.
        live_ids = tuple(one for one in free.pairing_ids if (other := rows.get(PAIRINGS, one)) is not None and other.is_live)
        yield put_participant(with_timer(free, ParticipantTimer.STILL_WAITING, still_waiting_at(free.waiting_since, live_ids)))


def still_waiting_at(waiting_since: datetime | None, pairing_ids: tuple[str, ...]) -> datetime | None:
    """Return when somebody without a pair hears how the wait stands."""
    return None if waiting_since is None or pairing_ids else waiting_since + timedelta(days=STILL_WAITING_DAYS)


def pause(programme: Programme, pairing: Pairing, away: Away, at: datetime, *, until_on: date | None) -> Effects:
    """One of the two is away for a while; the cadence clock stops.

    Where the pair waits already, it waits for this one too.
    """
    others = tuple(known for known in pairing.away if (known.person_id, known.is_leave) != (away.person_id, away.is_leave))
    known = next((known for known in pairing.away if known not in others), None)
    away = away if known is None or known.is_over else replace(away, since_at=known.since_at, asked_at=known.asked_at)
    waiting = replace(pairing, away=(*others, away), until_on=until_on or pairing.until_on)
    if pairing.state in {PairingState.PAUSED, PairingState.SUSPENDED}:
        yield from _asked_too_early(waiting)
        return
    paused = rearmed(moved(disarmed(replace(waiting, until_on=until_on, answers=())), PairingEvent.LEFT_FOR_A_WHILE, at))
    yield put_pairing(paused)
    yield from changed(paused, programme, published.PairingPaused, at, until_on)
    yield from withdrawn(paused)
    partner_id, until = paused.partner_of(away.person_id), until_on.isoformat() if until_on is not None else None
    yield from nudged(programme, paused, NudgeKey.PAIRING_PAUSED, partner_id, at=at, occasion=instant_text(at), until_on=until)


def _asked_too_early(pairing: Pairing) -> Effects:
    """Take back the question whether to go on, until nobody is away."""
    if not pairing.conflict:
        yield from withdrawn(pairing, keys=(NudgeKey.PAIRING_RESUMABLE, NudgeKey.CONFLICT_CHOICE))
    answers = () if pairing.settling is None else pairing.answers
    yield put_pairing(rearmed(replace(disarmed(pairing, TimerKind.SOFT_LANDING_OVER, TimerKind.RESUME_OVER), answers=answers)))


def resume(rows: Rows, programme: Programme, pairing: Pairing, event: PairingEvent, at: datetime) -> Effects:
    """Bring a pair back to active, from a pause, a stall or a conflict that is gone.

    A pair whose plan was done meanwhile concludes at once.
    """
    back = replace(moved(disarmed(pairing), event, at), away=(), until_on=None, answers=(), quiet_since=at)
    if event is not PairingEvent.SESSION_SEEN:
        back = replace(booked_anew(back), lacks_time=False)
    back = timed_in(rows, programme, back, at)
    yield put_pairing(back)
    for person_id in back.people:
        participant = participant_in(rows, programme.programme_id, person_id)
        if participant is not None:
            yield from place_taken(participant, back.pairing_id)
    yield from changed(back, programme, published.PairingResumed, at)
    yield from withdrawn(back, keys=ENDS_WITH_THE_WAIT)
    if is_plan_done(back, programme.policy, at):
        yield from conclude(rows, programme, back, at)
    elif back.is_convertible:
        yield from offer_conversion(programme, back, at)
    current = rows.get(PAIRINGS, back.pairing_id)
    if current is not None:
        yield from shared_time.watched(rows, programme, current, at)


def place_taken(participant: Participant, pairing_id: PairingId) -> Effects:
    """Give a pair its place again, of somebody who was looking for another partner meanwhile."""
    if pairing_id not in {released_id for released_id, _ in participant.roomless}:
        return
    settled = replace(kept(participant, pairing_id), waiting_since=None, is_first_in_queue=False, unmatched_reason=None)
    yield put_participant(with_timer(settled, ParticipantTimer.STILL_WAITING, None))


def stall(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Nobody met or booked for a while."""
    over_at = deadline_in(rows, programme, pairing.people, programme.policy.grace_days, at)
    quiet = moved(disarmed(replace(pairing, answers=())), PairingEvent.NO_SESSION, at)
    quiet = armed(quiet, Timer(kind=TimerKind.GRACE_OVER, due_at=over_at))
    yield put_pairing(quiet)
    yield from changed(quiet, programme, published.PairingStalled, at)
    yield from withdrawn(quiet)
    for person_id in quiet.people:
        yield from nudged(
            programme, quiet, NudgeKey.PAIRING_QUIET, person_id, at=at, occasion=instant_text(at), ends_at=instant_text(over_at)
        )
    yield from gathered(rows, programme, NudgeKey.COORDINATOR_STUCK, quiet, at)


def conclude(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """The plan is done: both are asked whether to renew or to finish.

    What is booked still takes place.

    In a programme that pairs anew at the end of a term there is no term to ask for: both may say that they are done.
    """
    over_at = deadline_in(rows, programme, pairing.people, programme.policy.concluding_days, at)
    done = replace(moved(disarmed(pairing), PairingEvent.PLAN_DONE, at), answers=(), decide_by_at=over_at)
    done = timed_in(rows, programme, done, at)
    yield put_pairing(done)
    yield from changed(done, programme, published.PairingConcluding, at)
    yield from withdrawn(done, keys=ENDS_WITH_THE_PLAN)
    choices = (ContinuationAnswer.FINISH,) if programme.policy.repair_at_term_end else (ContinuationAnswer.RENEW, ContinuationAnswer.FINISH)
    for person_id in done.people:
        yield from nudged(
            programme,
            done,
            NudgeKey.RENEW_OR_FINISH,
            person_id,
            at=at,
            occasion=str(done.term),
            answers=choices,
            answer_by=instant_text(over_at),
        )


def renew(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Both want a new term. What is older than the one that ends goes into totals."""
    again = moved(disarmed(teaching.condensed(pairing, programme.policy.cadence_days, at)), PairingEvent.BOTH_RENEW, at)
    again = replace(again, term=pairing.term + 1, term_started_at=at, away_seconds=0, quiet_since=at, answers=())
    again = timed_in(rows, programme, again, at)
    yield put_pairing(again)
    yield from changed(again, programme, published.PairingRenewed, at)
    yield from withdrawn(again, keys=ASKING_TO_RENEW)


def offer_conversion(programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Offer both to go on as equals."""
    yield put_pairing(asking(pairing, Question.CONVERSION, at))
    for person_id in pairing.people:
        yield from nudged(programme, pairing, NudgeKey.CONVERT_OFFER, person_id, at=at, occasion=instant_text(at))


def convert(programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """The gap is gone and both want to go on as equals."""
    mutual = replace(pairing, track=Track.MUTUAL, is_convertible=False, answers=())
    yield put_pairing(mutual)
    yield from changed(mutual, programme, published.PairingConverted, at)
    yield from withdrawn(mutual, keys=(NudgeKey.CONVERT_OFFER,))
