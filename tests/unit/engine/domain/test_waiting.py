"""Rules of what people without a proposal are told (engine/domain/waiting.py)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest

from engine.domain.candidates import Seekers, candidates
from engine.domain.eligibility import PoolMember, RoundContext
from engine.domain.rule_book import RuleBook
from engine.domain.waiting import COMPARED_MAX, Unmatched, unmatched_reasons
from ops.bench.matching.people import people
from schemas.codes import EligibilityCode, Track, UnmatchedCode, WidenCode
from schemas.ids import PersonId
from schemas.policy import Policy

WEIGHTS = {"python": 16, "strategy": 16, "cooking": 16}
ANN = PoolMember(person_id=PersonId("ann"), offers=(("python", 3),), wants=(("strategy", 2, 0),), band=0)
BOB = PoolMember(person_id=PersonId("bob"), offers=(("strategy", 3),), wants=(("python", 2, 0),), band=2)
CAT = replace(BOB, person_id=PersonId("cat"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """A round that found no option for anybody."""

    option_counts: Sequence[int]
    worthy_counts: Sequence[int]


def told(*members: PoolMember, policy: Policy | None = None, reserve: int = 0) -> Unmatched:
    """What the first is told when nobody got anybody."""
    book = RuleBook(members, RoundContext.of(policy or Policy(), week_of=date(2025, 3, 5), topic_weights=WEIGHTS), 1)
    seekers = [position for position, member in enumerate(members) if member.room > 0 and member.status is None]
    found = candidates(book, Seekers(positions=seekers, bonuses=[0] * len(members), reserves=[reserve] * len(members)))
    return unmatched_reasons(book, found, [0])[0]


def test_somebody_with_worthy_options_is_told_that_others_got_them() -> None:
    """Options were there and taken."""
    assert Unmatched(person_id=ANN.person_id, code=UnmatchedCode.OPTIONS_TAKEN, widen=WidenCode.PATIENCE) == told(ANN, BOB)


def test_somebody_whose_options_miss_the_reserve_is_told_so() -> None:
    """W4: more to learn or to teach raises what a pair is worth; the reserve falls with time besides."""
    assert Unmatched(person_id=ANN.person_id, code=UnmatchedCode.BELOW_RESERVE, widen=WidenCode.WANTS) == told(ANN, BOB, reserve=1_001)


@pytest.mark.parametrize(
    ("ann", "code", "widen"),
    [
        (replace(ANN, languages=frozenset({"es"})), EligibilityCode.LANGUAGE, WidenCode.LANGUAGES),
        (replace(ANN, timezone="Pacific/Auckland"), EligibilityCode.HOURS, WidenCode.HOURS),
        (replace(ANN, line=(BOB.person_id, CAT.person_id)), EligibilityCode.REPORTING_LINE, WidenCode.PATIENCE),
        (replace(ANN, wants=(("cooking", 1, 0),)), EligibilityCode.ONE_WAY, WidenCode.WANTS),
        (replace(ANN, offers=(("cooking", 1),)), EligibilityCode.ONE_WAY, WidenCode.OFFERS),
    ],
)
def test_invariant_w1_somebody_without_an_option_is_told_the_rule(ann: PoolMember, code: EligibilityCode, widen: WidenCode) -> None:
    """W1: the rule in the way and what would widen the choice, never "wait"."""
    assert Unmatched(person_id=ANN.person_id, code=code, widen=widen, has_option=False) == told(ann, BOB, CAT)


def test_unknown_band_is_the_persons_to_tell() -> None:
    """In a programme with a gap, naming the band opens it."""
    answer = told(replace(ANN, band=None), BOB, policy=Policy(track=Track.REVERSE))

    assert (EligibilityCode.BAND_GAP, WidenCode.EXPERIENCE_BAND) == (answer.code, answer.widen)


def test_the_one_person_of_a_pool_is_told_that_nobody_fits() -> None:
    """Nobody to learn from is a matter of wants and offers."""
    assert EligibilityCode.ONE_WAY is told(ANN).code


def test_invariant_w3_most_frequent_rule_is_told_and_the_decisive_one_widens() -> None:
    """W3: two are barred by language first and one by hours alone; more hours open one partner at once."""
    ann = replace(ANN, timezone="Pacific/Auckland")
    spanish = frozenset({"es"})

    answer = told(ann, BOB, replace(CAT, languages=spanish), replace(CAT, person_id=PersonId("dan"), languages=spanish))

    assert (EligibilityCode.LANGUAGE, WidenCode.HOURS) == (answer.code, answer.widen)


def test_invariant_w2_exclusions_are_never_told() -> None:
    """W2: the list is confidential, so whom it bars seems to have no room."""
    assert EligibilityCode.CAPACITY is told(ANN, replace(BOB, excluded=frozenset({ANN.person_id}))).code


def test_invariant_w2_absence_of_others_is_never_told() -> None:
    """W2: whoever is on leave seems to have no room."""
    assert EligibilityCode.CAPACITY is told(ANN, replace(BOB, status=EligibilityCode.ON_LEAVE)).code


@pytest.mark.parametrize(
    ("ann", "code", "widen"),
    [
        (replace(ANN, room=0), EligibilityCode.CAPACITY, WidenCode.CAPACITY),
        (replace(ANN, status=EligibilityCode.PAUSED), EligibilityCode.PAUSED, WidenCode.RESUME),
        (replace(ANN, status=EligibilityCode.TRAINING), EligibilityCode.TRAINING, WidenCode.TRAINING),
        (replace(ANN, status=EligibilityCode.ON_LEAVE), EligibilityCode.ON_LEAVE, WidenCode.PATIENCE),
    ],
)
def test_people_outside_the_pool_are_told_their_own_state(ann: PoolMember, code: EligibilityCode, widen: WidenCode) -> None:
    """Their own state is theirs to know."""
    expected = Unmatched(person_id=ANN.person_id, code=code, widen=widen, is_in_pool=False, has_option=False)

    assert expected == told(ann, BOB)


def test_a_reason_is_the_same_whether_one_person_asks_or_many() -> None:
    """A few questions are asked of the people concerned, many of tables of the whole pool."""
    pool = people(COMPARED_MAX + 10, seed=4)
    alone = [
        replace(pool[3], languages=frozenset({"xx"})),
        replace(pool[700], timezone="Pacific/Auckland", hours=((1, "09:00", "10:00"),)),
        replace(pool[-1], offers=(("python", 1),), wants=(("cooking", 1, 0),), excluded=frozenset({pool[0].person_id})),
    ]
    members = sorted(
        [*(each for each in pool if each.person_id not in {one.person_id for one in alone}), *alone], key=lambda m: m.person_id
    )
    book = RuleBook(members, RoundContext.of(Policy(), week_of=date(2025, 3, 5), topic_weights=WEIGHTS), 1)
    found = Nobody(option_counts=[0] * len(members), worthy_counts=[0] * len(members))
    positions = [book.position_by_id[one.person_id] for one in alone]

    one_by_one = [unmatched_reasons(book, found, [position])[0] for position in positions]

    assert list(unmatched_reasons(book, found, positions)) == one_by_one
    assert EligibilityCode.LANGUAGE in {each.code for each in one_by_one}
