"""Rules of the step that every runtime shares (engine/core/execution.py): what a failing rule leaves behind."""

from datetime import UTC, datetime

import pytest

from engine.core.effects import Due, Effects, Note, Record, Rows, StageName
from engine.core.execution import Outcome
from engine.core.stage import Topology
from engine.programme.people.person import Person
from engine.testing import TopologyDriver
from engine.topology import build
from schemas.events.hr import HrHired
from schemas.frozen import replace
from schemas.terms.codes import ErrorCode
from tests import builders

VIOLATION = Note("bothways_invariant_violations_total")
LATER = datetime(2026, 1, 1, tzinfo=UTC)


def with_defect(error: Exception, *, is_in_timer: bool = False) -> Topology:
    """Return the topology with a rule, or a timer, of people that raises."""

    def on_hired(_rows: Rows, _data: HrHired, _record: Record) -> Effects:
        raise error
        yield

    def wake(_rows: Rows, _person: Person, _due: Due) -> Effects:
        raise error
        yield

    topology = build()
    people = topology.stages[StageName.PEOPLE]
    wrong = replace(people, wakes={**people.wakes, "people": wake}) if is_in_timer else people
    if not is_in_timer:
        wrong = replace(people, handlers={**people.handlers, HrHired: (on_hired,)})
    return Topology(stages={**topology.stages, StageName.PEOPLE: wrong})


@pytest.mark.parametrize(("error", "notes"), [(AssertionError("a"), [VIOLATION]), (ValueError("odd"), [])])
@pytest.mark.parametrize("is_in_timer", [False, True], ids=["rule", "timer"])
def test_a_failed_assertion_is_counted_besides_its_dead_letter(error: Exception, notes: list[Note], is_in_timer: bool) -> None:
    """Whatever raises becomes a dead letter; an assertion is counted too, since it is a defect whatever the input."""
    driver = TopologyDriver(with_defect(error, is_in_timer=is_in_timer))

    outcome = driver.pipe(builders.hired("ann", "2025-01-06T09:00:00Z", effective_on="2025-03-01"))
    driver.advance(LATER)

    assert (Outcome.APPLIED if is_in_timer else Outcome.DEAD_LETTERED) is outcome
    assert [ErrorCode.PROCESSING_FAILED] == [letter.code for letter in driver.dead_letters()]
    assert notes == driver.store.notes
