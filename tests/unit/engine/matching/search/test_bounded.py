"""Rules of the bounded search (engine/matching/search/bounded.py)."""

from datetime import date

import pytest

from engine.matching.eligibility import bar_between
from engine.matching.pool import RoundContext
from engine.matching.scoring import topic_weights
from engine.matching.search.bounded import bounded_lists, bounds_for
from engine.matching.search.candidates import CANDIDATES_MAX, Lists, Seekers, exact_lists
from engine.matching.search.coded import coded
from engine.matching.search.rule_book import RuleBook
from ops.bench.matching.people import FAMILIES, people
from schemas.terms.codes import Track
from schemas.terms.policy import Policy

SIZE = 300


def searched(policy: Policy) -> tuple[RuleBook, Lists, Lists]:
    """The same pool, searched within bounds and exactly."""
    members = people(SIZE, seed=4)
    weights = topic_weights((member.wants for member in members), FAMILIES)
    book = RuleBook(members, RoundContext.of(policy, week_of=date(2025, 3, 5), topic_weights=weights), 1)
    seekers = Seekers(positions=list(range(SIZE)), bonuses=[0] * SIZE, reserves=[0] * SIZE)
    return book, bounded_lists(book, seekers, coded(book, seekers)), exact_lists(book, seekers, seekers.positions)


@pytest.mark.parametrize("track", Track)
def test_invariant_d2_pairs_found_keep_all_rules(track: Track) -> None:
    """search.D2: the index proposes, the rules dispose, and the score is the published one."""
    book, bounded, _ = searched(Policy(track=track))
    members, context = book.members, book.context

    assert sum(len(options) for options in bounded.kept.values()) > SIZE
    for person, options in bounded.kept.items():
        for option in options:
            assert bar_between(members[person], members[option.other], context) is None
            assert context.score(members[person], members[option.other]) == option.score


def test_nobody_is_told_of_no_option_who_has_one() -> None:
    """Whoever finds nobody in the buckets searches everybody."""
    _, bounded, exact = searched(Policy())

    assert [person for person, count in exact.option_counts.items() if not count] == [
        person for person, count in bounded.option_counts.items() if not count
    ]


def test_some_searched_exactly_find_what_they_find_among_all() -> None:
    """One person's list is the same whether or not the others are listed too."""
    book, _, exact = searched(Policy())
    seekers = Seekers(positions=list(range(SIZE)), bonuses=[0] * SIZE, reserves=[0] * SIZE)

    some = exact_lists(book, seekers, [3, 70, 299])

    assert {person: exact.kept[person] for person in (3, 70, 299)} == some.kept
    assert {person: exact.option_counts[person] for person in (3, 70, 299)} == some.option_counts


def test_invariant_d1_size_alone_sets_the_bounds() -> None:
    """search.D1: larger pools keep fewer options each."""
    assert CANDIDATES_MAX > bounds_for(200_000).kept_max > bounds_for(200_001).kept_max
