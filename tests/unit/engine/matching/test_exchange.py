"""What people can learn from each other (engine/matching/exchange.py)."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.exchange import OffersAndWants, bits_of, few_positions_of, positions_of
from engine.matching.pool import PoolMember
from engine.matching.scoring import USEFULNESS, benefit
from schemas.terms.ids import PersonId

TOPICS = ("python", "strategy", "inclusion", "budgeting")
WEIGHTS = {"python": 16, "strategy": 20, "inclusion": 11}
SHARE = Fraction(1, 4)

offers = st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 3)).map(lambda found: tuple(found.items()))
wants = st.dictionaries(st.sampled_from(TOPICS), st.tuples(st.integers(1, 3), st.integers(0, 2)))
members = st.lists(st.tuples(offers, wants.map(lambda found: tuple((topic, *rest) for topic, rest in found.items()))), max_size=6).map(
    lambda found: [PoolMember(person_id=PersonId(f"p{at}"), offers=o, wants=w) for at, (o, w) in enumerate(found)]
)


@given(people=members)
def test_invariant_x1_taught_is_what_the_benefit_says(people: list[PoolMember]) -> None:
    """matching.X1: asked at once or one by one, the same people teach enough; a topic without a weight teaches nothing."""
    exchange = OffersAndWants(people, WEIGHTS, SHARE)
    everybody = (1 << len(people)) - 1

    for learner in range(len(people)):
        expected = [
            teacher
            for teacher in range(len(people))
            if benefit(people[learner].wants, people[teacher].offers, WEIGHTS).is_at_least(*SHARE.as_integer_ratio())
        ]
        assert expected == list(positions_of(exchange.taught(learner, everybody)))


@given(people=members)
def test_invariant_x2_points_end_at_the_need(people: list[PoolMember]) -> None:
    """matching.X2: more than enough doesn't count."""
    exchange = OffersAndWants(people, WEIGHTS, SHARE)

    for learner in range(len(people)):
        for teacher in range(len(people)):
            assert benefit(people[learner].wants, people[teacher].offers, WEIGHTS).points == exchange.points(learner, teacher)


@given(positions=st.frozensets(st.integers(0, 300)))
def test_a_set_of_positions_comes_back_as_it_was(positions: frozenset[int]) -> None:
    """Bits are the positions, lowest first."""
    assert sorted(positions) == list(positions_of(bits_of(positions, 301)))
    assert sorted(positions) == list(few_positions_of(bits_of(positions, 301)))


@given(people=members)
def test_invariant_x1_taught_by_is_what_the_benefit_says(people: list[PoolMember]) -> None:
    """matching.X1: whether one offer is enough or several together, the same people learn enough from somebody; oneself isn't asked."""
    exchange = OffersAndWants(people, WEIGHTS, SHARE)
    everybody = (1 << len(people)) - 1

    for teacher in range(len(people)):
        expected = [
            learner
            for learner in range(len(people))
            if learner != teacher and benefit(people[learner].wants, people[teacher].offers, WEIGHTS).is_at_least(*SHARE.as_integer_ratio())
        ]
        assert expected == list(positions_of(exchange.taught_by(teacher, everybody)))


def partners(people: list[PoolMember], position: int) -> tuple[list[int], list[int]]:
    """Who else can teach a person something, and who can learn from it, looked at one by one."""

    def teaches(teacher: PoolMember, learner: PoolMember) -> bool:
        return any(USEFULNESS[level][own] for topic, level in teacher.offers for wanted, _, own in learner.wants if wanted == topic)

    others = [other for other in range(len(people)) if other != position]
    return (
        [other for other in others if teaches(people[other], people[position])],
        [other for other in others if teaches(people[position], people[other])],
    )


@given(people=members, among=st.integers(0))
def test_sides_are_those_counted_one_by_one(people: list[PoolMember], among: int) -> None:
    """Of any set of people."""
    exchange = OffersAndWants(people, WEIGHTS, SHARE)

    for position in range(len(people)):
        counted = tuple(sum(among >> other & 1 for other in side) for side in partners(people, position))
        assert counted == exchange.sides(position, among & ~(1 << position))
