"""Rules of trials and effects (engine/programme/insights/trials.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.insights.trials import Arms, Attention, Tally, Trial, acted, effect, heard, held_back, tried
from schemas.terms.codes import NudgeKey

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
BOOK = NudgeKey.BOOK_FIRST_SESSION


def opened(*, is_held_out: bool = False) -> tuple[Attention, Tally]:
    """One trial of one person."""
    return tried(Attention(), Tally(), Trial(key=BOOK, is_held_out=is_held_out, at=AT))


def test_acting_within_seven_days_counts_once() -> None:
    """insights.X2: the second booking is no second success."""
    once = acted(*opened(), frozenset({BOOK}), AT + timedelta(days=7))
    twice = acted(*once, frozenset({BOOK}), AT + timedelta(days=7))

    assert Arms(nudged=1, nudged_acted=1) == once[1].arms[BOOK] == twice[1].arms[BOOK]


def test_acting_later_than_seven_days_does_not_count() -> None:
    """insights.X2: what comes later was hardly the nudge."""
    _, tally = acted(*opened(is_held_out=True), frozenset({BOOK}), AT + timedelta(days=7, seconds=1))

    assert Arms(held_out=1) == tally.arms[BOOK]


def test_a_person_is_behind_each_arm_once() -> None:
    """However often somebody is asked, it is one person: no group is larger than its people."""
    attention, tally = tried(*opened(), Trial(key=BOOK, is_held_out=False, at=AT + timedelta(days=30)))

    assert (("book_first_session/nudged",), 2) == (attention.tried_as, tally.arms[BOOK].nudged)
    assert ("book_first_session/held_out",) == opened(is_held_out=True)[0].tried_as


def test_a_nudge_that_was_held_back_counts_for_its_reason() -> None:
    """Twice for one person: two nudges, one person."""
    assert {"away": 2} == held_back(held_back(Attention(), "away"), "away").held_back


def test_an_effect_needs_both_groups() -> None:
    """insights.X3: without a control there is nothing to say."""
    assert effect(Arms(nudged=10, nudged_acted=5)) is None


@given(st.integers(1, 50), st.integers(1, 50), st.data())
def test_an_effect_lies_in_its_interval_and_the_interval_in_its_range(nudged: int, held_out: int, data: st.DataObject) -> None:
    """insights.X3: for any counts, however small."""
    arms = Arms(
        nudged=nudged, nudged_acted=data.draw(st.integers(0, nudged)), held_out=held_out, held_out_acted=data.draw(st.integers(0, held_out))
    )

    found = effect(arms)

    assert found is not None
    difference, low, high = found
    assert -1.000001 <= low <= difference + 1e-9
    assert difference - 1e-9 <= high <= 1.000001


def test_the_weeks_that_a_row_remembers_are_bounded() -> None:
    """Old attention is forgotten."""
    attention = Attention()
    for week in range(20):
        attention = heard(attention, AT + timedelta(weeks=week))

    assert 5 == len(attention.weeks)
