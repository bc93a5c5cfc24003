"""A history read again changes nothing, however long it is: marks go after 90 days, stamps don't.

guarantees.P11. The histories are simulated programmes, commands of coordinators included. Rows and public outputs are compared; marks
of what was seen are not, for reading again renews them, nor when a programme looks next whether its report says anything new. Longer:
`BOTHWAYS_HISTORY_MONTHS=24 BOTHWAYS_HISTORY_SEEDS=3,4,5`.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest

from engine.core.effects import StageName
from engine.core.table import SEEN
from engine.programme.insights.insights import CLOCKS
from engine.simulation.year import ProgrammeYear
from engine.testing import TopologyDriver
from tests.simulation.watching.watch import Json, play

MONTHS: Final = int(os.environ.get("BOTHWAYS_HISTORY_MONTHS", "6"))
PEOPLE_COUNT: Final = 18
SEEDS: Final = tuple(map(int, os.environ.get("BOTHWAYS_HISTORY_SEEDS", "3").split(",")))
LATER: Final = timedelta(days=40)
"""Longer than a month: what a history left to happen happens."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@cache
def history(seed: int) -> tuple[Json, ...]:
    """Return the inputs of a simulated programme, in the order in which they came."""
    inputs: list[Json] = []
    for _, events in play(TopologyDriver(), ProgrammeYear(people=PEOPLE_COUNT, seed=seed, months=MONTHS)):
        inputs += events
    return tuple(inputs)


def read(*passes: tuple[Json, ...]) -> TopologyDriver:
    """Read histories one after another into a new engine."""
    driver = TopologyDriver()
    for inputs in passes:
        driver.pipe(*inputs)
        assert driver.store.last_at is not None
        driver.advance(driver.store.last_at)
    return driver


def everything(driver: TopologyDriver) -> dict[str, Any]:
    """Return every row but marks and clocks, by name, and every output."""
    rows: dict[str, Any] = {}
    for stage in StageName:
        for table, kept in driver.store.rows(stage).tables.items():
            if table not in {SEEN.name, CLOCKS.name}:
                rows |= {f"{stage}/{table}/{key}": row for key, row in kept.items()}
    outputs = {f"{output.topic} {number}": output for number, output in enumerate(driver.store.outputs)}
    return rows | outputs


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Name what differs, the first few with both sides."""
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return [f"{name}\n  once  {one.get(name)}\n  again {other.get(name)}" for name in names[:4]] + names[4:20]


def assert_same(once: TopologyDriver, again: TopologyDriver) -> None:
    """Compare at once and when another month has passed."""
    assert [] == differences(everything(once), everything(again))
    assert once.store.last_at is not None
    until = once.store.last_at + LATER
    for driver in (once, again):
        driver.advance(until)
    assert [] == differences(everything(once), everything(again))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_read_twice_ends_where_it_ends_read_once(seed: int) -> None:
    """guarantees.P11: the second reading changes no row and publishes nothing, now or later."""
    inputs = history(seed)

    assert_same(read(inputs), read(inputs, inputs))


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_a_history_read_again_after_a_crash_in_the_middle_ends_the_same(share: float) -> None:
    """guarantees.P11: whoever doesn't know how far a file was read may read it from its start."""
    inputs = history(SEEDS[0])
    killed_after = int(share * len(inputs))

    assert_same(read(inputs), read(inputs[:killed_after], inputs))


def test_what_a_later_line_makes_possible_is_taken_in_the_second_reading_and_the_third_changes_nothing() -> None:
    """guarantees.S44: an enrolment before its programme is refused for a circumstance only."""
    inputs = history(SEEDS[0])
    created = [event for event in inputs if event["type"] == "bothways.programme.created.v1"]
    rest = tuple(event for event in inputs if event["type"] != "bothways.programme.created.v1")
    first_ends_at = next(number for number, event in enumerate(rest) if datetime.fromisoformat(event["time"]) > _weeks_in(rest, 6))
    late = (*rest[:first_ends_at], *created, *rest[first_ends_at:])

    once, twice, thrice = read(late), read(late, late), read(late, late, late)

    taken = [row for row in everything(twice) if row.startswith("programmes/participants/")]
    assert len(taken) > len([row for row in everything(once) if row.startswith("programmes/participants/")])
    assert [] == differences(everything(twice), everything(thrice))


def _weeks_in(inputs: tuple[Json, ...], weeks: int) -> datetime:
    return datetime.fromisoformat(inputs[0]["time"]).astimezone(UTC) + timedelta(weeks=weeks)
