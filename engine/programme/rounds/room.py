"""Room: how many more partners somebody may have.

Decides: which open proposals and live pairs take room, and from when on one takes none any more.
Never knows: whether anybody would fit (matching/eligibility), what was answered.

Invariants
    rounds.R1  Room is capacity less live pairs less open proposals, never below 0.
    rounds.R2  A proposal that stays undecided takes room for `room_days` only, of both sides and whatever was answered: it stays open, but
        nobody's week is spent on it. The instant is settled when it is first proposed; a new version doesn't move it.
    rounds.R3  A pair that becomes active, or active again, takes room, over capacity if it must be.
    rounds.R4  Of a pair that waits for one side, the other side takes no room if that other one would rather look for somebody meanwhile.

Must stay in sync with: nothing else computes room.
"""

from datetime import datetime

from engine.programme.participants.participant import Participant, is_ready, standing
from schemas.frozen import replace
from schemas.terms.ids import PairingId


def room(participant: Participant, capacity_max: int, at: datetime) -> int:
    """Return how many more partners a participant may have (rounds.R1)."""
    return max(0, min(participant.profile.capacity, capacity_max) - len(taking_room(participant, at)))


def taking_room(participant: Participant, at: datetime) -> tuple[PairingId, ...]:
    """Return the open proposals and live pairs that take room at an instant (rounds.R2)."""
    if not participant.roomless:
        return participant.pairing_ids
    released = released_ids(participant, at)
    return tuple(pairing_id for pairing_id in participant.pairing_ids if pairing_id not in released)


def released_ids(participant: Participant, at: datetime) -> frozenset[PairingId]:
    """Return what is open and takes no room any more."""
    return frozenset(pairing_id for pairing_id, from_at in participant.roomless if from_at <= at)


def has_pair(participant: Participant) -> bool:
    """Say whether the participant has a live pair that takes room.

    A pair takes none while its partner is away and the participant looks for another one.
    """
    return len(participant.pairing_ids) > len(participant.roomless)


def in_pool(participant: Participant, *, capacity_max: int, training_required: bool, at: datetime) -> bool:
    """Whether a round would look for somebody for this participant."""
    has_room = is_ready(participant) and room(participant, capacity_max, at) > 0
    return has_room and standing(participant, training_required=training_required, at=at) is None


def joined(participant: Participant, pairing_id: PairingId, until: datetime) -> Participant:
    """Take up room for a proposal until it has been undecided for too long (rounds.R2)."""
    taken = replace(participant, pairing_ids=tuple(sorted({*participant.pairing_ids, pairing_id})))
    return replace(taken, roomless=tuple(sorted((*_others(participant, pairing_id), (pairing_id, until)))))


def kept(participant: Participant, pairing_id: PairingId) -> Participant:
    """Take up room for a pair while it lives (rounds.R3)."""
    return replace(participant, roomless=_others(participant, pairing_id))


def released(participant: Participant, pairing_id: PairingId, at: datetime) -> Participant:
    """Let a pair whose other side is away take no room from now on (rounds.R4)."""
    return replace(participant, roomless=tuple(sorted((*_others(participant, pairing_id), (pairing_id, at)))))


def left(participant: Participant, pairing_id: PairingId) -> Participant:
    """Give the room back."""
    others = tuple(other for other in participant.pairing_ids if other != pairing_id)
    return replace(participant, pairing_ids=others, roomless=_others(participant, pairing_id))


def _others(participant: Participant, pairing_id: PairingId) -> tuple[tuple[PairingId, datetime], ...]:
    return tuple(one for one in participant.roomless if one[0] != pairing_id)
