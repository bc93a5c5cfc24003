"""The topology: two keyed stages, their tables, and which rule handles what.

`build` is the only place that knows every processor. It refuses a topology in which an input type, a message or a timed table has no rule,
so that a gap is found at start-up and in a test, not by the first record that falls into it.
"""

from typing import Final, get_args

from engine.core.effects import StageName
from engine.core.stage import Topology, in_order, stage
from engine.errors import InvalidTopology
from engine.programme.coordinators import audit_days, coordinator_notes
from engine.programme.coordinators.audit_days import AUDIT_DAYS
from engine.programme.coordinators.command_answers import ANSWERED
from engine.programme.coordinators.coordinator_notes import SUMMARIES
from engine.programme.erasure import in_people, in_programmes
from engine.programme.facts import pending_reviews
from engine.programme.facts.pending_reviews import ARRIVALS
from engine.programme.insights import insights, trial_actions
from engine.programme.insights.insights import ATTENTION, CLOCKS, NOTES, TALLIES, TRIALS_OF_PAIRS
from engine.programme.insights.told_figures import TOLD, TOLD_OF
from engine.programme.messages import Message
from engine.programme.nudges import breaker, outreach
from engine.programme.nudges.breaker import PARKED, STORMS
from engine.programme.nudges.outreach_rows import CONTACTS, CONTROLS, NUDGED
from engine.programme.pairs import pair_timers
from engine.programme.participants import profiles, silence
from engine.programme.people import kept_apart, mentions, roster, roster_line
from engine.programme.people.tables import ERASURES, PEOPLE, REPORTS, TRACES
from engine.programme.proposals import answers, reached
from engine.programme.rounds import commands
from engine.programme.sessions import feedback, sessions
from engine.programme.sessions.feedback import FAREWELLS
from engine.programme.tables import BARS, PAIRINGS, PARTICIPANTS, PROGRAMMES, ROUNDS
from schemas.registry import INPUT_TYPES

PEOPLE_RULES: Final = (
    roster.PROCESSOR,
    roster_line.PROCESSOR,
    kept_apart.PROCESSOR,
    mentions.PROCESSOR,
    in_people.PROCESSOR,
    outreach.PROCESSOR,
    audit_days.PROCESSOR,
)
"""In order, where several handle one type."""
PROGRAMME_RULES: Final = (
    in_programmes.PROCESSOR,
    commands.PROCESSOR,
    profiles.PROCESSOR,
    answers.PROCESSOR,
    sessions.PROCESSOR,
    feedback.PROCESSOR,
    reached.PROCESSOR,
    silence.PROCESSOR,
    insights.PROCESSOR,
    trial_actions.PROCESSOR,
    pending_reviews.PROCESSOR,
    coordinator_notes.PROCESSOR,
    pair_timers.PROCESSOR,
)
"""In order: what people do is counted after the rules have taken it."""
PEOPLE_TABLES: Final = (PEOPLE, REPORTS, ERASURES, TRACES, AUDIT_DAYS, CONTACTS, NUDGED, CONTROLS)
PROGRAMME_TABLES: Final = (
    *(PROGRAMMES, PARTICIPANTS, PAIRINGS, BARS, ROUNDS, FAREWELLS, ARRIVALS),
    *(TALLIES, ATTENTION, TRIALS_OF_PAIRS, NOTES, CLOCKS, TOLD, TOLD_OF),
    *(SUMMARIES, ANSWERED, STORMS, PARKED),
)


def build() -> Topology:
    """Declare the topology of Bothways.

    An event about somebody erased reaches no rule of a person; each nudge of a programme passes the breaker; last of all, the clock of the
    report sees that something reached a programme.

    Raises:
        InvalidTopology: something has no rule.
    """
    people = in_people.unless_erased(in_order(*PEOPLE_RULES))
    programmes = breaker.guarded(in_order(*PROGRAMME_RULES))
    stages = (
        stage(StageName.PEOPLE, people, *PEOPLE_TABLES),
        stage(StageName.PROGRAMMES, insights.watching(in_order(programmes, breaker.BEHIND)), *PROGRAMME_TABLES),
    )
    topology = Topology(stages={one.name: one for one in stages})
    gaps = validate(topology)
    if gaps:
        raise InvalidTopology(reason="; ".join(gaps))
    return topology


def validate(topology: Topology) -> list[str]:
    """Return the gaps: an input type or message without a rule, a rule for what never arrives, a wake for an unknown table."""
    wanted = dict.fromkeys(INPUT_TYPES.values(), "input") | dict.fromkeys(get_args(Message), "message")
    handled = {kind for one in topology.stages.values() for kind in one.handlers}
    gaps = [f"{what} {kind.__name__} has no rule" for kind, what in wanted.items() if kind not in handled]
    gaps += [f"a rule for {kind.__name__}, which never arrives" for kind in handled if kind not in wanted]
    for one in topology.stages.values():
        gaps += [f"{one.name}: wake for unknown table {name}" for name in sorted(set(one.wakes) - set(one.tables))]
    return gaps


def describe(topology: Topology) -> str:
    """Draw the topology as text: stages, their tables, what each handles."""
    lines: list[str] = []
    for one in topology.stages.values():
        lines.append(f"{one.name}")
        lines.append(f"  tables   {', '.join(sorted(one.tables))}")
        lines.append(f"  handles  {', '.join(sorted(kind.__name__ for kind in one.handlers))}")
    return "\n".join(lines)
