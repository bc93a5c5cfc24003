"""Whether a person can be reached soon enough to be proposed to anybody.

Decides: who is in no round yet, because a proposal would wait unheard.
Never knows: why somebody is quiet for long; who takes part (participants/participant).

Invariants
    times.Y1  Nobody is proposed whose first waking instant is more than REACHED_WITHIN away, nor in the soft landing after a leave: half of
        the time to answer would be over before the person hears of it.

Source: house rule.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from engine.programme.participants.participant import Participant
from engine.programme.rounds.programme import Programme
from engine.programme.times.calendar import Quiet, next_waking
from engine.programme.times.calendars import waking_of

REACHED_WITHIN: Final = timedelta(days=3)
_WAKINGS_KEPT: Final = 4_096


def is_not_yet(programme: Programme, participant: Participant, at: datetime) -> bool:
    """Say whether a participant would hear of a proposal too late (times.Y1).

    The soft landing is half-open.
    """
    ended_at = participant.facts.leave_ended_at
    if ended_at is not None and at < ended_at + timedelta(days=programme.policy.soft_landing_days):
        return True
    waking = waking_of(programme, participant)
    return _is_far(at, waking.zone, waking.quiet)


@lru_cache(maxsize=_WAKINGS_KEPT)
def _is_far(at: datetime, zone: str | None, quiet: Quiet) -> bool:
    """Say whether the first waking instant is too far away.

    It is the same for all who live by one calendar in one zone.
    """
    waking_at = next_waking(at, zone, quiet)
    return waking_at is None or waking_at - at > REACHED_WITHIN
