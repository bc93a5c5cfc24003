"""What the report of a programme reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.programme.insights.trials import Attention, Tally
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.programme.rounds.programme import Programme
from schemas.frozen import Frozen


class SharedInsight(Frozen, kw_only=True):
    """An anonymous insight that somebody shared; aged until a sponsor answers."""

    family: str
    shared_at: datetime
    answered_at: datetime | None = None

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


class Evidence(Frozen, kw_only=True):
    """All rows that a report reads."""

    programme: Programme
    participants: Sequence[Participant]
    pairings: Sequence[Pairing]
    attention: Mapping[str, Attention]
    """By person; of somebody erased by a number."""
    trials_of_pairs: Sequence[Attention] = ()
    tally: Tally
    notes: Sequence[SharedInsight]
    at: datetime


def activated(evidence: Evidence) -> list[Pairing]:
    """Return the pairs that both agreed to."""
    return [pairing for pairing in evidence.pairings if pairing.activated_at is not None]
