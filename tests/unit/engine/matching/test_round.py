"""Rules of a round (engine/matching/round.py)."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching.assigning.assignment import Edge
from engine.matching.assigning.choosing import blocking_pairs_count
from engine.matching.eligibility import bar_between
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import Certificate, RefusedLock, RoundResult, hold_round
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Track, UnmatchedCode
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.depth import deep

AT = datetime(2025, 3, 5, 6, tzinfo=UTC)
FAMILIES = {"python": "digital", "strategy": "leadership", "inclusion": "inclusion", "storytelling": "craft", "budgeting": "management"}
NO_RESERVE = Policy(reserve_start=0, reserve_floor=0)

ANN = PoolMember(person_id=PersonId("ann"), offers=(("python", 3),), wants=(("strategy", 2, 0),))
BOB = PoolMember(person_id=PersonId("bob"), offers=(("strategy", 3),), wants=(("python", 2, 0),))
Pair = tuple[PersonId, PersonId]


def pool(size: int, seed: int) -> list[PoolMember]:
    """A lively synthetic programme, the same for one seed."""
    draws = random.Random(seed)  # noqa: S311 - people of a test, no cryptography
    ids = [PersonId(f"p{number:03d}") for number in range(size)]
    found = []
    for number, person_id in enumerate(ids):
        topics = draws.sample(sorted(FAMILIES), k=4)
        found.append(
            PoolMember(
                person_id=person_id,
                offers=tuple((topic, draws.randint(1, 3)) for topic in topics[:2]),
                wants=tuple((topic, draws.randint(1, 3), draws.randint(0, 1)) for topic in topics[2:]),
                band=draws.choice([None, 0, 0, 1, 1, 2, 3]),
                department=draws.choice([None, "sales", "legal"]),
                timezone=draws.choice(["UTC", "Europe/Madrid", "America/New_York"]),
                line=tuple(draws.sample(ids[:number], k=min(number, 1))),
                excluded=frozenset(draws.sample(ids, k=1)) - {person_id} if draws.random() < 0.2 else frozenset(),
                room=draws.choice([0, 1, 1, 1, 2, 3]),
                live_count=draws.choice([0, 0, 0, 1]),
                waiting_days=draws.randint(0, 40),
                rounds_waited=draws.randint(0, 6),
                status=draws.choice([None] * 9 + [EligibilityCode.ON_LEAVE]),
            )
        )
    return found


def held(members: Sequence[PoolMember], policy: Policy = NO_RESERVE, *, locks: Sequence[Pair] = (), ordinal: int = 1) -> RoundResult:
    """Hold a round on a Wednesday morning."""
    return hold_round(members, policy, round_ordinal=ordinal, at=AT, topic_catalogue=FAMILIES, locks=locks)


def pairs_of(result: RoundResult) -> list[Pair]:
    """The people of each proposal."""
    return [proposal.person_ids for proposal in result.proposals]


tracks = st.sampled_from(Track)
seeds = st.integers(0, 10_000)
sizes = st.integers(0, 40)


@settings(deadline=None)
@given(size=sizes, seed=seeds, track=tracks, is_first=st.booleans())
def test_invariant_r1_nobody_gets_more_proposals_than_room(size: int, seed: int, track: Track, is_first: bool) -> None:
    """matching.R1: room is a hard limit, only people of the pool are proposed, and no rule bars a pair."""
    members = pool(size, seed)
    by_id = {member.person_id: member for member in members}
    policy = Policy(track=track, first_pair_first=is_first)

    result = held(members, policy)

    context = RoundContext.of(policy, week_of=AT.date(), topic_weights=result.topic_weights)
    counted = Counter(person_id for pair in pairs_of(result) for person_id in pair)
    assert all(count <= by_id[person_id].room for person_id, count in counted.items())
    assert all(bar_between(by_id[first], by_id[second], context) is None for first, second in pairs_of(result))
    assert sorted({*counted, *(left_out.person_id for left_out in result.unmatched)}) == sorted(by_id)
    assert result.certificate.total <= result.certificate.bound


@settings(deadline=None)
@given(size=sizes, seed=seeds, track=tracks, order=st.randoms(use_true_random=False))
def test_invariant_r4_order_of_people_and_locks_does_not_matter(size: int, seed: int, track: Track, order: random.Random) -> None:
    """matching.R4: the same input in any order gives the same round."""
    members = pool(size, seed)
    locks = [(members[number].person_id, members[number + 1].person_id) for number in range(0, size - 1, 9)]
    shuffled, turned = list(members), [(second, first) for first, second in locks]
    order.shuffle(shuffled)
    order.shuffle(turned)

    assert held(members, Policy(track=track), locks=locks) == held(shuffled, Policy(track=track), locks=turned)


@settings(deadline=None, max_examples=deep(30))
@given(seed=seeds)
def test_invariant_r2_score_has_no_bonus_and_meets_the_reserve(seed: int) -> None:
    """matching.R2: waiting changes who is chosen, never what is published; the longer waiter sets the reserve."""
    members = pool(40, seed)
    by_id = {member.person_id: member for member in members}
    policy = Policy()

    result = held(members, policy)

    context = RoundContext.of(policy, week_of=AT.date(), topic_weights=result.topic_weights)
    assert result.proposals
    for proposal in result.proposals:
        first, second = (by_id[person_id] for person_id in proposal.person_ids)
        assert context.score(first, second) == proposal.score
        assert proposal.score >= max(250, 550 - 10 * max(first.waiting_days, second.waiting_days))


@settings(deadline=None, max_examples=deep(30))
@given(seed=seeds)
def test_invariant_r3_room_is_left_to_nobody_who_could_give_a_first_pair(seed: int) -> None:
    """matching.R3: whoever is left without a pair has no eligible partner with room to spare."""
    members = [replace(member, live_count=0) for member in pool(30, seed)]
    result = held(members)
    taken = Counter(person_id for pair in pairs_of(result) for person_id in pair)
    context = RoundContext.of(NO_RESERVE, week_of=AT.date(), topic_weights=result.topic_weights)

    lonely = [member for member in members if member.status is None and member.room > 0 and not taken[member.person_id]]
    spare = [member for member in members if member.room > taken[member.person_id]]
    assert [] == [(one, other) for one in lonely for other in spare if one is not other and bar_between(one, other, context) is None]


def test_two_people_who_fit_are_proposed_with_everything_that_led_to_it() -> None:
    """A proposal carries both sides' benefits and lessons, the context and the score."""
    result = held([replace(BOB, band=2, department="legal"), replace(ANN, band=0, department="sales")])

    (proposal,) = result.proposals
    ann, bob = proposal.sides
    assert (ANN.person_id, BOB.person_id) == proposal.person_ids
    assert 1_000 == proposal.score == result.total_score
    assert (100, 2_400, 2) == (proposal.context.hundredths, proposal.context.shared_week_minutes, proposal.context.bands_apart)
    assert [("strategy", 3, 0)] == [(lesson.topic, lesson.level, lesson.own_level) for lesson in ann.lessons]
    assert [("python", 3, 0)] == [(lesson.topic, lesson.level, lesson.own_level) for lesson in bob.lessons]
    assert (1.0, 1) == (ann.benefit.ratio, ann.options_count)


def test_room_left_over_is_given_out_after_first_pairs() -> None:
    """Two mentors with room for two, two others: all four possible pairs come, each once."""
    members = [replace(template, person_id=PersonId(f"{template.person_id}{n}"), room=2) for template in (ANN, BOB) for n in (1, 2)]

    assert [("ann1", "bob1"), ("ann1", "bob2"), ("ann2", "bob1"), ("ann2", "bob2")] == pairs_of(held(members))


def test_first_pair_goes_before_a_better_further_pair() -> None:
    """Somebody without any pair gets the one mentor with room, although somebody with a pair would score more."""
    members = [
        replace(BOB, person_id=PersonId("mentor"), department="legal", live_count=1),
        replace(ANN, person_id=PersonId("better"), department="sales", live_count=1),
        replace(ANN, person_id=PersonId("newcomer"), department="legal"),
    ]

    assert [("mentor", "newcomer")] == pairs_of(held(members))
    assert [("better", "mentor")] == pairs_of(held(members, Policy(reserve_start=0, reserve_floor=0, first_pair_first=False)))


def test_waiting_weighs_in_the_choice() -> None:
    """Of two who fit alike, the one who has waited gets the pair; being freed by circumstances weighs like the longest wait."""
    fresh, waited = replace(ANN, person_id=PersonId("a-fresh")), replace(ANN, person_id=PersonId("b-waited"), rounds_waited=5)
    freed = replace(ANN, person_id=PersonId("c-freed"), is_first_in_queue=True)

    assert [("b-waited", "bob")] == pairs_of(held([fresh, waited, BOB]))
    assert [("bob", "c-freed")] == pairs_of(held([fresh, waited, freed, BOB]))


@pytest.mark.parametrize(("waiting_days", "is_first", "expected"), [(0, False, 0), (9, False, 0), (10, False, 1), (0, True, 1)])
def test_reserve_falls_with_the_days_of_the_longer_waiter(waiting_days: int, is_first: bool, expected: int) -> None:
    """A pair of 800 is proposed once 900 less ten a day has come down to it, at once for people freed by circumstances."""
    policy = Policy(reserve_start=900, reserve_floor=250, reserve_drop_per_day=10, k_min=1)

    result = held([replace(ANN, waiting_days=waiting_days, is_first_in_queue=is_first), BOB], policy)

    assert expected == len(result.proposals)
    assert expected or [UnmatchedCode.BELOW_RESERVE] * 2 == [left_out.code for left_out in result.unmatched]


@pytest.mark.parametrize(("floor", "expected"), [(800, 1), (801, 0)])
def test_a_start_below_the_floor_leaves_the_floor(floor: int, expected: int) -> None:
    """A policy that gives either of the two alone means what it says: the higher one counts."""
    assert expected == len(held([ANN, BOB], Policy(reserve_start=0, reserve_floor=floor)).proposals)


def test_lock_overrides_reserve_rest_and_one_way() -> None:
    """A coordinator's lock comes first."""
    resting = replace(ANN, wants=(), bars={BOB.person_id: EligibilityCode.RESTING})

    result = held([resting, BOB], Policy(), locks=[(BOB.person_id, ANN.person_id)])

    assert [(ANN.person_id, BOB.person_id)] == pairs_of(result)
    assert result.proposals[0].is_locked


@pytest.mark.parametrize(
    ("ann", "code"),
    [
        (replace(ANN, languages=frozenset({"es"})), EligibilityCode.LANGUAGE),
        (replace(ANN, bars={BOB.person_id: EligibilityCode.FORBIDDEN}), EligibilityCode.FORBIDDEN),
        (replace(ANN, status=EligibilityCode.ON_LEAVE), EligibilityCode.ON_LEAVE),
        (replace(ANN, room=0), EligibilityCode.CAPACITY),
        (replace(ANN, person_id=PersonId("somebody-else")), EligibilityCode.NOT_ACTIVE),
    ],
)
def test_lock_overrides_no_other_hard_rule(ann: PoolMember, code: EligibilityCode) -> None:
    """A refused lock says which rule refused it."""
    result = held([ann, BOB], locks=[(ANN.person_id, BOB.person_id)])

    assert (RefusedLock(person_ids=(ANN.person_id, BOB.person_id), code=code),) == result.refused_locks
    assert (ANN.person_id, BOB.person_id) not in pairs_of(result)


def test_locks_beyond_room_are_refused_in_id_order() -> None:
    """Room is a hard limit for locks too, and a locked pair is proposed once."""
    ann2 = replace(ANN, person_id=PersonId("ann2"))

    result = held([ANN, ann2, BOB], locks=[(ann2.person_id, BOB.person_id), (ANN.person_id, BOB.person_id)])

    assert [(ANN.person_id, BOB.person_id)] == pairs_of(result)
    assert [EligibilityCode.CAPACITY] == [refused.code for refused in result.refused_locks]


def test_invariant_r5_a_past_decline_changes_nothing_but_its_own_pair() -> None:
    """matching.R5: the next round is the same with and without it, that pair excepted."""
    members = pool(40, seed=5)
    before = held(members)
    proposed = {*pairs_of(before)}
    first, second = next(
        (a, b)
        for a in members
        for b in members
        if a.person_id < b.person_id and (a.person_id, b.person_id) not in proposed and a.status is None and b.status is None
    )

    rested = [replace(m, bars={second.person_id: EligibilityCode.RESTING}) if m is first else m for m in members]

    assert pairs_of(before) == pairs_of(held(rested))


@pytest.mark.parametrize("members", [[], [ANN], [replace(ANN, room=0), BOB], [replace(ANN, status=EligibilityCode.PAUSED), BOB]])
def test_round_without_two_people_proposes_nothing(members: list[PoolMember]) -> None:
    """Odd pools are no errors, and nothing to choose is a ratio of one."""
    result = held(members)

    assert () == result.proposals
    assert 1.0 == result.certificate.ratio
    assert [member.person_id for member in members] == [left_out.person_id for left_out in result.unmatched]


def test_pool_in_which_everybody_excludes_everybody_proposes_nothing_and_tells_nothing() -> None:
    """The confidential list isn't even counted."""
    ids = frozenset(member.person_id for member in pool(20, 1))
    members = [replace(member, excluded=ids, status=None, room=1) for member in pool(20, 1)]

    result = held(members)

    assert () == result.proposals
    assert EligibilityCode.EXCLUDED not in result.no_option_by_reason
    assert 20 == result.waiting_count == sum(result.no_option_by_reason.values())


def test_pool_in_which_nobody_offers_anything_is_one_way() -> None:
    """Without offers nobody can teach, and everybody is told so."""
    members = [replace(member, offers=(), status=None, room=1) for member in pool(20, 1)]

    assert {EligibilityCode.ONE_WAY: 20} == held(members).no_option_by_reason


def test_pool_of_equals_is_paired_completely_and_differently_each_round() -> None:
    """Ties go by a hash of both ids and the round, so nobody is always left to the last."""
    topics = (("python", 3), ("strategy", 3))
    wants = (("python", 1, 0), ("strategy", 1, 0))
    members = [PoolMember(person_id=PersonId(f"p{number:02d}"), offers=topics, wants=wants, department="x") for number in range(40)]

    first, second = held(members, ordinal=1), held(members, ordinal=2)

    assert 20 == len(first.proposals) == len(second.proposals)
    assert pairs_of(first) != pairs_of(second)


def test_hub_wanted_by_all_gets_its_room_and_no_more() -> None:
    """Everybody wants one person: as many as fit, the others hear that their options are taken."""
    members = [replace(BOB, room=3)] + [replace(ANN, person_id=PersonId(f"a{number:02d}")) for number in range(60)]

    result = held(members)

    assert 3 == len(result.proposals)
    assert {UnmatchedCode.OPTIONS_TAKEN} == {left_out.code for left_out in result.unmatched}


def test_certificate_compares_without_floats() -> None:
    """The alarm's threshold is exact."""
    certificate = Certificate(total=98, bound=100, blocking_pairs_count=0)

    assert certificate.is_below(99, 100)
    assert not certificate.is_below(98, 100)


def test_blocking_pairs_are_those_in_which_both_would_gain_much() -> None:
    """Two who were parted for a higher total are counted if each lost more than 100 points by it."""
    chosen = [Edge(0, 1, 700, 700, 0), Edge(2, 3, 700, 700, 0)]

    for score, expected in ((801, 1), (800, 0)):
        assert expected == blocking_pairs_count([*chosen, Edge(0, 2, score, score, 0)], chosen, [1, 1, 1, 1])


def test_weights_are_returned_for_the_whole_catalogue() -> None:
    """A replay needs them all, wanted in this round or not."""
    assert {*FAMILIES} == {*held([ANN, BOB]).topic_weights}
