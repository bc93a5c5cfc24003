"""The watch sees: each invariant of a programme year finds a fault that is planted for it."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Final

import pytest

from tests.model.people import kind_of, moment
from tests.simulation.watching.invariants import Watch
from tests.simulation.watching.watch import Json, Unit, half_year

Fault = Callable[[Json], object]


def found_after(kind: str, fault: Fault) -> set[str]:
    """Plant a fault in the first output of a kind, and return the names of the invariants that notice."""
    watch, is_planted = Watch(), False
    for unit in half_year():
        outputs = []
        for output in unit.outputs:
            shown = output
            if not is_planted and kind_of(output) == kind:
                shown, is_planted = deepcopy(output), True
                fault(shown)
            outputs.append(shown)
        watch(Unit(at=unit.at, event=unit.event, outcome=unit.outcome, outputs=outputs, letters=unit.letters))
        if is_planted:
            break
    assert is_planted, f"no {kind} to plant a fault in"
    return {violation.invariant for violation in watch.found}


def in_data(name: str, change: Callable[[object], object]) -> Fault:
    """Change one field of the body."""
    return lambda output: output["data"].__setitem__(name, change(output["data"][name]))


def at_night(output: Json) -> None:
    """Let a nudge leave at two at night."""
    output["data"]["not_before"] = (moment(output["time"]) + timedelta(days=1)).strftime("%Y-%m-%dT02:00:00Z")
    output["data"]["timezone"] = "UTC"


FAULTS: Final[dict[str, tuple[str, Fault]]] = {
    "sequences_have_no_gap": ("pairing.proposed", lambda output: output.update(sequence=7)),
    "outputs_carry_engine_time": ("round.completed", lambda output: output.update(time="2025-01-01T00:00:00Z")),
    "people_are_audited_at_the_end_of_a_day": ("nudge.suppressed", lambda output: output.update(causation="whatever was held back")),
    "nudges_say_something": ("nudge.requested", in_data("params", lambda _: {})),
    "changes_follow_the_table": ("pairing.activated", lambda output: output.update(type="bothways.pairing.resumed.v1")),
    "states_agree_with_changes": ("pairing.state", in_data("state", lambda _: "paused")),
    "lapses_look_alike": ("pairing.lapsed", lambda output: output["data"].update(declined_by="x")),
    "versions_count_up": ("pairing.proposed", in_data("proposal_version", lambda _: 2)),
    "scores_follow_from_their_reasons": ("pairing.proposed", in_data("score", lambda score: int(str(score)) + 1)),
    "nudges_wait_for_waking_hours": ("nudge.requested", at_night),
    "nudges_use_the_zone_in_force": ("nudge.requested", in_data("timezone", lambda _: "Asia/Tokyo")),
    "cancellations_follow_requests": ("nudge.cancelled", in_data("nudge_id", lambda _: "never-asked")),
    "proposals_keep_the_hard_rules": ("pairing.proposed", lambda output: output["data"]["people"][0].update(person_id="p-9999")),
    "nobody_is_proposed_over_capacity": ("pairing.proposed", lambda output: output["data"]["people"][0].update(person_id="p-9999")),
    "nobody_away_is_nudged": ("nudge.requested", in_data("person_id", lambda _: "p-9999")),
}
"""Invariant → the kind of output in which the fault is planted, and the fault."""


@pytest.mark.parametrize("invariant", FAULTS)
def test_watch_notices_a_planted_fault(invariant: str) -> None:
    """An invariant that never fails proves nothing, so each is made to fail once."""
    assert invariant in found_after(*FAULTS[invariant])


def test_watch_notices_the_same_output_twice() -> None:
    """guarantees.P3: an id comes once."""
    watch = Watch()
    unit = next(unit for unit in half_year() if unit.outputs)
    watch(Unit(at=unit.at, event=unit.event, outcome=unit.outcome, outputs=[unit.outputs[0]] * 2, letters=[]))

    assert "one_id_has_one_body" in {violation.invariant for violation in watch.found}


def test_watch_notices_two_behavioural_nudges_in_a_week() -> None:
    """The ration holds over all programmes, so the second nudge of a week is found whoever sent it."""
    watch = Watch()
    for unit in half_year():
        watch(unit)
        asked = [output for output in unit.outputs if kind_of(output) == "nudge.requested" and output["data"]["class"] == "behavioural"]
        if asked:
            again = deepcopy(asked[0])
            again["id"], again["data"]["nudge_id"] = "again", "again"
            watch(Unit(at=unit.at, event=None, outcome=unit.outcome, outputs=[again], letters=[]))
            break

    assert "behavioural_nudges_are_rationed" in {violation.invariant for violation in watch.found}


@pytest.mark.parametrize(
    ("state", "invariant"), [("suspended", "suspended_pairs_are_left_in_peace"), ("ended", "pairs_that_are_over_are_left_in_peace")]
)
def test_watch_notices_a_nudge_about_a_pair_at_rest(state: str, invariant: str) -> None:
    """A pair that is suspended or over is left in peace."""
    watch = Watch()
    for unit in half_year():
        for output in unit.outputs:
            if kind_of(output) == "nudge.requested" and output["data"]["key"] == "session_tomorrow":
                watch.seen.state[output["data"]["pairing_id"]] = state
                watch(Unit(at=unit.at, event=None, outcome=unit.outcome, outputs=[output], letters=[]))
                assert invariant in {violation.invariant for violation in watch.found}
                return
        watch(unit)
    pytest.fail("nobody was reminded of a session")


def test_watch_notices_a_pair_that_a_line_joins() -> None:
    """A pair along a reporting line doesn't outlive the event that made it one."""
    watch = Watch()
    for unit in half_year():
        watch(unit)
        live = [pairing_id for pairing_id, state in watch.seen.state.items() if state == "active"]
        if live:
            first, second = sorted(watch.seen.pair[live[0]][1])
            day = unit.at.date().isoformat()
            event = {
                "type": "bothways.hr.role_changed.v1",
                "id": "unheard",
                "time": unit.at.isoformat(),
                "data": {"person_id": first, "effective_on": day, "changes": {"manager_id": second}},
            }
            watch(Unit(at=unit.at + timedelta(days=2), event=event, outcome=unit.outcome, outputs=[], letters=[]))
            break

    assert "pairs_in_a_conflict_are_suspended" in {violation.invariant for violation in watch.found}
