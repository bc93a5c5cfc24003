"""Simulated programme years, every invariant checked after every record and tick.

Seeds that ever failed stand in seeds.txt and run first. More seeds than a test run has time for: `make soak`.
"""

import pytest

from tests.simulation.watching.invariants import OUTPUT, UNIT_ALWAYS, UNIT_WHEN_MOVED
from tests.simulation.years import PEOPLE_COUNT, SEEDS, Year, failed_before, finding

YEARS = tuple(dict.fromkeys((*failed_before(), *(Year(seed=seed, people=PEOPLE_COUNT, months=12) for seed in SEEDS))))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("year", YEARS, ids=str)
def test_invariants_hold_through_a_programme_year(year: Year) -> None:
    """Whatever people do in a year, no invariant breaks after any record or tick."""
    assert "" == finding(year)


def test_invariants_have_a_name_and_a_rule_each() -> None:
    """A violation is named by its function, so names differ and each states its rule."""
    checks = (*OUTPUT, *UNIT_ALWAYS, *UNIT_WHEN_MOVED)

    assert len(checks) == len({check.__name__ for check in checks if check.__doc__})
