"""A line of power between two partners.

The pair is suspended in silence at once. Both get a note if the conflict stands; it leaves no trace if it doesn't.

HR says one thing after the other: two managers who are swapped in one night are for a moment one manager. So a pair is suspended the moment
that a conflict is known, and nobody hears of it before it has stood for `conflict_settle_hours`. What is gone by then has been nothing: the
pair is what it was, with its clocks and questions, and what it was asked is asked again as a new occasion. What stands is put to both, each
in private. What is gone later is asked about: both say whether to go on, and whoever had a note also hears of the end.
"""

from datetime import datetime, timedelta

from engine.core.effects import Effects, Note, Rows, existing
from engine.programme.coordinators.coordinator_notes import gathered
from engine.programme.insights.insights import exposed
from engine.programme.interruptions.absence import rearmed
from engine.programme.interruptions.resumption import asked_when_landed
from engine.programme.nudges.intents import nudged, returned, withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, PairingEvent, Settling, Timer, TimerKind, armed, asking, disarmed, moved
from engine.programme.proposals.answering import Question
from engine.programme.rounds.programme import Programme
from engine.programme.tables import PAIRINGS, put_pairing
from engine.programme.times.reach import deadline_in, timed_in
from schemas.events import pairing as published
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, NudgeKey, PairingState
from schemas.text.fields import instant_text


def arose(rows: Rows, programme: Programme, pairing: Pairing, relation: EligibilityCode, at: datetime, *, since_at: datetime) -> Effects:
    """Suspend the pair in silence.

    It stays suspended if a new line of power comes while both are asked whether to go on.

    Args:
        since_at: when the line of power came into effect; the pair was exposed to it from then on.
    """
    assert pairing.activated_at is not None, "a live pair was activated"
    exposure_seconds = max(0, int((at - max(since_at, pairing.activated_at)).total_seconds()))
    yield Note("bothways_conflict_exposure_seconds_total", exposure_seconds)
    yield from exposed(rows, programme.programme_id, exposure_seconds)
    is_new = pairing.state is not PairingState.SUSPENDED
    held = moved(pairing, PairingEvent.CONFLICT_AROSE, at) if is_new else pairing
    settles_at = at + timedelta(hours=programme.policy.conflict_settle_hours)
    held = armed(disarmed(replace(held, conflict=True, settling=_before(pairing, relation))), _settled(settles_at))
    yield put_pairing(held)
    if is_new:
        yield from lifecycle.changed(held, programme, published.PairingSuspended, at)
    yield from withdrawn(held, is_conflict=True, is_settling=True)
    if settles_at <= at:
        yield from stood(rows, programme, held, at)


def _before(pairing: Pairing, relation: EligibilityCode) -> Settling:
    return Settling(
        relation=relation,
        state=pairing.state,
        since=pairing.since,
        timers=pairing.timers,
        away=pairing.away,
        until_on=pairing.until_on,
        away_seconds=pairing.away_seconds,
        decide_by_at=pairing.decide_by_at,
    )


def _settled(at: datetime) -> Timer:
    return Timer(kind=TimerKind.CONFLICT_SETTLED, due_at=at)


def stood(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Tell both of a conflict that stands, each in private.

    The coordinator hears which rule it is.
    """
    assert pairing.settling is not None, "only a conflict that nobody knows of can stand"
    over_at = deadline_in(rows, programme, pairing.people, programme.policy.conflict_days, at)
    told = armed(disarmed(replace(pairing, settling=None, answers=())), Timer(kind=TimerKind.CONFLICT_OVER, due_at=over_at))
    told = asking(told, Question.CONFLICT, at)
    yield put_pairing(told)
    yield from withdrawn(told, is_conflict=True)
    for person_id in told.people:
        yield from nudged(
            programme, told, NudgeKey.CONFLICT_CHOICE, person_id, at=at, occasion=instant_text(at), answer_by=instant_text(over_at)
        )
    yield from gathered(rows, programme, NudgeKey.COORDINATOR_CONFLICT, told, at, code=pairing.settling.relation)


def gone(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Nothing joins the two any more.

    What both know of, both are asked about, as soon as neither is away; without two answers it ends.
    """
    if pairing.settling is not None:
        yield from _undone(rows, programme, pairing, pairing.settling, at)
        return
    clear = disarmed(replace(pairing, conflict=False, answers=()), TimerKind.CONFLICT_OVER)
    yield put_pairing(clear)
    yield from withdrawn(clear, keys=(NudgeKey.CONFLICT_CHOICE,))
    if all(away.is_over for away in clear.away):
        yield from asked_when_landed(rows, programme, clear, at)


def _undone(rows: Rows, programme: Programme, pairing: Pairing, before: Settling, at: datetime) -> Effects:
    """Let the pair be what it was, and then take in who has gone away or come back meanwhile."""
    was = replace(
        pairing,
        state=before.state,
        since=before.since,
        timers=before.timers,
        away=before.away,
        until_on=before.until_on,
        away_seconds=before.away_seconds,
        decide_by_at=before.decide_by_at,
        conflict=False,
        settling=None,
    )
    if was.state in {PairingState.ACTIVE, PairingState.CONCLUDING}:
        was = timed_in(rows, programme, was, at)
    yield put_pairing(was)
    if was.state is not PairingState.SUSPENDED:
        yield from _announced(programme, was, at)
    yield from returned(was, at)
    if pairing.away == before.away:
        return
    if was.state in {PairingState.ACTIVE, PairingState.STALLED}:
        yield from _left_meanwhile(rows, programme, pairing, at)
    elif was.state in {PairingState.PAUSED, PairingState.SUSPENDED}:
        yield from _other_absences(rows, programme, replace(was, away=pairing.away, until_on=pairing.until_on), at)


def _announced(programme: Programme, was: Pairing, at: datetime) -> Effects:
    """Publish that the suspension is over.

    A pair that was not active is published at once as what it was.
    """
    yield from lifecycle.changed(was, programme, published.PairingResumed, at)
    match was.state:
        case PairingState.PAUSED:
            yield from lifecycle.changed(was, programme, published.PairingPaused, at, was.until_on)
        case PairingState.STALLED:
            yield from lifecycle.changed(was, programme, published.PairingStalled, at)
        case PairingState.CONCLUDING:
            yield from lifecycle.changed(was, programme, published.PairingConcluding, at)


def _left_meanwhile(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Pause a pair when one of the two went away during the conflict.

    After a leave that is over already, both are asked.
    """
    for away in pairing.away:
        current = existing(rows, PAIRINGS, pairing.pairing_id)
        begun = replace(away, is_over=False)
        yield from lifecycle.pause(programme, current, begun, at, until_on=pairing.until_on)
    current = existing(rows, PAIRINGS, pairing.pairing_id)
    yield from _other_absences(rows, programme, replace(current, away=pairing.away), at)


def _other_absences(rows: Rows, programme: Programme, held: Pairing, at: datetime) -> Effects:
    """Wait for those who are away now.

    If nobody is: go on after a pause of one's own, ask both after a leave.
    """
    waiting = rearmed(replace(disarmed(held, TimerKind.SOFT_LANDING_OVER, TimerKind.RESUME_OVER), answers=()))
    yield put_pairing(waiting)
    if any(not away.is_over for away in waiting.away):
        yield from withdrawn(waiting, keys=(NudgeKey.PAIRING_RESUMABLE,))
    elif waiting.state is PairingState.PAUSED and not waiting.away:
        yield from lifecycle.resume(rows, programme, waiting, PairingEvent.BACK, at)
    else:
        yield from asked_when_landed(rows, programme, waiting, at)
