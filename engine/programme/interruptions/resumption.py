"""Asking two people whether to go on: after a leave, or after a conflict that is gone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.core.effects import Effects, Rows
from engine.programme.nudges.intents import nudged
from engine.programme.pairs.pairing import Pairing, Timer, TimerKind, armed, asking, disarmed
from engine.programme.proposals.answering import Question
from engine.programme.rounds.programme import Programme
from engine.programme.tables import participant_in, put_pairing
from engine.programme.times.reach import deadline_in
from schemas.terms.codes import ContinuationAnswer, NudgeKey, PairingState
from schemas.text.fields import instant_text


def asked_when_landed(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Ask both whether to go on, once nobody is in the silence after a leave any more."""
    people = [participant_in(rows, programme.programme_id, person_id) for person_id in pairing.people]
    ended = [one.facts.leave_ended_at for one in people if one is not None and one.facts.leave_ended_at is not None]
    landed_at = max((ended_at + timedelta(days=programme.policy.soft_landing_days) for ended_at in ended), default=at)
    waiting = disarmed(pairing, TimerKind.SOFT_LANDING_OVER, TimerKind.RESUME_OVER)
    if landed_at > at:
        yield put_pairing(armed(waiting, Timer(kind=TimerKind.SOFT_LANDING_OVER, due_at=landed_at)))
    else:
        yield from asked_to_resume(rows, programme, waiting, at)


def asked_to_resume(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Ask whoever hasn't said `continue` yet whether to go on, and wait a while for both.

    So it is after a leave, and after a conflict that is gone.
    """
    over_at = deadline_in(rows, programme, pairing.people, programme.policy.resume_days, at)
    asked = asking(armed(pairing, Timer(kind=TimerKind.RESUME_OVER, due_at=over_at)), Question.RESUMPTION, at)
    yield put_pairing(asked)
    answered = {person_id for person_id, _ in asked.answers}
    for person_id in asked.people:
        if person_id not in answered:
            yield from nudged(
                programme,
                asked,
                NudgeKey.PAIRING_RESUMABLE,
                person_id,
                at=at,
                occasion=f"resume/{instant_text(at)}",
                answers=_CHOICES[asked.state],
                answer_by=instant_text(over_at),
            )


_CHOICES: Final[Mapping[PairingState, tuple[str, ...]]] = MappingProxyType(
    {
        PairingState.PAUSED: (ContinuationAnswer.CONTINUE, ContinuationAnswer.END),
        PairingState.SUSPENDED: (ContinuationAnswer.CONTINUE, ContinuationAnswer.END, ContinuationAnswer.REMATCH),
    }
)
"""What a pair that could go on may answer."""
