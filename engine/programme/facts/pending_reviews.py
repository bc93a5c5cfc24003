"""Facts that begin at one midnight are judged together, when all of them have arrived.

Ann moves under m1 on the day on which Bob moves from m1 to m2. Taken one by one, in either order of ids, the pair might have a common
manager for no time at all, be suspended for it, and never come back. So a fact that time brought is written into the participant's row at
once, and leaves a row here that is due at the instant of the fact. The people stage of a tick comes first, with all its hops, so by the
time the programmes stage fires these rows, nothing of that instant is missing; and they fire before anything else that is due then, for
the name of the table comes first in order. What HR says about today or the past is judged at once: the next event may be a year away.

On Kafka the partitions of the people stage reach a midnight each in its own time, so a programme judges what has arrived by its own
tick: mostly all of an instant, at worst one person's fact before another's, a commit apart. Then a pair may be suspended that need not
have been; it is asked anew as soon as the other fact is there. It never stays open with a line of power that is known.

Never knows: what a review finds (participants/changes).

Source: decision 0007 (HR facts in time).
"""

from datetime import datetime
from typing import Final

from engine.core.effects import Delete, Due, Effects, Put, Rows
from engine.core.stage import processor, woken
from engine.core.table import Table
from engine.programme.participants import changes
from engine.programme.participants.participant import Arrival, Participant
from engine.programme.tables import PROGRAMMES, participant_in

ARRIVALS: Final = Table(Arrival, "arrivals")
"""Sorts before `pairings`, `participants` and `programmes`.

So nothing of the same instant acts on facts that are not judged yet.
"""


def arrived(participant: Participant, message_id: str, *, since_at: datetime) -> Effects:
    """Remember that facts have come which are not judged yet.

    Args:
        message_id: tells two arrivals of one person and instant apart; each fires once.
    """
    arrival = Arrival(programme_id=participant.programme_id, person_id=participant.person_id, since_at=since_at)
    yield Put(ARRIVALS, f"{participant.key}/{message_id}", arrival)


def wake(rows: Rows, arrival: Arrival, due: Due) -> Effects:
    """Judge what is open of a participant by the facts of everybody."""
    yield Delete(ARRIVALS, due.key)
    programme = rows.get(PROGRAMMES, arrival.programme_id)
    participant = participant_in(rows, arrival.programme_id, arrival.person_id)
    if programme is not None and participant is not None:
        yield from changes.reviewed(rows, programme, participant, due.at, since_at=arrival.since_at)


PROCESSOR: Final = processor(wakes=woken(ARRIVALS, wake))
