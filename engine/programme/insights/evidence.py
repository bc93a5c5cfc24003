"""What the report of a programme reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.programme.insights.trials import Attention, Tally
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.programme.rounds.programme import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedInsight:
    """An anonymous insight that somebody shared; aged until a sponsor answers."""

    family: str
    shared_at: datetime
    answered_at: datetime | None = None

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
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
