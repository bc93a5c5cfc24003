"""Rules of eligibility (engine/matching/eligibility.py)."""

from datetime import date

import pytest

from engine.matching.eligibility import LOCK_WAIVES, RULE_CODES, STATUS_CODES, bar_between
from engine.matching.pool import PoolMember, RoundContext
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Track
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

WEEK_OF = date(2025, 3, 5)
WEIGHTS = {"python": 16, "strategy": 16}

ANN = PoolMember(person_id=PersonId("ann"), offers=(("python", 3),), wants=(("strategy", 2, 0),), band=0)
BOB = PoolMember(person_id=PersonId("bob"), offers=(("strategy", 3),), wants=(("python", 2, 0),), band=2)


def bar(a: PoolMember, b: PoolMember, policy: Policy | None = None) -> EligibilityCode | None:
    """Ask both ways round: the answer is one (matching.E1)."""
    context = RoundContext.of(policy or Policy(), week_of=WEEK_OF, topic_weights=WEIGHTS)
    answer = bar_between(a, b, context)
    assert bar_between(b, a, context) == answer
    return answer


def test_two_people_who_can_teach_each_other_may_meet() -> None:
    """No rule stands between them."""
    assert bar(ANN, BOB) is None


def test_nobody_is_paired_with_themselves() -> None:
    """One person is not a pair."""
    assert EligibilityCode.SELF is bar(ANN, ANN)


def test_somebody_above_at_any_distance_is_barred() -> None:
    """Power stands in the way of learning."""
    assert EligibilityCode.REPORTING_LINE is bar(replace(ANN, line=(PersonId("lead"), BOB.person_id)), BOB)


def test_somebody_known_as_manager_alone_is_barred() -> None:
    """The manager counts although the line isn't known yet."""
    assert EligibilityCode.REPORTING_LINE is bar(replace(ANN, manager_id=BOB.person_id), BOB)


def test_dotted_line_bars_the_person_named() -> None:
    """A second manager has power too."""
    assert EligibilityCode.REPORTING_LINE is bar(replace(ANN, dotted_line_ids=(BOB.person_id,)), BOB)


def test_dotted_line_does_not_bar_the_people_above_it() -> None:
    """Only the person named counts, not their ancestors."""
    dotted_id = PersonId("dot")

    assert bar(replace(ANN, dotted_line_ids=(dotted_id,)), replace(BOB, line=(PersonId("ceo"),))) is None


def test_one_manager_bars_two_people_unless_policy_allows_it() -> None:
    """Policy decides, and bars by default."""
    boss = PersonId("boss")
    a, b = replace(ANN, manager_id=boss, line=(boss,)), replace(BOB, manager_id=boss, line=(boss,))

    assert EligibilityCode.SAME_MANAGER is bar(a, b)
    assert bar(a, b, Policy(same_manager_allowed=True)) is None


def test_nobody_is_paired_without_room() -> None:
    """Capacity is a hard limit on both sides."""
    assert EligibilityCode.CAPACITY is bar(replace(ANN, room=0), BOB)


def test_either_side_can_exclude_the_other() -> None:
    """One list is enough."""
    assert EligibilityCode.EXCLUDED is bar(replace(ANN, excluded=frozenset({BOB.person_id})), BOB)


@pytest.mark.parametrize("code", [EligibilityCode.FORBIDDEN, EligibilityCode.PAST_PARTNER, EligibilityCode.RESTING])
def test_history_bars_a_pair(code: EligibilityCode) -> None:
    """Forbidden by the coordinator, partners before, or at rest after a lapse."""
    assert code is bar(replace(ANN, bars={BOB.person_id: code}), BOB)


def test_past_partners_meet_again_where_policy_allows_it() -> None:
    """Policy decides."""
    past = replace(ANN, bars={BOB.person_id: EligibilityCode.PAST_PARTNER})

    assert bar(past, BOB, Policy(past_partner_allowed=True)) is None


def test_partners_of_today_are_not_proposed_again() -> None:
    """matching.E3: whatever policy says of past ones."""
    present = replace(ANN, partner_ids=frozenset({BOB.person_id}))

    assert EligibilityCode.PAST_PARTNER is bar(present, BOB, Policy(past_partner_allowed=True))


def test_a_common_language_is_needed_and_primary_subtags_meet() -> None:
    """British and American English are one language; Spanish is another."""
    assert bar(replace(ANN, languages=frozenset({"en-GB"})), replace(BOB, languages=frozenset({"en-US", "es"}))) is None
    assert EligibilityCode.LANGUAGE is bar(replace(ANN, languages=frozenset({"es"})), BOB)


def test_shared_hours_are_needed() -> None:
    """One stretch as long as a session, by default an hour, and as many hours a week as policy says."""
    early = replace(ANN, hours=((2, "09:00", "10:00"),))
    too_early = replace(ANN, hours=tuple((weekday, "09:00", "09:59") for weekday in range(1, 6)))

    assert bar(early, BOB) is None
    assert EligibilityCode.HOURS is bar(too_early, BOB)


def test_unknown_band_is_fine_without_a_gap_and_barred_with_one() -> None:
    """A band is voluntary; programmes that need a gap can't do without."""
    unknown = replace(ANN, band=None)

    assert bar(unknown, BOB) is None
    assert EligibilityCode.BAND_GAP is bar(unknown, BOB, Policy(experience_gap_min=1))


def test_gap_counts_bands() -> None:
    """Two apart reach a gap of two, not one of three."""
    assert bar(ANN, BOB, Policy(experience_gap_min=2)) is None
    assert EligibilityCode.BAND_GAP is bar(ANN, BOB, Policy(experience_gap_min=3))


def test_directed_tracks_always_need_a_gap() -> None:
    """Who learns is decided by the bands, so they must differ even if policy says nought."""
    policy = Policy(track=Track.REVERSE, experience_gap_min=0)

    assert EligibilityCode.BAND_GAP is bar(replace(ANN, band=2), BOB, policy)


def test_programme_may_ask_for_different_departments() -> None:
    """Equal or missing departments are no crossing."""
    policy = Policy(cross_department_only=True)
    sales, legal = replace(ANN, department="sales"), replace(BOB, department="legal")

    assert bar(sales, legal, policy) is None
    assert EligibilityCode.CROSS_DEPARTMENT is bar(sales, replace(BOB, department="sales"), policy)
    assert EligibilityCode.CROSS_DEPARTMENT is bar(ANN, BOB, policy)


@pytest.mark.parametrize("status", STATUS_CODES)
def test_status_of_either_side_bars_the_pair(status: EligibilityCode) -> None:
    """Who isn't there, or isn't trained, is not paired."""
    assert status is bar(ANN, replace(BOB, status=status))


def test_mutual_pair_must_teach_both_ways() -> None:
    """A quarter of what each needs, in both directions."""
    assert EligibilityCode.ONE_WAY is bar(ANN, replace(BOB, wants=(("strategy", 1, 0),)))


def test_nothing_learned_is_one_way_even_if_policy_asks_for_nothing() -> None:
    """A two-way street has two ways at any ratio."""
    assert EligibilityCode.ONE_WAY is bar(ANN, replace(BOB, wants=()), Policy(min_benefit_ratio=0.0))


@pytest.mark.parametrize(("own_level", "is_eligible"), [(0, True), (1, False)])
def test_ratio_is_reached_exactly(own_level: int, is_eligible: bool) -> None:
    """Two of three points of one want in four equal ones: 2 of 6 is at least a third, nothing is not."""
    policy = Policy(min_benefit_ratio=0.3333)
    learner = replace(ANN, wants=(("strategy", 1, own_level), ("python", 1, 0)))
    teacher = replace(BOB, offers=(("strategy", 1),))

    assert (bar(learner, teacher, policy) is None) is is_eligible


def test_reverse_needs_the_more_experienced_to_learn() -> None:
    """The other direction is welcome, not required."""
    policy = Policy(track=Track.REVERSE)

    assert bar(replace(ANN, wants=()), BOB, policy) is None
    assert EligibilityCode.ONE_WAY is bar(ANN, replace(BOB, wants=()), policy)


def test_traditional_needs_the_less_experienced_to_learn() -> None:
    """The other direction is welcome, not required."""
    policy = Policy(track=Track.TRADITIONAL)

    assert bar(ANN, replace(BOB, wants=()), policy) is None
    assert EligibilityCode.ONE_WAY is bar(replace(ANN, wants=()), BOB, policy)


def test_invariant_e2_first_rule_in_order_is_named() -> None:
    """matching.E2: one pair, one code, however many rules stand in the way."""
    barred = replace(ANN, room=0, languages=frozenset({"es"}), bars={BOB.person_id: EligibilityCode.FORBIDDEN})

    assert EligibilityCode.CAPACITY is bar(barred, BOB)
    assert EligibilityCode.FORBIDDEN is bar(replace(barred, room=1), BOB)
    assert set(RULE_CODES) == set(EligibilityCode)


def test_invariant_e3_lock_waives_rest_past_and_one_way_alone() -> None:
    """matching.E3: a coordinator overrides these, and no other hard rule."""
    context = RoundContext.of(Policy(), week_of=WEEK_OF, topic_weights=WEIGHTS)
    resting = replace(ANN, wants=(), bars={BOB.person_id: EligibilityCode.RESTING})
    forbidden = replace(ANN, bars={BOB.person_id: EligibilityCode.FORBIDDEN})
    present = replace(ANN, partner_ids=frozenset({BOB.person_id}))

    assert bar_between(resting, BOB, context, waived=LOCK_WAIVES) is None
    assert EligibilityCode.FORBIDDEN is bar_between(forbidden, BOB, context, waived=LOCK_WAIVES)
    assert EligibilityCode.PAST_PARTNER is bar_between(present, BOB, context, waived=LOCK_WAIVES)


OTHERWISE: dict[str, object] = {
    "person_id": PersonId("aaron"),
    "languages": frozenset({"en", "de"}),
    "manager_id": PersonId("lead"),
    "line": (PersonId("lead"), PersonId("ceo")),
    "dotted_line_ids": (PersonId("dot"),),
    "excluded": frozenset({PersonId("eve")}),
    "bars": {PersonId("eve"): EligibilityCode.RESTING},
    "partner_ids": frozenset({PersonId("eve")}),
    "undecided_ids": frozenset({PersonId("eve")}),
    "room": 3,
    "live_count": 2,
    "waiting_days": 90,
    "rounds_waited": 6,
    "is_first_in_queue": True,
    "is_first_round": True,
    "has_pair": True,
    "is_asked": True,
    "status": EligibilityCode.PAUSED,
}
"""Another value for every field that a score may not read."""
SCORED = {"offers", "wants", "band", "department", "timezone", "hours"}


def test_score_reads_skills_hours_department_and_band_alone() -> None:
    """Who somebody is, where they stand, how long they wait, what they declined: none of it moves a score by a point."""
    context = RoundContext.of(Policy(), week_of=WEEK_OF, topic_weights=WEIGHTS)

    assert set(PoolMember.__struct_fields__) == {*OTHERWISE, *SCORED}
    for name, value in OTHERWISE.items():
        assert context.score(ANN, BOB) == context.score(replace(ANN, **{name: value}), BOB), name  # type: ignore[arg-type]
