"""The topology: two keyed stages, their tables, and which rule handles what.

`build` is the only place that knows every processor. `validate` refuses a topology in which an input type, a message or a timed table has
no rule, so that a gap is found at start-up and in a test, not by the first record that falls into it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from engine.core.effects import Delete, Effects, Handler, Rows, StageName
from engine.core.stage import Stage, Topology
from engine.core.table import SEEN, SEQUENCES, Table
from engine.programme import tables
from engine.programme.coordinators import audit_days, command_answers, coordinator_notes
from engine.programme.erasure import in_people, in_programmes
from engine.programme.facts import pending_reviews
from engine.programme.insights import insights, told_figures, trial_actions
from engine.programme.messages import Message
from engine.programme.nudges import breaker, outreach
from engine.programme.nudges.outreach_rows import CONTACTS, CONTROLS, NUDGED
from engine.programme.pairs import pair_timers
from engine.programme.participants import profiles, silence
from engine.programme.people import kept_apart, mentions, roster
from engine.programme.people.tables import ERASURES, PEOPLE, REPORTS, TRACES
from engine.programme.proposals import answers, reached
from engine.programme.rounds import commands
from engine.programme.sessions import feedback, sessions
from schemas.base import InputData
from schemas.events.hr import HrErased
from schemas.registry import INPUT_TYPES


def build() -> Topology:
    """Declare the topology of Bothways."""
    return Topology(stages={stage.name: stage for stage in (_people(), _programmes())})


def _people() -> Stage:
    handlers = _in_order(roster.HANDLERS, kept_apart.HANDLERS, mentions.HANDLERS, in_people.HANDLERS, outreach.HANDLERS)
    return Stage(
        name=StageName.PEOPLE,
        tables=_by_name(PEOPLE, REPORTS, ERASURES, TRACES, audit_days.AUDIT_DAYS, CONTACTS, NUDGED, CONTROLS),
        handlers={kind: _unless_erased(kind, rules) for kind, rules in handlers.items()},
        wakes={SEEN.name: _forget, **roster.WAKES, **outreach.WAKES, **audit_days.WAKES},
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
            SEEN.name: _forget,
            pending_reviews.ARRIVALS.name: breaker.guarded_wake(pending_reviews.wake),
            coordinator_notes.SUMMARIES.name: breaker.guarded_wake(coordinator_notes.wake),
            tables.PROGRAMMES.name: breaker.guarded_wake(commands.wake),
            tables.PARTICIPANTS.name: breaker.guarded_wake(profiles.wake),
            feedback.FAREWELLS.name: breaker.guarded_wake(feedback.wake),
            tables.PAIRINGS.name: breaker.guarded_wake(pair_timers.wake),
            insights.CLOCKS.name: insights.wake,
        },
    )


def _programme_tables() -> Mapping[str, Table[Any]]:
    return _by_name(
        tables.PROGRAMMES,
        tables.PARTICIPANTS,
        tables.PAIRINGS,
        feedback.FAREWELLS,
        tables.BARS,
        tables.ROUNDS,
        pending_reviews.ARRIVALS,
        insights.TALLIES,
        insights.ATTENTION,
        insights.TRIALS_OF_PAIRS,
        insights.NOTES,
        insights.CLOCKS,
        told_figures.TOLD,
        told_figures.TOLD_OF,
        coordinator_notes.SUMMARIES,
        command_answers.ANSWERED,
        breaker.STORMS,
        breaker.PARKED,
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


def _by_name(*declared: Table[Any]) -> dict[str, Table[Any]]:
    book_keeping: tuple[Table[Any], ...] = (SEEN, SEQUENCES)
    return {table.name: table for table in (*book_keeping, *declared)}


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
