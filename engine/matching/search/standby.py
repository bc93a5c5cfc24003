"""The best partner for one person at once, without a round.

Decides: whom somebody just freed would be offered, were a round held for that person alone.
Never knows: whether anybody is asked; rounds alone propose (matching/round); which way of computing answers.

How: the pool is put in order once; each question then compares one person with everybody, a few integer operations for all of them.

Source: house rule; for coordinators and programmes that want to look ahead.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from engine.matching.eligibility import pool_positions
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.scoring import topic_weights
from engine.matching.search.candidates import Seekers, exact_lists
from engine.matching.search.kinds import Kinds
from engine.matching.search.rule_book import RuleBook
from schemas.frozen import Frozen
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy


class Partner(Frozen, kw_only=True):
    """Somebody who would do."""

    person_id: PersonId
    score: int


class StandbyPool(Frozen, kw_only=True):
    """A pool, and the rules by which questions about it are answered."""

    book: RuleBook
    seekers: Seekers
    """The people with room; nobody has a bonus or a reserve."""


def standby_pool_of(
    members: Iterable[PoolMember], policy: Policy, *, round_ordinal: int, at: datetime, topic_catalogue: Mapping[str, str]
) -> StandbyPool:
    """Put a pool in order.

    Args:
        members: all participants; those with room and without a status are the pool.
        policy: the version in force.
        round_ordinal: number of the next round; seeds the ties.
        at: an instant of the week whose hours count, UTC.
        topic_catalogue: family by topic id.
    """
    everybody = tuple(sorted(members, key=lambda member: member.person_id))
    pool = pool_positions(everybody)
    weights = topic_weights((everybody[position].wants for position in pool), topic_catalogue)
    context = RoundContext.of(policy, week_of=at.astimezone(UTC).date(), topic_weights=weights)
    nothing = [0] * len(everybody)
    return StandbyPool(book=RuleBook(everybody, context, round_ordinal), seekers=Seekers(positions=pool, bonuses=nothing, reserves=nothing))


class Standby(Protocol):
    """A pool kept ready for questions."""

    def best_partner(self, person_id: PersonId) -> Partner | None:
        """Find the partner with the highest score above zero, of equals the nearest on the ring of ties; None if there is none.

        Whoever isn't in the pool has no partner.
        """


class PlainStandby:
    """A pool kept ready with nothing but the standard library.

    Args:
        asked: the pool and the rules.
    """

    def __init__(self, asked: StandbyPool) -> None:
        self._book, self._seekers = asked.book, asked.seekers

    @cached_property
    def _kinds(self) -> Kinds:
        return Kinds(self._book, self._seekers.positions, self._seekers.bonuses, self._seekers.reserves)

    def best_partner(self, person_id: PersonId) -> Partner | None:
        """See Standby."""
        position = self._book.position_by_id.get(person_id)
        if position is None or position not in self._kinds.kind_by_seeker:
            return None
        found = exact_lists(self._book, self._seekers, [position], self._kinds).kept[position]
        if not found:
            return None
        return Partner(person_id=self._book.members[found[0].other].person_id, score=found[0].score)
