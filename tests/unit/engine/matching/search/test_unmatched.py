"""Rules of what people without a proposal are told (engine/matching/search/unmatched.py)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching.eligibility import RULE_CODES, bar_between
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import hold_round
from engine.matching.scoring import USEFULNESS, topic_weights
from engine.matching.search.candidates import Seekers, candidates
from engine.matching.search.rule_book import RuleBook
from engine.matching.search.unmatched import COMPARED_MAX, LeftOut, unmatched_reasons
from ops.bench.matching.people import FAMILIES, people
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, RoundStanding, Track, UnmatchedCode, WidenCode
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.depth import deep
from tests.pools import POLICIES, pool_of

WEIGHTS = {"python": 16, "strategy": 16, "cooking": 16}
ANN = PoolMember(person_id=PersonId("ann"), offers=(("python", 3),), wants=(("strategy", 2, 0),), band=0)
BOB = PoolMember(person_id=PersonId("bob"), offers=(("strategy", 3),), wants=(("python", 2, 0),), band=2)
CAT = replace(BOB, person_id=PersonId("cat"))
PAST = {BOB.person_id: EligibilityCode.PAST_PARTNER, CAT.person_id: EligibilityCode.PAST_PARTNER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """A round that found no option for anybody."""

    option_counts: Sequence[int]
    worthy_counts: Sequence[int]


def told(*members: PoolMember, policy: Policy | None = None, reserve: int = 0, k_min: int = 1) -> LeftOut:
    """What the first is told when nobody got anybody; of a group of one, too, unless said otherwise."""
    book = RuleBook(members, RoundContext.of(policy or Policy(), week_of=date(2025, 3, 5), topic_weights=WEIGHTS), 1)
    seekers = [position for position, member in enumerate(members) if member.room > 0 and member.status is None]
    found = candidates(book, Seekers(positions=seekers, bonuses=[0] * len(members), reserves=[reserve] * len(members)))
    return unmatched_reasons(book, found, [0], k_min=k_min)[0]


def test_invariant_w6_somebody_with_worthy_options_is_told_that_others_got_them() -> None:
    """search.W6: options were there and taken."""
    assert LeftOut(person_id=ANN.person_id, code=UnmatchedCode.OPTIONS_TAKEN, widen=WidenCode.PATIENCE) == told(ANN, BOB)


def test_invariant_w4_somebody_whose_options_miss_the_reserve_is_told_so() -> None:
    """search.W4: more to learn or to teach raises what a pair is worth; the reserve falls with time besides."""
    assert LeftOut(person_id=ANN.person_id, code=UnmatchedCode.BELOW_RESERVE, widen=WidenCode.WANTS) == told(ANN, BOB, reserve=1_001)


@pytest.mark.parametrize(
    ("ann", "code", "widen"),
    [
        (replace(ANN, languages=frozenset({"es"})), EligibilityCode.LANGUAGE, WidenCode.LANGUAGES),
        (replace(ANN, timezone="Pacific/Auckland"), EligibilityCode.HOURS, WidenCode.HOURS),
        (replace(ANN, line=(BOB.person_id, CAT.person_id)), EligibilityCode.REPORTING_LINE, WidenCode.PATIENCE),
        (replace(ANN, bars=PAST), EligibilityCode.PAST_PARTNER, WidenCode.PATIENCE),
        (replace(ANN, wants=(("cooking", 1, 0),)), EligibilityCode.ONE_WAY, WidenCode.WANTS),
        (replace(ANN, offers=(("cooking", 1),)), EligibilityCode.ONE_WAY, WidenCode.OFFERS),
    ],
)
def test_invariant_w1_somebody_without_an_option_is_told_the_rule(ann: PoolMember, code: EligibilityCode, widen: WidenCode) -> None:
    """search.W1: the rule in the way and what would widen the choice, never "wait"."""
    assert LeftOut(person_id=ANN.person_id, code=code, widen=widen, has_option=False) == told(ann, BOB, CAT)


def test_unknown_band_is_the_persons_to_tell() -> None:
    """In a programme with a gap, naming the band opens it."""
    answer = told(replace(ANN, band=None), BOB, policy=Policy(track=Track.REVERSE))

    assert (EligibilityCode.BAND_GAP, WidenCode.EXPERIENCE_BAND) == (answer.code, answer.widen)


def test_invariant_w3_the_decisive_rule_is_told() -> None:
    """search.W3: language and hours bar two together and hours one alone; more hours open one partner at once."""
    ann = replace(ANN, timezone="Pacific/Auckland")
    spanish = frozenset({"es"})

    answer = told(ann, BOB, replace(CAT, languages=spanish), replace(CAT, person_id=PersonId("dan"), languages=spanish))

    assert (EligibilityCode.HOURS, WidenCode.HOURS) == (answer.code, answer.widen)


def test_invariant_w3_without_a_decisive_rule_the_one_that_bars_most_is_told() -> None:
    """search.W3: everybody is barred by two rules; language is one of them for both."""
    ann = replace(ANN, timezone="Pacific/Auckland", bars={CAT.person_id: EligibilityCode.RESTING})
    bob = replace(BOB, languages=frozenset({"es"}))
    cat = replace(CAT, languages=frozenset({"es"}), timezone="Pacific/Auckland")

    assert EligibilityCode.LANGUAGE is told(ann, bob, cat).code


def test_invariant_w3_ties_go_by_the_published_order() -> None:
    """search.W3: a resting proposal and hours bar one each; `resting` is published before `hours`."""
    ann = replace(ANN, bars={CAT.person_id: EligibilityCode.RESTING})

    assert EligibilityCode.RESTING is told(ann, replace(BOB, timezone="Pacific/Auckland"), CAT).code


@pytest.mark.parametrize(
    "other",
    [
        replace(BOB, excluded=frozenset({ANN.person_id})),
        replace(BOB, bars={ANN.person_id: EligibilityCode.FORBIDDEN}),
        replace(BOB, status=EligibilityCode.ON_LEAVE),
        replace(BOB, room=0),
    ],
)
def test_invariant_w2_who_is_barred_or_not_free_is_not_there(other: PoolMember) -> None:
    """search.W2: the same is told as if that person had never joined, whatever else bars the two."""
    spanish = replace(CAT, languages=frozenset({"es"}))

    assert told(ANN, spanish) == told(ANN, other, spanish) == told(ANN, replace(other, timezone="Pacific/Auckland"), spanish)


def test_invariant_w2_ones_own_exclusions_are_not_there_either() -> None:
    """search.W2: in both directions, and for the advice too."""
    ann = replace(ANN, excluded=frozenset({BOB.person_id}))
    cat = replace(CAT, offers=(("cooking", 3),))

    assert told(ANN, cat) == told(ann, BOB, cat)


@pytest.mark.parametrize("others_count", [0, 1, 4])
def test_invariant_w5_few_people_are_the_reason_whatever_the_rules_say(others_count: int) -> None:
    """search.W5: the reason of a small group would tell of its members."""
    others = [replace(BOB, person_id=PersonId(f"b{number}"), languages=frozenset({"es"})) for number in range(others_count)]

    answer = told(ANN, *others, k_min=5)

    assert (UnmatchedCode.FEW_PEOPLE, WidenCode.PATIENCE, False) == (answer.code, answer.widen, answer.has_option)
    assert UnmatchedCode.FEW_PEOPLE is not told(ANN, *others, replace(CAT, languages=frozenset({"es"})), k_min=others_count + 1).code


@pytest.mark.parametrize(
    ("ann", "code", "widen", "standing"),
    [
        (replace(ANN, room=0, has_pair=True), EligibilityCode.CAPACITY, WidenCode.CAPACITY, RoundStanding.MATCHED),
        (replace(ANN, room=0, is_asked=True), EligibilityCode.CAPACITY, WidenCode.CAPACITY, RoundStanding.ASKED),
        (replace(ANN, status=EligibilityCode.PAUSED), EligibilityCode.PAUSED, WidenCode.RESUME, RoundStanding.AWAY),
        (replace(ANN, status=EligibilityCode.TRAINING), EligibilityCode.TRAINING, WidenCode.TRAINING, RoundStanding.AWAY),
        (replace(ANN, status=EligibilityCode.ON_LEAVE), EligibilityCode.ON_LEAVE, WidenCode.PATIENCE, RoundStanding.AWAY),
    ],
)
def test_people_outside_the_pool_are_told_their_own_state(
    ann: PoolMember, code: EligibilityCode, widen: WidenCode, standing: RoundStanding
) -> None:
    """Their own state is theirs to know, and none of them is counted as waiting (search.W7)."""
    expected = LeftOut(person_id=ANN.person_id, code=code, widen=widen, standing=standing, is_in_pool=False, has_option=False)

    assert expected == told(ann, BOB)


def test_a_reason_is_the_same_whether_one_person_asks_or_many() -> None:
    """A few questions are asked of the people concerned, many of tables of the whole pool."""
    pool = people(3 * COMPARED_MAX, seed=4)
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

    one_by_one = [unmatched_reasons(book, found, [position], k_min=5)[0] for position in positions]

    together = unmatched_reasons(book, found, range(len(members)), k_min=5)
    assert [together[position] for position in positions] == one_by_one
    assert EligibilityCode.LANGUAGE in {each.code for each in one_by_one}


def is_taught(teacher: PoolMember, learner: PoolMember) -> bool:
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
    return bar_between(one, two, context, waived=frozenset(RULE_CODES) - {rule}) is rule


def are_apart(one: PoolMember, two: PoolMember) -> bool:
    """Say whether an exclusion or a coordinator keeps two people apart, in either direction."""
    bars = {one.bars.get(two.person_id), two.bars.get(one.person_id)}
    return EligibilityCode.FORBIDDEN in bars or two.person_id in one.excluded or one.person_id in two.excluded


def reason_one_by_one(
    members: Sequence[PoolMember], context: RoundContext, position: int, k_min: int
) -> tuple[EligibilityCode | UnmatchedCode, WidenCode]:
    """What search.W2, search.W3 and search.W5 say: each rule asked of each person by itself, and no tables."""
    member = members[position]
    around = [
        other for other in members if other is not member and other.status is None and other.room > 0 and not are_apart(member, other)
    ]
    if len(around) < k_min:
        return UnmatchedCode.FEW_PEOPLE, WidenCode.PATIENCE
    barring = [[rule for rule in RULE_CODES if bars_alone(rule, member, other, context)] for other in around]
    alone = Counter(rules[0] for rules in barring if len(rules) == 1)
    most = alone or Counter(rule for rules in barring for rule in rules)
    code = max(EligibilityCode, key=lambda rule: most[rule]) if most else EligibilityCode.ONE_WAY
    if code is EligibilityCode.ONE_WAY:
        teachers, learners = (sum(is_taught(*pair) for pair in pairs) for pairs in _both_ways(member, around))
        asks_for_wants = teachers <= learners if context.track is Track.MUTUAL else learners > teachers
        return code, WidenCode.WANTS if asks_for_wants else WidenCode.OFFERS
    if code is EligibilityCode.BAND_GAP and member.band is None:
        return code, WidenCode.EXPERIENCE_BAND
    widens = {EligibilityCode.LANGUAGE: WidenCode.LANGUAGES, EligibilityCode.HOURS: WidenCode.HOURS}
    return code, widens.get(code, WidenCode.PATIENCE)


def _both_ways(member: PoolMember, around: Sequence[PoolMember]) -> Iterator[list[tuple[PoolMember, PoolMember]]]:
    yield [(other, member) for other in around]
    yield [(member, other) for other in around]


@settings(max_examples=deep(30), deadline=None)
@given(size=st.integers(1, 25), seed=st.integers(0, 10_000), policy=POLICIES, k_min=st.sampled_from([1, 3, 5]))
def test_invariant_w3_reasons_are_those_found_one_by_one(size: int, seed: int, policy: Policy, k_min: int) -> None:
    """search.W2, search.W3, search.W5: tables of a pool, of a few of its people, or none at all give the same reason and advice."""
    members = pool_of(size, seed)
    context = RoundContext.of(policy, week_of=date(2025, 3, 5), topic_weights=topic_weights((m.wants for m in members), FAMILIES))
    book = RuleBook(members, context, 1)
    pool = [position for position, member in enumerate(members) if member.status is None and member.room > 0]
    found = Nobody(option_counts=[0] * size, worthy_counts=[0] * size)

    answers = unmatched_reasons(book, found, pool, k_min=k_min)
    alone = [unmatched_reasons(book, found, [position], k_min=k_min)[0] for position in pool]

    assert [reason_one_by_one(members, context, position, k_min) for position in pool] == [(one.code, one.widen) for one in answers]
    assert list(answers) == alone


@settings(max_examples=deep(60), deadline=None)
@given(size=st.integers(2, 40), seed=st.integers(0, 10_000), policy=POLICIES)
def test_invariant_w6_options_are_told_as_taken_only_where_they_were(size: int, seed: int, policy: Policy) -> None:
    """search.W6: of a whole round; everybody who would have been good enough is proposed to somebody else."""
    members, fair = pool_of(size, seed), policy.model_copy(update={"k_min": 1})
    result = hold_round(members, fair, round_ordinal=3, at=datetime(2025, 3, 5, 6, tzinfo=UTC), topic_catalogue=FAMILIES)

    context = RoundContext.of(fair, week_of=date(2025, 3, 5), topic_weights=result.topic_weights)
    proposed = {person_id for proposal in result.proposals for person_id in proposal.person_ids}
    by_id = {member.person_id: member for member in members}
    for left_out in result.unmatched:
        if left_out.code is UnmatchedCode.OPTIONS_TAKEN:
            member = by_id[left_out.person_id]
            assert any(bar_between(member, by_id[other], context) is None for other in proposed)


@pytest.mark.timeout(60)
def test_reasons_for_a_large_pool_of_which_nobody_has_an_option_take_seconds() -> None:
    """Work for one person hardly grows with the pool: languages, managers and departments of thousands are no square of anything."""
    pool = [
        replace(member, languages=frozenset({f"l{at}"}), department=f"d{at}", manager_id=PersonId("boss"), line=(PersonId("boss"),))
        for at, member in enumerate(people(8_000, seed=3))
    ]
    context = RoundContext.of(Policy(cross_department_only=True), week_of=date(2025, 3, 5), topic_weights=WEIGHTS)
    found = Nobody(option_counts=[0] * len(pool), worthy_counts=[0] * len(pool))

    answers = unmatched_reasons(RuleBook(pool, context, 1), found, range(len(pool)), k_min=5)

    assert {EligibilityCode.SAME_MANAGER, EligibilityCode.ONE_WAY} >= {answer.code for answer in answers}
