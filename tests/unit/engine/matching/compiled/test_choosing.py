"""The compiled way gives what the plain way gives (engine/matching/compiled)."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from engine.errors import InvalidSettings
from engine.matching import compiled
from engine.matching.assigning.choosing import ChosenPairs, RoundTask, choose_pairs
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.reserve import reserve_of
from engine.matching.round import hold_round
from engine.matching.scoring import topic_weights
from engine.matching.search.candidates import Seekers
from engine.matching.search.rule_book import RuleBook
from ops.bench.matching.people import FAMILIES, people
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Matcher, Track
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.pools import HISTORY_CODES

pytestmark = [
    pytest.mark.skipif(not compiled.has_numba(), reason="needs the extra `fast` (numba)"),
    pytest.mark.timeout(600),
]

WEEK_OF = date(2025, 3, 5)
AT = datetime(2025, 3, 5, 6, tzinfo=UTC)


def varied(size: int, seed: int) -> list[PoolMember]:
    """A pool with everything that may stand between two people, and crowds of people alike."""
    draws = random.Random(seed)  # noqa: S311 - people of a test, no cryptography
    found = people(size, seed)
    ids = [member.person_id for member in found]
    for number, member in enumerate(found):
        chance = draws.random()
        twin = found[draws.randrange(size)] if chance < 0.3 else member
        others = draws.sample(ids, k=3)
        found[number] = replace(
            twin,
            person_id=member.person_id,
            line=member.line,
            manager_id=member.manager_id,
            excluded=member.excluded - {member.person_id},
            band=None if chance > 0.95 else twin.band,
            department=None if 0.9 < chance < 0.95 else twin.department,
            bars={others[0]: draws.choice(HISTORY_CODES)} if chance > 0.7 and others[0] != member.person_id else {},
            partner_ids=frozenset(others[1:2]) - {member.person_id} if chance > 0.8 else frozenset(),
            dotted_line_ids=tuple(others[2:]) if chance > 0.9 else (),
            live_count=int(chance > 0.8),
            waiting_days=draws.randint(0, 40),
            rounds_waited=draws.randint(0, 8),
            is_first_round=number % 3 == 0,
            status=EligibilityCode.ON_LEAVE if 0.4 < chance < 0.43 else None,
            room=0 if 0.43 < chance < 0.5 else member.room,
        )
    return found


def task_of(members: Sequence[PoolMember], policy: Policy, *, exact_people_max: int = 50_000) -> RoundTask:
    """What a round of these people asks."""
    context = RoundContext.of(policy, week_of=WEEK_OF, topic_weights=topic_weights((m.wants for m in members), FAMILIES))
    positions = [position for position, member in enumerate(members) if member.status is None and member.room > 0]
    return RoundTask(
        book=RuleBook(members, context, 3),
        seekers=Seekers(
            positions=positions,
            bonuses=[50 * min(member.rounds_waited, 6) for member in members],
            reserves=[reserve_of(member, policy) for member in members],
        ),
        room=[member.room if member.status is None else 0 for member in members],
        locked=frozenset(),
        served=frozenset(position for position, member in enumerate(members) if member.live_count),
        first_pair_first=policy.first_pair_first,
        matcher=policy.matcher,
        exact_people_max=exact_people_max,
    )


def seen(choice: ChosenPairs) -> tuple[object, ...]:
    """Everything that a choice says."""
    counts = list(choice.option_counts), list(choice.worthy_counts)
    return choice.pairs, *counts, choice.total, choice.bound, choice.blocking_pairs_count


@pytest.mark.parametrize("exact_people_max", [50_000, 0], ids=["exact", "bounded"])
@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(experience_gap_min=2, first_pair_first=False),
        Policy(track=Track.REVERSE, training_required=False, same_manager_allowed=True),
        Policy(track=Track.TRADITIONAL, cross_department_only=True, past_partner_allowed=True),
        Policy(min_benefit_ratio=0.0, reserve_start=0, reserve_floor=0),
    ],
    ids=["mutual", "gap 2", "reverse", "traditional", "no limits"],
)
def test_compiled_choice_is_the_plain_one_bit_for_bit(policy: Policy, exact_people_max: int) -> None:
    """Whether numba is installed never shows in a result."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    members = varied(400, seed=11)

    plain = choose_pairs(task_of(members, policy, exact_people_max=exact_people_max))
    compiled = choose_compiled(task_of(members, policy, exact_people_max=exact_people_max))

    assert seen(plain) == seen(compiled)
    assert plain.pairs


@pytest.mark.parametrize("exact_people_max", [50_000, 0], ids=["exact", "bounded"])
def test_compiled_choice_is_the_plain_one_where_every_week_differs(exact_people_max: int) -> None:
    """More working weeks than a table holds, and more languages than a word has bits."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    members = [
        replace(
            member,
            hours=tuple((day, f"{8 + number % 3:02d}:{number // 60 % 60:02d}", f"17:{number % 60:02d}") for day in range(1, 6)),
            languages=member.languages | {f"x{number % 90:02d}"[:3]},
        )
        for number, member in enumerate(people(2_300, seed=5))
    ]

    plain = choose_pairs(task_of(members, Policy(), exact_people_max=exact_people_max))
    compiled = choose_compiled(task_of(members, Policy(), exact_people_max=exact_people_max))

    assert seen(plain) == seen(compiled)


@pytest.mark.parametrize("exact_people_max", [50_000, 0], ids=["exact", "bounded"])
@pytest.mark.parametrize("size", [300, 2_200], ids=["table", "words"])
def test_compiled_choice_is_the_plain_one_where_people_have_odd_half_hours(size: int, exact_people_max: int) -> None:
    """Time is shared only where one stretch is long enough, over midnight and over the end of the week too."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    members = [
        replace(
            member,
            hours=(
                (1 + number % 7, f"{9 + number % 9:02d}:{number % 60:02d}", f"{10 + number % 9:02d}:{number % 43:02d}"),
                (7, f"{22 + number % 2}:{number // 60 % 60:02d}", f"0{number % 3}:{number % 50:02d}"),
                (1, f"00:{number % 30:02d}", "00:50"),
            ),
        )
        for number, member in enumerate(people(size, seed=8))
    ]

    plain = choose_pairs(task_of(members, Policy(), exact_people_max=exact_people_max))
    compiled = choose_compiled(task_of(members, Policy(), exact_people_max=exact_people_max))

    assert seen(plain) == seen(compiled)
    assert plain.pairs


@pytest.mark.parametrize("exact_people_max", [50_000, 0], ids=["exact", "bounded"])
@pytest.mark.parametrize("speakers", [1, 2, 3], ids=["each its own", "tongues of two", "tongues of three"])
def test_compiled_choice_is_the_plain_one_where_hundreds_of_languages_are_spoken(speakers: int, exact_people_max: int) -> None:
    """Languages are listed then; a language of one person joins nobody."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    members = [
        replace(member, languages=frozenset({f"l{number // speakers}", f"m{number % 290}-x"}) if number % 5 else member.languages)
        for number, member in enumerate(people(900, seed=6))
    ]

    plain = choose_pairs(task_of(members, Policy(), exact_people_max=exact_people_max))
    compiled = choose_compiled(task_of(members, Policy(), exact_people_max=exact_people_max))

    assert seen(plain) == seen(compiled)
    assert plain.pairs


def test_rounds_agree_whichever_chooser_computes_them() -> None:
    """The same proposals, reasons and certificate, locks included."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    members = varied(300, seed=2)
    locks = [(members[number].person_id, members[number + 1].person_id) for number in range(0, 40, 2)]

    plain, compiled = (
        hold_round(members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES, locks=locks, chooser=chooser)
        for chooser in (choose_pairs, choose_compiled)
    )

    assert plain == compiled


def test_pool_of_nobody_gives_nothing() -> None:
    """Empty arrays break nothing."""
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    alone = [PoolMember(person_id=PersonId("ann"))]

    assert seen(choose_pairs(task_of(alone, Policy()))) == seen(choose_compiled(task_of(alone, Policy())))
    assert seen(choose_pairs(task_of([], Policy()))) == seen(choose_compiled(task_of([], Policy())))


@pytest.mark.skipif(not compiled.has_ortools(), reason="needs the extra `exact` (OR-tools)")
@pytest.mark.parametrize(("gap", "share"), [(0, 0.999), (2, 0.9995)])
def test_auction_is_nearly_as_good_as_the_exact_matcher(gap: int, share: float) -> None:
    """Minimum-cost flow is the oracle; with two bands between, the graph has two sides and the optimum is exact."""
    policy = Policy(experience_gap_min=gap, first_pair_first=False)
    members = people(2_000, seed=3)

    auctioned = compiled.choose_pairs(task_of(members, policy))
    exact = compiled.choose_pairs(task_of(members, policy.model_copy(update={"matcher": Matcher.EXACT})))

    assert share * exact.bound <= auctioned.total <= min(exact.bound, auctioned.bound)
    assert exact.total >= share * exact.bound


def test_exact_matcher_is_refused_where_it_is_missing() -> None:
    """A round left out on one machine alone would be another result, so the process stops."""
    if compiled.has_ortools():
        pytest.skip("OR-tools is installed")
    with pytest.raises(InvalidSettings, match="exact"):
        compiled.choose_pairs(task_of(people(3), Policy(matcher=Matcher.EXACT)))
