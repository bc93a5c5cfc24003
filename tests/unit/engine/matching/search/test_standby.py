"""The best partner for one person (engine/matching/search/standby.py)."""

from datetime import UTC, datetime

from engine.matching.eligibility import bar_between
from engine.matching.pool import RoundContext
from engine.matching.scoring import topic_weights
from engine.matching.search.standby import PlainStandby, standby_pool_of
from ops.bench.matching.people import FAMILIES, people
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

AT = datetime(2025, 3, 5, 6, tzinfo=UTC)


def test_best_partner_is_the_best_of_all_who_are_allowed() -> None:
    """Compared one by one, nobody allowed scores more."""
    pool = people(120, seed=9)
    standby = PlainStandby(standby_pool_of(pool, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES))
    context = RoundContext.of(Policy(), week_of=AT.date(), topic_weights=topic_weights((member.wants for member in pool), FAMILIES))

    served_count = 0
    for member in pool[:40]:
        allowed = [context.score(member, other) for other in pool if bar_between(member, other, context) is None]
        found = standby.best_partner(member.person_id)

        assert max(allowed, default=None) == (found.score if found else None)
        served_count += found is not None
    assert served_count > 20


def test_stranger_has_no_partner() -> None:
    """Whoever isn't in the pool is nobody's partner."""
    assert PlainStandby(standby_pool_of([], Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES)).best_partner(PersonId("x")) is None
