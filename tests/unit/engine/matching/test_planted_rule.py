"""A hard rule is one line (engine/matching/eligibility.py): a rule that no search knows is kept by all of them, and told as the reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from engine.matching import compiled
from engine.matching.assigning.choosing import ChosenPairs, RoundTask, choose_pairs
from engine.matching.eligibility import HARD_RULES, ApartRule, NamedRule, Rule, StateRule, bar_between, pool_positions
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import hold_round
from engine.matching.scoring import topic_weights
from engine.matching.search.candidates import Seekers
from engine.matching.search.rule_book import RuleBook
from ops.bench.matching.people import FAMILIES
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Matcher, WidenCode
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.pools import pool_of

CODE = EligibilityCode.CROSS_DEPARTMENT
"""The policy of these tests doesn't ask this rule, so its code is free for the planted one."""
AT = datetime(2025, 3, 5, 6, tzinfo=UTC)


def neighbours(member: PoolMember) -> list[PersonId]:
    """The next forty people by number."""
    number = int(member.person_id[1:])
    return [PersonId(f"p{number + step:07d}") for step in range(1, 41)]


PLANTED: dict[str, Rule] = {
    "names apart": ApartRule(code=CODE, words="One time zone", trait=lambda m: m.timezone, steps_min=lambda _: 1),
    "numbers apart": ApartRule(code=CODE, words="Alike in wants", trait=lambda m: len(m.wants) or None, steps_min=lambda _: 2),
    "named": NamedRule(code=CODE, words="Neighbours", names=lambda m, _: neighbours(m)),
    "state": StateRule(code=CODE, words="Far away", holds=lambda m: m.timezone == "Asia/Tokyo"),
}


def with_planted(rule: Rule) -> tuple[Rule, ...]:
    """The house's rules, one line of them changed."""
    return tuple(rule if each.code is CODE else each for each in HARD_RULES)


def task_of(members: list[PoolMember], rules: tuple[Rule, ...], exact_people_max: int) -> RoundTask:
    """What a round asks by these rules, everybody's reserve at nought."""
    weights = topic_weights((member.wants for member in members), FAMILIES)
    context = RoundContext.of(Policy(), week_of=date(2025, 3, 5), topic_weights=weights)
    positions = pool_positions(members, rules)
    nothing = [0] * len(members)
    return RoundTask(
        book=RuleBook(members, context, 1, rules),
        seekers=Seekers(positions=positions, bonuses=nothing, reserves=nothing),
        room=[member.room if position in positions else 0 for position, member in enumerate(members)],
        locked=frozenset(),
        served=frozenset(),
        first_pair_first=True,
        matcher=Matcher.AUCTION,
        exact_people_max=exact_people_max,
    )


def ways() -> list[Callable[[RoundTask], ChosenPairs]]:
    """All ways to choose that this machine has."""
    if not compiled.has_numba():
        return [choose_pairs]
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    return [choose_pairs, choose_compiled]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("exact_people_max", [50_000, 0], ids=["exact", "bounded"])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_rule_is_kept_by_every_search(name: str, exact_people_max: int) -> None:
    """Options and pairs are those that the lines allow, plain and compiled, exact and bounded."""
    rules = with_planted(PLANTED[name])
    task = task_of(pool_of(160, 4), rules, exact_people_max)
    members, everybody = task.book.members, range(len(task.book.members))
    allowed = {
        (lo, hi) for lo, hi in combinations(everybody, 2) if bar_between(members[lo], members[hi], task.book.context, rules=rules) is None
    }
    options = [sum(position in pair for pair in allowed) for position in everybody]

    plain, *others = [way(task) for way in ways()]

    assert plain.pairs
    assert allowed >= set(plain.pairs)
    assert all(count <= most for count, most in zip(plain.option_counts, options, strict=True))
    assert list(plain.option_counts) == options or exact_people_max == 0
    assert [(plain.pairs, list(plain.option_counts))] * len(others) == [(other.pairs, list(other.option_counts)) for other in others]


@pytest.mark.parametrize("name", PLANTED)
def test_planted_rule_is_told_as_the_reason(name: str) -> None:
    """Whoever has no option because of the rule alone hears its code, and what its line says would help."""
    rule = replace(PLANTED[name], widen=WidenCode.RESUME)
    members = [
        PoolMember(
            person_id=PersonId(f"p{number:07d}"),
            offers=(("python", 3),) if number % 2 else (("strategy", 3),),
            wants=(("strategy", 2, 0),) if number % 2 else (("python", 2, 0),),
            timezone="Asia/Tokyo",
        )
        for number in range(12)
    ]
    assert hold_round(members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES).proposals

    result = hold_round(members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES, rules=with_planted(rule))

    assert not result.proposals
    assert {(CODE, WidenCode.RESUME)} == {(left_out.code, left_out.widen) for left_out in result.unmatched}


def test_planted_rule_refuses_a_lock() -> None:
    """A coordinator's lock is judged by the same lines."""
    members = [PoolMember(person_id=PersonId(f"p{number:07d}")) for number in range(2)]
    lock = (members[0].person_id, members[1].person_id)

    result = hold_round(
        members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES, locks=[lock], rules=with_planted(PLANTED["named"])
    )

    assert [(lock, CODE)] == [(refused.person_ids, refused.code) for refused in result.refused_locks]
