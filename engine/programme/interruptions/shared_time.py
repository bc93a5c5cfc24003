"""A live pair without shared time is asked to find some.

It is never ended for it.
"""

from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Rows
from engine.matching.pool import RoundContext
from engine.programme.nudges.intents import nudged, withdrawn
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.pool import member_of
from engine.programme.rounds.programme import Programme, ProgrammeStatus
from engine.programme.tables import participant_in, put_pairing
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey, PairingState

_MEETING: Final = frozenset({PairingState.ACTIVE, PairingState.STALLED, PairingState.CONCLUDING})
"""States in which the two might meet."""


def watched(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Send one note when the shared time is lost, and take it back when there is some again."""
    first, second = (participant_in(rows, programme.programme_id, person_id) for person_id in pairing.people)
    if first is None or second is None or pairing.state not in _MEETING:
        return
    context = RoundContext.of(programme.policy, week_of=at.date(), topic_weights={})
    lacks_time = not context.has_shared_time(member_of(programme, first, at), member_of(programme, second, at))
    if lacks_time == pairing.lacks_time or (lacks_time and programme.status is not ProgrammeStatus.RUNNING):
        return  # a paused programme asks nobody to find a time; the next look after it does
    seen = replace(pairing, lacks_time=lacks_time)
    yield put_pairing(seen)
    if not lacks_time:
        yield from withdrawn(seen, keys=(NudgeKey.FIND_A_TIME,))
        return
    minutes = programme.policy.session_minutes
    for person_id in seen.people:
        yield from nudged(programme, seen, NudgeKey.FIND_A_TIME, person_id, at=at, occasion=f"{at:%Y-%m-%d}", session_minutes=minutes)
