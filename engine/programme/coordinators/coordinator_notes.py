"""Daily notes to the coordinator: stuck pairs, lost sessions, conflicts.

What happens to a pairing is gathered in a row whose timer tells it (coordinator_day). What is over by then is left out: a pair that met
again on the same day is not stuck. A note is taken back when none of it is true any more: `watched` sees every change of a pairing, so
that no rule has to think of it. The table comes after the pairings in the order of timers, so one note holds all of one instant.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.core.effects import Due, Effects, Put, Rows, Send, StageName, existing
from engine.core.stage import processor, woken
from engine.core.table import Table
from engine.programme.coordinators.coordinator_day import SentNote, Summary, noted, settled, told, with_pairing
from engine.programme.messages import NudgesWithdrawn
from engine.programme.nudges.intents import Params, coordinator_of, intended
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import Programme, ProgrammeStatus
from engine.programme.sessions.meetings import cancellations_in_a_row
from engine.programme.tables import PAIRINGS, PROGRAMMES
from schemas.nudges.catalogue import expiry
from schemas.terms.codes import EligibilityCode, NudgeKey, PairingState
from schemas.terms.ids import PairingId, ProgrammeId

SUMMARIES: Final = Table(Summary, "summaries")
CANCELLATIONS_IN_A_ROW: Final = 2

STILL_SO: Final[Mapping[NudgeKey, Callable[[Pairing], bool]]] = MappingProxyType(
    {
        NudgeKey.COORDINATOR_STUCK: lambda pairing: pairing.state is PairingState.STALLED,
        NudgeKey.COORDINATOR_MOMENTUM: lambda pairing: pairing.is_live and _is_given_up(pairing),
        NudgeKey.COORDINATOR_CONFLICT: lambda pairing: pairing.conflict and pairing.settling is None,
    }
)
"""Whether what was gathered still holds."""
CONFLICT_CODES: Final = (EligibilityCode.REPORTING_LINE, EligibilityCode.SAME_MANAGER)


def _is_given_up(pairing: Pairing) -> bool:
    return pairing.senior_id is not None and len(cancellations_in_a_row(pairing.meetings, pairing.senior_id)) >= CANCELLATIONS_IN_A_ROW


def _names_of(programme_id: ProgrammeId, key: NudgeKey) -> tuple[str, ...]:
    name = f"{programme_id}/{key}"
    return tuple(f"{name}/{code}" for code in CONFLICT_CODES) if key is NudgeKey.COORDINATOR_CONFLICT else (name,)


def watched(rows: Rows, effects: Effects) -> Effects:
    """Let effects pass, then take back the notes that are no longer true."""
    settled_of: dict[PairingId, set[NudgeKey]] = {}
    for effect in effects:
        if isinstance(effect, Put) and effect.table is PAIRINGS:
            after: Pairing = effect.row
            before = rows.get(PAIRINGS, PairingId(effect.key))
            if before is not None and before.activated_at is not None:
                found = {kind for kind, holds in STILL_SO.items() if holds(before) and not holds(after)}
                settled_of.setdefault(after.pairing_id, set()).update(found)
        yield effect
    for pairing_id, kinds in settled_of.items():
        pairing = rows.get(PAIRINGS, pairing_id)
        if pairing is not None:
            for kind in sorted(kinds):
                if not STILL_SO[kind](pairing):
                    yield from _taken_back(rows, pairing, kind)


def _taken_back(rows: Rows, pairing: Pairing, key: NudgeKey) -> Effects:
    for name in _names_of(pairing.programme_id, key):
        summary = rows.get(SUMMARIES, name)
        if summary is None or not any(pairing.pairing_id in note.pairing_ids for note in summary.notes):
            continue
        over, left = settled(summary, pairing.pairing_id)
        yield Put(SUMMARIES, name, left)
        for occasion in over:
            yield from untold(pairing.programme_id, key, occasion)


def untold(programme_id: ProgrammeId, key: NudgeKey, occasion: str | None = None) -> Effects:
    """Take a note to the coordinator back."""
    receiver = coordinator_of(programme_id)
    message = NudgesWithdrawn(person_id=receiver, programme_id=programme_id, keys=(key,), occasion=occasion)
    yield Send(StageName.PEOPLE, receiver, message)


def gathered(
    rows: Rows, programme: Programme, key: NudgeKey, pairing: Pairing, at: datetime, *, code: EligibilityCode | None = None
) -> Effects:
    """Let the coordinator hear of a pairing with the next note of this key."""
    name = f"{programme.programme_id}/{key}" if code is None else f"{programme.programme_id}/{key}/{code}"
    known = rows.get(SUMMARIES, name) or Summary(programme_id=programme.programme_id, key=key, code=code)
    yield Put(SUMMARIES, name, with_pairing(known, pairing.pairing_id, at))


def wake(rows: Rows, summary: Summary, due: Due) -> Effects:
    """Tell what has gathered and still holds.

    Of conflicts the coordinator hears the rule and how many there are, never which.
    """
    at = due.at
    programme = existing(rows, PROGRAMMES, summary.programme_id)
    found = ((pairing_id, rows.get(PAIRINGS, pairing_id)) for pairing_id in summary.pairing_ids)
    holds = STILL_SO[summary.key]
    is_closed = programme.status is ProgrammeStatus.CLOSED
    still = tuple(pairing_id for pairing_id, pairing in found if pairing is not None and not is_closed and holds(pairing))
    named, left = told(summary, still, at)
    if not named:
        yield Put(SUMMARIES, due.key, left)
        return
    params: Params = {"pairing_ids": named} if summary.code is None else {"code": summary.code.value, "pairings_count": len(named)}
    occasion = f"{at:%Y-%m-%d}" if summary.code is None else f"{at:%Y-%m-%d}/{summary.code}"
    until = expiry(summary.key, due_at=at, at=at)
    yield Put(SUMMARIES, due.key, noted(left, SentNote(occasion=occasion, pairing_ids=named, until=until), at))
    yield from intended(programme, summary.key, coordinator_of(programme.programme_id), at=at, occasion=occasion, params=params)


PROCESSOR: Final = processor(wakes=woken(SUMMARIES, wake))
