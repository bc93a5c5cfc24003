"""What holds after every record and every tick of a programme, whoever the people are.

Each invariant is a small function with a name. Those of OUTPUT look at one published event against everything published before it; those of
UNIT look at the state after a whole unit. A broken one yields a sentence. The facts of HR come from the naive model, never from the engine.

Source: the rules of the domain and of the contracts; promises guarantees.P3 and guarantees.P7.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tests.model.people import kind_of, moment
from tests.simulation.watching import nudge_invariants as nudges
from tests.simulation.watching import pair_invariants as pairs
from tests.simulation.watching import told_invariants as told
from tests.simulation.watching.seen import STATE_AFTER, Seen
from tests.simulation.watching.watch import Json, Unit


def one_id_has_one_body(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """guarantees.P3: ids are unique."""
    if output["id"] in seen.bodies:
        yield f"id {output['id']} twice"


def sequences_have_no_gap(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Per topic and key, 1, 2, 3 and so on."""
    expected = seen.sequence.get((output["topic"], output["key"]), 0) + 1
    if expected != output["sequence"]:
        yield f"sequence {output['sequence']} of {output['topic']} {output['key']}, expected {expected}"


def outputs_carry_engine_time(_seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """`time` is the `at` of the cause; the record of a forbid or an allow has the start of its UTC day, so that it tells nobody when."""
    is_about_two = unit.event is not None and kind_of(unit.event) in {"pairing.forbidden", "pairing.allowed"} and output["topic"] == AUDIT
    if moment(output["time"]) != (unit.at.replace(hour=0, minute=0, second=0) if is_about_two else unit.at):
        yield f"time {output['time']} in a unit at {unit.at}"


def people_are_audited_at_the_end_of_a_day(_seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """What is published about single people on the audit topic leaves as a UTC day ends, and names no cause."""
    is_midnight = unit.at == unit.at.replace(hour=0, minute=0, second=0)
    if kind_of(output) in {"nudge.suppressed", "hr.finding"} and not (is_midnight and "causation" not in output):
        yield f"{kind_of(output)} at {unit.at}, {'with' if 'causation' in output else 'without'} a cause"


def nothing_fails_in_processing(_seen: Seen, unit: Unit) -> Iterator[str]:
    """guarantees.P7: refusals have a code of the contract; no rule of ours raises."""
    for letter in unit.letters:
        if letter.code == "processing_failed" or letter.topic == "dlq.bothways.timers":
            message = dict(letter.headers).get("__dlq.errors.message")
            yield f"{letter.code} on {letter.topic}: {message!r} {letter.value[:400]!r}"


AUDIT: Final = "mentorship.audit.v1"
OutputInvariant = Callable[[Seen, Json, Unit], Iterator[str]]
UnitInvariant = Callable[[Seen, Unit], Iterator[str]]

OUTPUT: Final[tuple[OutputInvariant, ...]] = (
    one_id_has_one_body,
    sequences_have_no_gap,
    outputs_carry_engine_time,
    people_are_audited_at_the_end_of_a_day,
    pairs.changes_follow_the_table,
    pairs.states_agree_with_changes,
    pairs.lapses_look_alike,
    pairs.state_of_a_lapse_tells_no_cause,
    pairs.proposals_lapse_in_time,
    pairs.versions_count_up,
    pairs.nobody_is_proposed_over_capacity,
    pairs.one_open_pairing_per_pair,
    pairs.proposals_keep_the_hard_rules,
    pairs.scores_follow_from_their_reasons,
    nudges.behavioural_nudges_are_rationed,
    nudges.nudges_are_capped_per_day,
    nudges.nudges_wait_for_waking_hours,
    nudges.nudges_use_the_zone_in_force,
    nudges.nobody_away_is_nudged,
    nudges.opting_out_is_respected,
    nudges.suspended_pairs_are_left_in_peace,
    nudges.pairs_that_are_over_are_left_in_peace,
    nudges.lifecycle_nudges_name_no_cause,
    nudges.cancellations_follow_requests,
    told.sessions_are_reminded_of_the_day_before,
    told.nudges_say_something,
    told.both_sides_are_held_out_alike,
)
UNIT_ALWAYS: Final[tuple[UnitInvariant, ...]] = (
    nothing_fails_in_processing,
    nudges.suspension_calls_nudges_back,
    told.both_hear_that_their_pair_is_over,
    told.questions_about_a_proposal_are_called_back_together,
)
UNIT_WHEN_MOVED: Final[tuple[UnitInvariant, ...]] = (
    pairs.pairs_in_a_conflict_are_suspended,
    pairs.pairs_have_two_people_who_are_there,
)
"""These can only break when HR facts or pairings move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken invariant."""

    at: datetime
    invariant: str
    what: str


class Watch:
    """Checks every unit, and keeps what it found."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.found: list[Violation] = []

    def __call__(self, unit: Unit) -> None:
        """Check a unit and take it in."""
        moved = self.seen.hear(unit)
        for output in unit.outputs:
            for check in OUTPUT:
                self._keep(unit, check.__name__, check(self.seen, output, unit))
            self.seen.note(output)
            moved = moved or kind_of(output) in STATE_AFTER
        for check_unit in UNIT_ALWAYS + (UNIT_WHEN_MOVED if moved else ()):
            self._keep(unit, check_unit.__name__, check_unit(self.seen, unit))

    def _keep(self, unit: Unit, name: str, found: Iterator[str]) -> None:
        self.found.extend(Violation(at=unit.at, invariant=name, what=what) for what in found)
