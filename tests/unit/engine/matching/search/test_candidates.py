"""Rules of the candidate search (engine/matching/search/candidates.py)."""

from collections.abc import Sequence
from datetime import date
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.eligibility import STATUS_CODES, bar_between
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.search.candidates import CANDIDATES_MAX, Candidates, Seekers, candidates
from engine.matching.search.rule_book import RuleBook
from engine.matching.ties import pair_tie, person_tie
from schemas.terms.codes import Track
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.pools import HISTORY_CODES

WEEK_OF = date(2025, 3, 5)
TOPICS = ("python", "strategy", "inclusion")
WEIGHTS = {"python": 16, "strategy": 20, "inclusion": 11}
IDS = tuple(PersonId(f"p{number}") for number in range(6))

ids = st.frozensets(st.sampled_from(IDS), max_size=1)
topics = st.lists(st.sampled_from(TOPICS), unique=True, max_size=3)


@st.composite
def members(draw: st.DrawFn) -> list[PoolMember]:
    """A few people who stand in each other's way in every possible manner, each rarely."""

    def rarely(strategy: st.SearchStrategy[object]) -> bool:
        return draw(st.integers(0, 5)) == 0 and bool(draw(strategy))

    found = []
    for person_id in draw(st.lists(st.sampled_from(IDS), unique=True, max_size=len(IDS)).map(sorted)):
        line = tuple(draw(ids) - {person_id}) if rarely(st.just(1)) else ()
        found.append(
            PoolMember(
                person_id=person_id,
                offers=tuple((topic, draw(st.integers(1, 3))) for topic in draw(topics)),
                wants=tuple((topic, draw(st.integers(1, 3)), draw(st.integers(0, 2))) for topic in draw(topics)),
                band=draw(st.sampled_from([None, 0, 1, 2, 3])),
                department=draw(st.sampled_from([None, "sales", "legal"])),
                timezone=draw(st.sampled_from(["UTC", "Asia/Tokyo"])),
                languages=draw(st.sampled_from([frozenset({"en"}), frozenset({"en-GB", "es"}), frozenset({"es-MX"})])),
                manager_id=line[0] if line else draw(st.sampled_from([None, None, PersonId("boss")])),
                line=line,
                dotted_line_ids=tuple(draw(ids)) if rarely(st.just(1)) else (),
                excluded=draw(ids) if rarely(st.just(1)) else frozenset(),
                bars=dict.fromkeys(draw(ids), draw(st.sampled_from(HISTORY_CODES))) if rarely(st.just(1)) else {},
                partner_ids=draw(ids) if rarely(st.just(1)) else frozenset(),
                room=0 if rarely(st.just(1)) else 1,
                status=draw(st.sampled_from(STATUS_CODES)) if rarely(st.just(1)) else None,
            )
        )
    return found


policies = st.builds(
    Policy,
    track=st.sampled_from(Track),
    experience_gap_min=st.integers(0, 2),
    same_manager_allowed=st.booleans(),
    past_partner_allowed=st.booleans(),
    cross_department_only=st.sampled_from([False, False, True]),
    min_benefit_ratio=st.sampled_from([0.0, 0.25, 0.5]),
)


def book_of(people: Sequence[PoolMember], policy: Policy, round_ordinal: int = 1) -> RuleBook:
    """The rules over some people, weights fixed."""
    return RuleBook(people, RoundContext.of(policy, week_of=WEEK_OF, topic_weights=WEIGHTS), round_ordinal)


def found_in(book: RuleBook, bonuses: Sequence[int], reserves: Sequence[int]) -> Candidates:
    """What everybody with room and without a status finds."""
    seekers = [position for position, member in enumerate(book.members) if member.room > 0 and member.status is None]
    return candidates(book, Seekers(positions=seekers, bonuses=bonuses, reserves=reserves))


@given(people=members(), policy=policies)
def test_invariant_c1_edges_are_the_pairs_that_no_rule_bars(people: list[PoolMember], policy: Policy) -> None:
    """search.C1: asked at once or one by one, the rules say the same, and so does the score."""
    book = book_of(people, policy)
    expected = {
        (lo, hi): book.context.score(people[lo], people[hi])
        for lo, hi in combinations(range(len(people)), 2)
        if bar_between(people[lo], people[hi], book.context) is None
    }

    found = found_in(book, [1] * len(people), [0] * len(people))

    assert expected == {(edge.lo, edge.hi): edge.score for edge in found.edges}
    assert tuple(sum(position in pair for pair in expected) for position in range(len(people))) == tuple(found.option_counts)


@given(people=members(), policy=policies)
def test_invariant_c1_first_bar_is_the_rule_named_pairwise(people: list[PoolMember], policy: Policy) -> None:
    """search.C1: of the sets of `bars` the first in order of HARD_RULES that holds a person is the rule of the pair."""
    book = book_of(people, policy)
    everybody = (1 << len(people)) - 1

    for lo in range(len(people)):
        barred = book.bars(lo, everybody)
        for hi in range(len(people)):
            code = bar_between(people[lo], people[hi], book.context)
            named = {rule for rule, bits in barred.items() if bits >> hi & 1}

            assert (code is None and not named) or code in named


def test_invariant_c2_each_person_keeps_the_heaviest_and_is_kept_by_others() -> None:
    """search.C2: a hub's list is full, yet those outside it keep the hub on theirs."""
    hub = PoolMember(person_id=PersonId("a"), offers=(("python", 3),), wants=(("strategy", 1, 0),))
    others = [
        PoolMember(person_id=PersonId(f"b{number:02d}"), offers=(("strategy", 3),), wants=(("python", 1, 0),))
        for number in range(CANDIDATES_MAX + 8)
    ]
    book = book_of([hub, *others], Policy())
    nothing = [0] * len(book.members)

    found = found_in(book, nothing, nothing)

    assert CANDIDATES_MAX + 8 == len(found.edges) == found.option_counts[0]


def test_pairs_below_the_reserve_are_options_but_no_candidates() -> None:
    """The lower reserve of the two counts: that of the longer waiter."""
    a = PoolMember(person_id=PersonId("a"), offers=(("python", 3),), wants=(("strategy", 1, 0),))
    b = PoolMember(person_id=PersonId("b"), offers=(("strategy", 3),), wants=(("python", 1, 0),))
    book = book_of([a, b], Policy())
    score = book.context.score(a, b)

    above, at = found_in(book, [0, 0], [score + 1, 999]), found_in(book, [0, 0], [score, 999])

    assert ((), [1, 1], [0, 0]) == (above.edges, list(above.option_counts), list(above.worthy_counts))
    assert (1, [1, 1]) == (len(at.edges), list(at.worthy_counts))


def test_ties_depend_on_both_people_and_on_the_round() -> None:
    """search.C3: another round settles equals in another way, so nobody is always first."""
    ties = {pair_tie(person_tie(lo, number), person_tie(hi, number)) for lo, hi in combinations(IDS, 2) for number in (1, 2)}

    assert len(ties) == 30
    assert all(0 <= tie < 1 << 64 for tie in ties)
