"""The topology: two keyed stages, their tables, and which rule handles what.

`build` is the only place that knows every processor. `validate` refuses a topology in which an input type, a message or a timed table has
no rule, so that a gap is found at start-up and in a test, not by the first record that falls into it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from engine.core.effects import Delete, Effects, Handler, Row, Rows, StageName, Wake
from engine.core.marks import Seen, Sequence
from engine.programme import tables
from engine.programme.coordinators import audit_days, command_answers, coordinator_notes
from engine.programme.coordinators.answered import Answered
from engine.programme.coordinators.coordinator_day import Summary
from engine.programme.erasure import in_people, in_programmes
from engine.programme.facts import pending_reviews
from engine.programme.insights import insights, told_figures, trial_actions
from engine.programme.messages import Message
from engine.programme.nudges import breaker, outreach
from engine.programme.nudges.breaker_rules import Parked, Storm
from engine.programme.pairs import pair_timers, pairing
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants import participant, profiles, silence
from engine.programme.participants.participant import Arrival, Participant
from engine.programme.people import kept_apart, mentions, roster
from engine.programme.people.tables import ERASURES
from engine.programme.proposals import answers, reached
from engine.programme.rounds import commands
from engine.programme.rounds.programme import Bar, HeldRound, Programme
from engine.programme.sessions import feedback, sessions
from engine.programme.sessions.feedback import Farewells
from schemas.base import InputData
from schemas.events.hr import HrErased
from schemas.registry import INPUT_TYPES

SEEN: Final = "seen"
SEQUENCES: Final = "sequences"


def _unchecked(row: Row) -> None:
    """Accept any row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of one stage."""

    name: str
    row_type: type[Any]
    check: Callable[[Any], None] = _unchecked
    """Asserts the row's invariants before it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A key, an inbox and the tables of that key."""

    name: StageName
    tables: Mapping[str, Table]
    handlers: Mapping[type, tuple[Handler, ...]]
    """Type of event data or message → the rules that handle it, in order."""
    wakes: Mapping[str, Wake]
    """Table → the rule for a row whose timer is due."""
    pseudonymous: frozenset[str] = frozenset()
    """Tables keyed by person whose keys are stored as salted hashes."""
    daily: frozenset[str] = frozenset()
    """Tables keyed by UTC day and person whose keys are stored as the day and the hash that stands for the person on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything a runtime has to run."""

    stages: Mapping[StageName, Stage]


def build() -> Topology:
    """Declare the topology of Bothways."""
    return Topology(stages={stage.name: stage for stage in (_people(), _programmes())})


def _book_keeping() -> tuple[Table, ...]:
    return Table(name=SEEN, row_type=Seen), Table(name=SEQUENCES, row_type=Sequence)


def _people() -> Stage:
    unchecked = {**roster.ROW_TYPES, **in_people.ROW_TYPES, **audit_days.ROW_TYPES}
    handlers = _in_order(roster.HANDLERS, kept_apart.HANDLERS, mentions.HANDLERS, in_people.HANDLERS, outreach.HANDLERS)
    return Stage(
        name=StageName.PEOPLE,
        tables=_by_name(
            *_book_keeping(),
            *(Table(name=name, row_type=row_type) for name, row_type in unchecked.items()),
            *(
                Table(name=name, row_type=row_type, check=outreach.CHECKS.get(name, _unchecked))
                for name, row_type in outreach.ROW_TYPES.items()
            ),
        ),
        handlers={kind: _unless_erased(kind, rules) for kind, rules in handlers.items()},
        wakes={SEEN: _forget, **roster.WAKES, **outreach.WAKES, **audit_days.WAKES},
        pseudonymous=frozenset({ERASURES}),
        daily=frozenset({audit_days.AUDIT_DAYS}),
    )


def _programmes() -> Stage:
    decided = _in_order(
        in_programmes.HANDLERS,
        commands.HANDLERS,
        profiles.HANDLERS,
        answers.HANDLERS,
        sessions.HANDLERS,
        feedback.HANDLERS,
        reached.HANDLERS,
        silence.HANDLERS,
        insights.HANDLERS,
        trial_actions.HANDLERS,
    )
    return Stage(
        name=StageName.PROGRAMMES,
        tables=_programme_tables(),
        handlers={kind: _behind_the_breaker(kind, rules) for kind, rules in decided.items()},
        wakes={
            SEEN: _forget,
            pending_reviews.ARRIVALS: breaker.guarded_wake(pending_reviews.wake),
            coordinator_notes.SUMMARIES: breaker.guarded_wake(coordinator_notes.wake),
            tables.PROGRAMMES: breaker.guarded_wake(commands.wake),
            tables.PARTICIPANTS: breaker.guarded_wake(profiles.wake),
            feedback.FAREWELLS: breaker.guarded_wake(feedback.wake),
            tables.PAIRINGS: breaker.guarded_wake(pair_timers.wake),
            insights.CLOCKS: insights.wake,
        },
    )


def _programme_tables() -> Mapping[str, Table]:
    return _by_name(
        *_book_keeping(),
        Table(name=tables.PROGRAMMES, row_type=Programme),
        Table(name=tables.PARTICIPANTS, row_type=Participant, check=participant.check),
        Table(name=tables.PAIRINGS, row_type=Pairing, check=pairing.check),
        Table(name=feedback.FAREWELLS, row_type=Farewells),
        Table(name=tables.BARS, row_type=Bar),
        Table(name=tables.ROUNDS, row_type=HeldRound),
        Table(name=pending_reviews.ARRIVALS, row_type=Arrival),
        *(Table(name=name, row_type=row_type) for name, row_type in {**insights.ROW_TYPES, **told_figures.ROW_TYPES}.items()),
        Table(name=coordinator_notes.SUMMARIES, row_type=Summary),
        Table(name=command_answers.ANSWERED, row_type=Answered),
        Table(name=breaker.STORMS, row_type=Storm),
        Table(name=breaker.PARKED, row_type=Parked),
    )


def validate(topology: Topology) -> list[str]:
    """Return what is missing: an input type or message that no rule handles, a wake for a table that isn't there."""
    wanted = dict.fromkeys(INPUT_TYPES.values(), "input") | dict.fromkeys(get_args(Message), "message")
    handled = {kind for stage in topology.stages.values() for kind in stage.handlers}
    gaps = [f"{what} {kind.__name__} has no rule" for kind, what in wanted.items() if kind not in handled]
    for stage in topology.stages.values():
        gaps += [f"{stage.name}: wake for unknown table {name}" for name in sorted(set(stage.wakes) - set(stage.tables))]
    return gaps


def describe(topology: Topology) -> str:
    """Draw the topology as text: stages, their tables, what each handles."""
    lines: list[str] = []
    for stage in topology.stages.values():
        lines.append(f"{stage.name}")
        lines.append(f"  tables   {', '.join(sorted(stage.tables))}")
        lines.append(f"  handles  {', '.join(sorted(kind.__name__ for kind in stage.handlers))}")
    return "\n".join(lines)


def _by_name(*declared: Table) -> dict[str, Table]:
    return {table.name: table for table in declared}


def _in_order(*processors: Mapping[type, Handler]) -> dict[type, tuple[Handler, ...]]:
    """Join the rules of several processors; where two handle one type, the earlier processor comes first."""
    joined: dict[type, tuple[Handler, ...]] = {}
    for rules in processors:
        for kind, rule in rules.items():
            joined[kind] = (*joined.get(kind, ()), rule)
    return joined


def _unless_erased(kind: type, rules: tuple[Handler, ...]) -> tuple[Handler, ...]:
    """Let no event about somebody erased come to a rule, but for another erasure."""
    return (in_people.guarded, *rules) if issubclass(kind, InputData) and kind is not HrErased else rules


def _behind_the_breaker(kind: type, rules: tuple[Handler, ...]) -> tuple[Handler, ...]:
    """Guard the rules of one type, then let the report's clock see what happened."""
    unguarded = (breaker.UNGUARDED[kind],) if kind in breaker.UNGUARDED else ()
    return (*map(breaker.guarded, rules), *unguarded, insights.watched)


def _forget(_rows: Rows, key: str, _due_at: datetime, _at: datetime) -> Effects:
    yield Delete(SEEN, key)
