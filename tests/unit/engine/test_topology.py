"""Rules of the topology (engine/topology.py): nothing that may arrive is without a rule."""

from typing import get_args

import pytest

from engine import topology as topology_module
from engine.core.effects import Due, Effects, Record, Rows, StageName
from engine.core.stage import Topology, processor
from engine.core.table import Row
from engine.errors import InvalidTopology
from engine.programme.messages import EmissionBounded, Message
from engine.topology import build, describe, validate
from schemas.events.hr import HrHired
from schemas.frozen import replace
from schemas.registry import INPUT_TYPES


def _idle(_rows: Rows, _row: Row, _due: Due) -> Effects:
    yield from ()


def test_the_topology_has_no_gaps() -> None:
    """Every input type and every message has a rule, every wake a table."""
    assert [] == validate(build())


@pytest.mark.parametrize("kind", sorted((*INPUT_TYPES.values(), *get_args(Message)), key=lambda kind: kind.__name__))
def test_a_type_without_a_rule_is_named(kind: type) -> None:
    """A gap is found at start-up, not by the first record that falls into it."""
    topology = build()
    stages = {
        name: replace(stage, handlers={known: rules for known, rules in stage.handlers.items() if known is not kind})
        for name, stage in topology.stages.items()
    }

    (gap,) = validate(Topology(stages=stages))

    assert kind.__name__ in gap


def test_a_topology_with_a_gap_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process stops before it reads a record."""
    monkeypatch.setattr(topology_module, "PEOPLE_RULES", topology_module.PEOPLE_RULES[1:])

    with pytest.raises(InvalidTopology, match="input HrHired has no rule"):
        build()


def test_a_wake_for_a_table_that_is_not_there_is_named() -> None:
    """A timer that nobody sets is a slip of the pen."""
    topology = build()
    people = topology.stages[StageName.PEOPLE]
    torn = replace(people, wakes={**people.wakes, "nowhere": _idle})

    assert ["people: wake for unknown table nowhere"] == validate(Topology(stages={**topology.stages, StageName.PEOPLE: torn}))


def _astray(_rows: Rows, _data: int, _record: Record) -> Effects:
    yield from ()


def test_a_rule_for_what_never_arrives_is_named() -> None:
    """A rule that takes neither an input nor a message would never run."""
    topology = build()
    people = topology.stages[StageName.PEOPLE]
    torn = replace(people, handlers={**people.handlers, **processor(_astray).handlers})

    assert ["a rule for int, which never arrives"] == validate(Topology(stages={**topology.stages, StageName.PEOPLE: torn}))


def _of_two(_rows: Rows, _data: HrHired | EmissionBounded, _record: Record) -> Effects:
    yield from ()


def test_a_rule_stands_under_each_type_that_it_takes() -> None:
    """What a rule takes is said once, by the type of its second parameter."""
    assert {HrHired: (_of_two,), EmissionBounded: (_of_two,)} == dict(processor(_of_two).handlers)


def test_every_table_whose_rows_have_timers_has_a_wake() -> None:
    """`wake_at` that is a field or is computed can be due; one that is always None can't."""
    for stage in build().stages.values():
        timed = {name for name, table in stage.tables.items() if "wake_at" in table.row_type.__struct_fields__}
        assert timed <= set(stage.wakes)


def test_describe_draws_both_stages_with_their_tables() -> None:
    """What `README` and the command line show."""
    drawn = describe(build())

    assert ["people", "programmes"] == [line for line in drawn.splitlines() if not line.startswith(" ")]
    for stage in build().stages.values():
        assert ", ".join(sorted(stage.tables)) in drawn
    assert "PairingAnswered" in drawn
