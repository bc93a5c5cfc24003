"""Order among equals: hashes of people and of pairs that no position in a list can sway.

Decides: which of two equally heavy pairs comes first.
Never knows: weights, rules, whoever the ids belong to.

Two orders are needed. A pair has one hash for both its people; it orders edges of one weight in the assignment. When a person's heaviest
options are kept, people stand on a ring by their own hash, and each starts at a place of its own: the options of one weight come in
the order of the ring from there. So the first few of a thousand equals are found without looking at the thousand, and different people
find different ones.

Invariants
    matching.T1  The same ids and round give the same order on every machine and in every process.
    matching.T2  Another round gives another order.
    matching.T3  All numbers fit 64 unsigned bits.

Source: house rule; the multipliers are those of splitmix64 (Steele, Lea, Flood 2014).
"""

from hashlib import blake2b
from typing import Final

from schemas.terms.ids import PersonId

WORD: Final = (1 << 64) - 1
ODD_A: Final = 0x9E3779B97F4A7C15
ODD_B: Final = 0xBF58476D1CE4E5B9
ODD_C: Final = 0x94D049BB133111EB


def person_tie(person_id: PersonId, round_ordinal: int) -> int:
    """Hash a person id and a round to 64 bits: the person's place on the ring."""
    return int.from_bytes(blake2b(f"{round_ordinal}/{person_id}".encode(), digest_size=8).digest())


def pair_tie(lo_tie: int, hi_tie: int) -> int:
    """Mix the hashes of two people, the lower id first, to 64 bits."""
    mixed = ((lo_tie * ODD_A & WORD) ^ hi_tie) * ODD_B & WORD
    return mixed ^ mixed >> 32


def mixed(value: int) -> int:
    """Scatter a 64-bit number over all 64-bit numbers."""
    value = (value ^ value >> 30) * ODD_B & WORD
    value = (value ^ value >> 27) * ODD_C & WORD
    return value ^ value >> 31


def ring_start(tie: int) -> int:
    """Say from which place of the ring a person looks at its equals."""
    return mixed(tie + ODD_A & WORD)


def ring_distance(start: int, tie: int) -> int:
    """Count the way from a start to somebody's place, one way round; of equals the nearest comes first."""
    return tie - start & WORD
