"""Medians, ranges and ratios of the benchmark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.bench.embedded.figures import Aim, Spread, rates, ratios

SECONDS = st.lists(st.floats(min_value=0.001, max_value=1_000), min_size=1, max_size=9)


def test_spread_is_median_and_extremes() -> None:
    """One disturbed run moves an extreme and not the median."""
    assert Spread(median=2.0, low=1.0, high=90.0) == Spread.of([2.0, 90.0, 1.0])


@given(SECONDS)
def test_spread_keeps_its_order(values: list[float]) -> None:
    """The median never leaves the range."""
    spread = Spread.of(values)

    assert spread.low <= spread.median <= spread.high


def test_rates_divide_by_each_run() -> None:
    """A rate is taken per run, before the median."""
    assert Spread(median=50.0, low=10.0, high=100.0) == rates(100, [1.0, 2.0, 10.0])


def test_ratios_pair_the_runs_of_a_round() -> None:
    """A slow round slows both sides and leaves its ratio alone."""
    assert Spread(median=2.0, low=2.0, high=2.0) == ratios([2.0, 20.0], [1.0, 10.0])


def test_ratios_refuse_unequal_rounds() -> None:
    """A side that missed a round has no ratio."""
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("is_floor", "value", "expected"), [(True, 9.9, False), (True, 10.0, True), (False, 10.0, True), (False, 10.1, False)]
)
def test_aim_includes_its_bound(is_floor: bool, value: float, expected: bool) -> None:
    """An aim is met at its bound, on the side that is meant."""
    assert expected == Aim(bound=10.0, is_floor=is_floor).is_met_by(value)
