"""The reserve: the score that a pair must reach to be proposed, so that nobody is paired badly for want of a little patience.

Decides: what reserve a person has in a round, which score two people's pair must reach.
Never knows: the score of a pair (matching/scoring), which pairs are chosen.

Invariants
    matching.V1  The reserve falls with the days of waiting down to a floor; whoever lost a pair through circumstances has the floor at
        once.
    matching.V2  Of two people the longer waiter, whose reserve is lower, sets what their pair must reach.
    matching.V3  A launch pairs people: in a person's first round in which anybody was eligible for them, the reserve is a policy's own.
        Where only one of two is in such a round, the higher of the two reserves counts: the other has not agreed to take anybody.

A reserve is one number, so that lists of people hold it: that of a first round is written as its complement, below zero.

Must stay in sync with: compiled/judging.needed_score, which says the same compiled; a test compares the two.

Source: house rule.
"""

from engine.matching.pool import PoolMember
from schemas.terms.policy import Policy


def reserve_of(member: PoolMember, policy: Policy) -> int:
    """Return the reserve of one person, marked if it is that of a first round (matching.V1, matching.V3)."""
    if member.is_first_round:
        return ~policy.reserve_first_round
    if member.is_first_in_queue:
        return policy.reserve_floor
    return max(policy.reserve_floor, policy.reserve_start - policy.reserve_drop_per_day * member.waiting_days)


def needed_score(one: int, other: int) -> int:
    """Return the score that a pair of two people needs, by their reserves (matching.V2, matching.V3)."""
    if one >= 0 and other >= 0:
        return min(one, other)
    if one < 0 and other < 0:
        return ~max(one, other)
    return max(one, ~other) if other < 0 else max(~one, other)
