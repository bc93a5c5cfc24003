"""Daily notes to the coordinator: which pairings are stuck, lose their sessions, or conflict with a line of power.

What happens to a pairing is gathered in a row whose timer tells it (domain/summary). What is over by then is left out: a pair that met
again on the same day is not stuck. The table comes after the pairings in the order of timers, so one note holds all of one instant.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.domain.pairing import Pairing
from engine.domain.programme import Programme, ProgrammeStatus
from engine.domain.summary import Summary, told, with_pairing
from engine.effects import Effects, Put, Rows
from engine.processors.intents import Params, coordinator_of, intended
from engine.processors.tables import pairing_in, programme_in
from schemas.codes import EligibilityCode, NudgeKey, PairingState

SUMMARIES: Final = "summaries"

STILL_SO: Final[Mapping[NudgeKey, Callable[[Pairing], bool]]] = MappingProxyType(
    {
        NudgeKey.COORDINATOR_STUCK: lambda pairing: pairing.state is PairingState.STALLED,
        NudgeKey.COORDINATOR_MOMENTUM: lambda pairing: pairing.is_live,
        NudgeKey.COORDINATOR_CONFLICT: lambda pairing: pairing.conflict and pairing.settling is None,
    }
)
"""Whether what was gathered still holds when it is told."""


def gathered(
    rows: Rows, programme: Programme, key: NudgeKey, pairing: Pairing, at: datetime, *, code: EligibilityCode | None = None
) -> Effects:
    """Let the coordinator hear of a pairing with the next note of this key."""
    name = f"{programme.programme_id}/{key}" if code is None else f"{programme.programme_id}/{key}/{code}"
    known: Summary = rows.get(SUMMARIES, name) or Summary(programme_id=programme.programme_id, key=key, code=code)
    yield Put(SUMMARIES, name, with_pairing(known, pairing.pairing_id, at))


def wake(rows: Rows, key: str, _due_at: datetime, at: datetime) -> Effects:
    """Tell what has gathered and still holds. Of conflicts the coordinator hears the rule and how many there are, never which."""
    summary = rows.get(SUMMARIES, key)
    assert isinstance(summary, Summary), key
    programme = programme_in(rows, summary.programme_id)
    assert programme is not None, "a summary without a programme"
    found = ((pairing_id, pairing_in(rows, pairing_id)) for pairing_id in summary.pairing_ids)
    holds = STILL_SO[summary.key]
    is_closed = programme.status is ProgrammeStatus.CLOSED
    still = tuple(pairing_id for pairing_id, pairing in found if pairing is not None and not is_closed and holds(pairing))
    named, left = told(summary, still, at)
    yield Put(SUMMARIES, key, left)
    if not named:
        return
    params: Params = {"pairing_ids": named} if summary.code is None else {"code": summary.code.value, "pairings_count": len(named)}
    occasion = f"{at:%Y-%m-%d}" if summary.code is None else f"{at:%Y-%m-%d}/{summary.code}"
    yield from intended(programme, summary.key, coordinator_of(programme.programme_id), at=at, occasion=occasion, params=params)
