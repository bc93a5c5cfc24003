"""Rules of what people without a proposal are told (engine/domain/waiting.py)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.candidates import Seekers, candidates
from engine.domain.eligibility import RULES, PoolMember, RoundContext, bar_between
from engine.domain.rule_book import RuleBook
from engine.domain.scoring import USEFULNESS, topic_weights
from engine.domain.waiting import COMPARED_MAX, PRIVATE_RULES, Unmatched, unmatched_reasons
from ops.bench.matching.people import FAMILIES, people
from schemas.codes import EligibilityCode, Track, UnmatchedCode, WidenCode
from schemas.ids import PersonId
from schemas.policy import Policy
from tests.pools import POLICIES, pool_of

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


def teaches(teacher: PoolMember, learner: PoolMember) -> bool:
    """Say whether there is anything to learn."""
    return any(USEFULNESS[level][own] for topic, level in teacher.offers for wanted, _, own in learner.wants if wanted == topic)


def bars_alone(rule: EligibilityCode, one: PoolMember, two: PoolMember, context: RoundContext) -> bool:
    """Say whether one rule bars two people, whatever the others say; on a directed track nobody of one band learns from another."""
    if (
        rule is EligibilityCode.ONE_WAY
        and context.track is not Track.MUTUAL
        and (one.band is None or one.band == two.band or two.band is None)
    ):
        return True
    if rule is not EligibilityCode.PAST_PARTNER:
        one, two = replace(one, partner_ids=frozenset()), replace(two, partner_ids=frozenset())
    return bar_between(one, two, context, waived=frozenset(RULES) - {rule}) is rule


def reason_one_by_one(members: Sequence[PoolMember], context: RoundContext, position: int) -> tuple[EligibilityCode, WidenCode]:
    """What W3 says: each rule asked of each person by itself, and no tables."""
    member = members[position]
    others = [other for other in members if other is not member]
    teachers, learners = [other for other in others if teaches(other, member)], [other for other in others if teaches(member, other)]
    compared = [other for other in others if other in teachers or other in learners][:COMPARED_MAX]
    barring = [[rule for rule in RULES if bars_alone(rule, member, other, context)] for other in compared]
    public = {rule: EligibilityCode.CAPACITY if rule in PRIVATE_RULES else rule for rule in RULES}
    told = Counter(public[rules[0]] for rules in barring if rules)
    alone = Counter(public[rules[0]] for rules in barring if len(rules) == 1)
    code = max(RULES, key=lambda rule: told[rule]) if told else EligibilityCode.ONE_WAY
    decisive = max(RULES, key=lambda rule: alone[rule]) if alone else code
    if decisive is EligibilityCode.ONE_WAY:
        is_mutual = context.track is Track.MUTUAL
        asks_for_wants = len(teachers) <= len(learners) if is_mutual else len(learners) > len(teachers)
        return code, WidenCode.WANTS if asks_for_wants else WidenCode.OFFERS
    if decisive is EligibilityCode.BAND_GAP and member.band is None:
        return code, WidenCode.EXPERIENCE_BAND
    widens = {EligibilityCode.LANGUAGE: WidenCode.LANGUAGES, EligibilityCode.HOURS: WidenCode.HOURS}
    return code, widens.get(decisive, WidenCode.PATIENCE)


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 40), seed=st.integers(0, 10_000), policy=POLICIES)
def test_invariant_w3_reasons_are_those_found_one_by_one(size: int, seed: int, policy: Policy) -> None:
    """W3: tables of a pool, of a few of its people, or no tables at all give the same reason and the same advice."""
    members = pool_of(size, seed)
    context = RoundContext.of(policy, week_of=date(2025, 3, 5), topic_weights=topic_weights((m.wants for m in members), FAMILIES))
    book = RuleBook(members, context, 1)
    pool = [position for position, member in enumerate(members) if member.status is None and member.room > 0]
    found = Nobody(option_counts=[0] * size, worthy_counts=[0] * size)

    answers = unmatched_reasons(book, found, pool)
    alone = [unmatched_reasons(book, found, [position])[0] for position in pool]

    assert [reason_one_by_one(members, context, position) for position in pool] == [(answer.code, answer.widen) for answer in answers]
    assert list(answers) == alone


@pytest.mark.timeout(60)
def test_reasons_for_a_large_pool_of_which_nobody_has_an_option_take_seconds() -> None:
    """Work for one person hardly grows with the pool: languages, managers and departments of thousands are no square of anything."""
    pool = [
        replace(member, languages=frozenset({f"l{at}"}), department=f"d{at}", manager_id=PersonId("boss"), line=(PersonId("boss"),))
        for at, member in enumerate(people(8_000, seed=3))
    ]
    context = RoundContext.of(Policy(cross_department_only=True), week_of=date(2025, 3, 5), topic_weights=WEIGHTS)
    found = Nobody(option_counts=[0] * len(pool), worthy_counts=[0] * len(pool))

    answers = unmatched_reasons(RuleBook(pool, context, 1), found, range(len(pool)))

    assert {EligibilityCode.SAME_MANAGER, EligibilityCode.ONE_WAY} >= {answer.code for answer in answers}
