"""Whether the two had a chance to answer a proposal, and when they are reminded of it.

Decides: from which requests a lapse by expiry counts as an answer that was not given; when a reminder is due.
Never knows: what was answered; what a channel reports of a request.

Invariants
    proposals.C1  Both had a chance when each could hear of the present version at least CHANCE before it expires.
    proposals.C2  A reminder comes as many whole days after the proposal as the slower side had to wait to hear of it, and REMINDER_DAYS
        more: for both at the same time. There is none where the proposal is over by then.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from engine.programme.pairs.pairing import Pairing, Timer, TimerKind, armed, disarmed
from schemas.frozen import replace
from schemas.terms.ids import PersonId

CHANCE: Final = timedelta(hours=24)
REMINDER_DAYS: Final = 3


def had_a_chance(pairing: Pairing) -> bool:
    """Say whether both could hear of a proposal early enough to answer it (proposals.C1)."""
    latest_at = pairing.proposal.expires_at - CHANCE
    return {person_id for person_id, not_before in pairing.told if not_before <= latest_at} == set(pairing.people)


def told(pairing: Pairing, person_id: PersonId, not_before: datetime) -> Pairing:
    """Note from when a side could hear of a version, and time the reminder (proposals.C2)."""
    others = (one for one in pairing.told if one[0] != person_id)
    heard = replace(pairing, told=tuple(sorted((*others, (person_id, not_before)))))
    if not any(timer.kind is TimerKind.ANSWER_DUE for timer in heard.timers):
        return heard
    return armed(disarmed(heard, TimerKind.ANSWER_DUE), *reminders(heard))


def reminders(pairing: Pairing) -> Iterable[Timer]:
    """Return the reminder of an open proposal, by when both could hear of it (proposals.C2)."""
    proposal = pairing.proposal
    waited_days = max((max(0, (not_before - proposal.proposed_at).days) for _, not_before in pairing.told), default=0)
    due_at = proposal.proposed_at + timedelta(days=REMINDER_DAYS + waited_days)
    return (Timer(kind=TimerKind.ANSWER_DUE, due_at=due_at),) if due_at < proposal.expires_at else ()
