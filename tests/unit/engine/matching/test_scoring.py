"""Rules of the score (engine/matching/scoring.py)."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.scoring import (
    USEFULNESS,
    Benefit,
    Context,
    WantedTopic,
    benefit,
    directed_score,
    lessons,
    mutual_score,
    need,
    pair_score,
    topic_weights,
)
from schemas.terms.codes import Track

WEIGHTS = {"python": 16, "strategy": 20, "inclusion": 10}
FAMILIES = {"python": "digital", "data-literacy": "data", "strategy": "leadership"}

benefits = st.integers(1, 900).flatmap(lambda needed: st.builds(Benefit, points=st.integers(0, needed), need=st.just(needed)))
contexts = st.integers(70, 100)


@pytest.mark.parametrize(
    ("level", "own_level", "expected"),
    [(1, 0, 2), (1, 1, 0), (1, 2, 0), (2, 0, 3), (2, 1, 2), (2, 2, 0), (3, 0, 3), (3, 1, 3), (3, 2, 2)],
)
def test_usefulness_is_three_for_two_steps_above_and_two_for_one(level: int, own_level: int, expected: int) -> None:
    """A level offered counts from one, an own level from zero."""
    assert expected == USEFULNESS[level][own_level]


def test_need_counts_the_two_heaviest_wants() -> None:
    """A pair can work on about two topics."""
    wants = [("python", 3, 0), ("strategy", 1, 0), ("inclusion", 3, 1)]

    assert 3 * (3 * 16 + 3 * 10) == need(wants, WEIGHTS)


def test_benefit_is_full_when_the_two_heaviest_wants_are_fully_taught() -> None:
    """More than enough doesn't count."""
    wants = [("python", 1, 0), ("strategy", 1, 0), ("inclusion", 1, 0)]

    assert Benefit(points=108, need=108) == benefit(wants, [("python", 3), ("strategy", 3), ("inclusion", 3)], WEIGHTS)


def test_benefit_of_somebody_without_wants_is_nothing() -> None:
    """Nothing wanted is not everything served."""
    nothing = benefit([], [("python", 3)], WEIGHTS)

    assert nothing.ratio == 0.0
    assert not nothing.is_at_least(0, 1)


def test_benefit_reaches_a_ratio_exactly() -> None:
    """A quarter is a quarter, without floats."""
    assert Benefit(points=25, need=100).is_at_least(1, 4)
    assert not Benefit(points=24, need=100).is_at_least(1, 4)


def test_lessons_stand_heaviest_first() -> None:
    """The first lesson explains most of the score; equal ones stand by topic."""
    wants: list[WantedTopic] = [("inclusion", 2, 0), ("strategy", 1, 0), ("python", 3, 0)]

    found = lessons(wants, [("python", 1), ("strategy", 1), ("inclusion", 1)], WEIGHTS)

    assert [("python", 96), ("inclusion", 40), ("strategy", 40)] == [(lesson.topic, lesson.points) for lesson in found]


@pytest.mark.parametrize(
    ("minutes", "is_other", "bands", "expected"),
    [
        (0, False, None, 70),
        (600, False, 0, 75),
        (1_199, False, 0, 79),
        (9_999, True, 2, 100),
        (1_200, False, 1, 85),
        (1_200, True, None, 90),
    ],
)
def test_context_is_a_sum_of_whole_hundredths(minutes: int, is_other: bool, bands: int | None, expected: int) -> None:
    """Time up to four hours a day, another department, a bridge over bands."""
    assert expected == Context(shared_week_minutes=minutes, is_other_department=is_other, bands_apart=bands).hundredths


def test_rare_topics_weigh_more_and_tech_gets_no_bonus() -> None:
    """What many want weighs less than what one wants; beyond tech 1.15 times as much."""
    wants = [[("data-literacy", 1, 0)]] * 9 + [[("python", 1, 0)], [("strategy", 1, 0)]]

    weights = topic_weights(wants, FAMILIES)

    assert {"data-literacy": 10, "python": 26, "strategy": 29} == weights


def test_topic_weights_follow_the_formula() -> None:
    """Inverse document frequency over its mean weighted by df + 1, clipped, times 16."""
    wants = [[("python", 1, 0), ("strategy", 1, 0)], [("strategy", 2, 1)], [("python", 1, 0)], [("strategy", 1, 0)]]
    idf_python, idf_strategy = math.log(5 / 3), math.log(5 / 4)
    mean = (3 * idf_python + 4 * idf_strategy) / 7

    weights = topic_weights(wants, FAMILIES)

    assert round(16 * min(idf_python / mean, 1.6)) == weights["python"]
    assert round(16 * max(idf_strategy / mean, 0.6) * 1.15) == weights["strategy"]


def test_topic_weights_are_level_when_everybody_wants_the_same() -> None:
    """A mean of nothing can't be divided by: every topic then counts once."""
    assert topic_weights([[("python", 1, 0)]], {"python": "digital"}) == {"python": 16}
    assert topic_weights([], {"python": "digital", "strategy": "leadership"}) == {"python": 16, "strategy": 18}


@given(context=contexts, first=benefits, second=benefits)
def test_invariant_s1_mutual_score_is_symmetric_and_bounded(context: int, first: Benefit, second: Benefit) -> None:
    """matching.S1: 0 to 1000, whoever stands first."""
    score = mutual_score(context, first, second)

    assert 0 <= score <= 1_000
    assert score == mutual_score(context, second, first)


@given(context=contexts, first=benefits, second=benefits)
def test_invariant_s2_mutual_score_is_the_floor_of_the_exact_value(context: int, first: Benefit, second: Benefit) -> None:
    """matching.S2: score ² ≤ (10 · context)² · b1 · b2 < (score + 1)², in exact fractions."""
    exact_square = Fraction((10 * context) ** 2 * first.points * second.points, first.need * second.need)

    score = mutual_score(context, first, second)

    assert score**2 <= exact_square < (score + 1) ** 2


@given(context=contexts, learner=benefits, other=benefits)
def test_invariant_s2_directed_score_is_the_floor_of_the_exact_value(context: int, learner: Benefit, other: Benefit) -> None:
    """matching.S2: 1000 · learner · (0.8 + 0.2 · other) · context, floored."""
    share = Fraction(8, 10) + Fraction(2, 10) * Fraction(other.points, other.need)
    exact = 1_000 * Fraction(learner.points, learner.need) * share * Fraction(context, 100)

    assert math.floor(exact) == directed_score(context, learner, other)


def test_directed_score_needs_nothing_of_the_other_side() -> None:
    """A teacher who wants nothing still gives four fifths of the score."""
    assert directed_score(100, Benefit(points=5, need=5), Benefit(points=0, need=0)) == 800


def test_track_decides_who_learns() -> None:
    """Reverse: the more experienced learns; traditional: the less experienced."""
    half, full = Benefit(points=1, need=2), Benefit(points=1, need=1)

    assert directed_score(100, full, half) == pair_score(Track.REVERSE, 100, less_experienced=half, more_experienced=full)
    assert directed_score(100, half, full) == pair_score(Track.TRADITIONAL, 100, less_experienced=half, more_experienced=full)
    assert mutual_score(100, half, full) == pair_score(Track.MUTUAL, 100, less_experienced=half, more_experienced=full)
