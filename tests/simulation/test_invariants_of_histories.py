"""The watch sees what takes a history to go wrong: a second pairing, one nudge too many, a word that came too late.

The faults of single outputs are in test_invariants.py. Here a year is watched up to where a fault fits, and is clean until then; then the
fault is planted in what is observed, and only that.
"""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from engine.dead_letters import DeadLetter
from engine.execution import Outcome
from schemas.codes import ErrorCode
from tests.model.people import kind_of, moment
from tests.simulation.invariants import OUTPUT, UNIT_ALWAYS, UNIT_WHEN_MOVED, Watch
from tests.simulation.watch import Json, Unit, half_year

HERE: Final = Path(__file__).parent
Fits = Callable[[Watch, Json], bool]


def watched_up_to(fits: Fits) -> tuple[Watch, datetime, Json]:
    """Watch the half year up to the unit of the first output that fits, that unit included; return the instant and the output as well."""
    watch = Watch()
    for unit in half_year():
        watch(unit)
        for output in unit.outputs:
            if fits(watch, output):
                assert [] == watch.found, "clean until here"
                return watch, unit.at, deepcopy(output)
    pytest.fail("the half year holds nothing that fits")


def reported(
    watch: Watch, at: datetime, *outputs: Json, event: Json | None = None, letters: tuple[DeadLetter, ...] = ()
) -> dict[str, list[str]]:
    """Show one more unit to the watch; return what it newly reports, by invariant."""
    known = len(watch.found)
    watch(Unit(at=at, event=event, outcome=Outcome.APPLIED, outputs=list(outputs), letters=list(letters)))
    found: dict[str, list[str]] = {}
    for violation in watch.found[known:]:
        found.setdefault(violation.invariant, []).append(violation.what)
    return found


def asks(output: Json, **wanted: object) -> bool:
    """Say whether an output is a nudge like this."""
    return kind_of(output) == "nudge.requested" and all(output["data"].get(name) == value for name, value in wanted.items())


def again(output: Json, number: int, **data: object) -> Json:
    """Return an output once more under ids of its own, changed in places."""
    ids = {name: f"{name}-{number}" for name in ("pairing_id", "nudge_id") if name in data}
    twin: Json = {**output, "id": f"again-{number}", "data": {**output["data"], **data, **ids}}
    return twin


def of_somebody_in_a_live_pair(watch: Watch) -> str | None:
    """Return one of the people of an active pair."""
    live = [pairing_id for pairing_id, state in watch.seen.state.items() if state == "active"]
    return min(watch.seen.pair[live[0]][1]) if live else None


def hr(kind: str, person_id: str, at: datetime) -> Json:
    """Build a word of HR that holds since yesterday."""
    day = (at - timedelta(days=1)).date().isoformat()
    return {
        "type": f"bothways.hr.{kind}.v1",
        "id": f"{kind}/{person_id}",
        "time": at.isoformat(),
        "data": {"person_id": person_id, "effective_on": day},
    }


def test_watch_notices_a_second_pairing_of_two_people() -> None:
    """Two people have one open pairing in a programme; the same proposal under another id is one too many."""
    watch, at, proposed = watched_up_to(lambda _, output: kind_of(output) == "pairing.proposed")

    assert "one_open_pairing_per_pair" in reported(watch, at, again(proposed, 2, pairing_id=""))


def test_watch_notices_a_nudge_above_the_daily_cap() -> None:
    """As many nudges as the cap may fall on a local day, and none more; one that was called back does not count."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, key="proposal_ready"))
    day = moment(nudge["data"]["not_before"]) + timedelta(days=70)
    later = {"not_before": day.isoformat(), "expires_at": (day + timedelta(days=7)).isoformat(), "nudge_id": ""}
    cap = watch.seen.policy_of(nudge["data"]).nudge_daily_cap

    up_to_the_cap = [reported(watch, at, again(nudge, number, **later)) for number in range(cap)]
    cancelled = {"nudge_id": "nudge_id-0", "person_id": nudge["data"]["person_id"], "cancellation_key": "", "reason": "no_longer_needed"}
    called_back = {**nudge, "id": "back", "type": "bothways.nudge.cancelled.v1", "data": cancelled}
    reported(watch, at, called_back)
    in_its_place, above = (reported(watch, at, again(nudge, number, **later)) for number in (cap, cap + 1))

    assert not any("nudges_are_capped_per_day" in found for found in (*up_to_the_cap, in_its_place))
    assert "nudges_are_capped_per_day" in above


@pytest.mark.parametrize(("class_", "is_noticed"), [("behavioural", True), ("transactional", False)])
def test_watch_notices_a_nudge_that_somebody_opted_out_of(class_: str, is_noticed: bool) -> None:
    """Whoever opted out of a category hears nothing of it; transactional nudges about a pairing reach everybody."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, category="pairing", **{"class": class_}))
    data = {"person_id": nudge["data"]["person_id"], "category": "pairing"}
    opted_out = {"type": "bothways.nudge.opted_out.v1", "id": "out", "time": at.isoformat(), "data": data}

    reported(watch, at, event=opted_out)

    assert is_noticed == ("opting_out_is_respected" in reported(watch, at, again(nudge, 2, nudge_id="")))


@pytest.mark.parametrize(("kind", "says"), [("departed", "departed"), ("leave_started", "somebody on leave")])
def test_watch_notices_a_pair_that_goes_on_without_somebody(kind: str, says: str) -> None:
    """The departed have no pair, and those on leave none that runs: HR's word that nothing follows from is found."""
    watch, at, _ = watched_up_to(lambda watch, _: of_somebody_in_a_live_pair(watch) is not None)
    person_id = of_somebody_in_a_live_pair(watch)
    assert person_id is not None

    found = reported(watch, at + timedelta(days=1), event=hr(kind, person_id, at))

    assert any(says in what for what in found["pairs_have_two_people_who_are_there"])


@pytest.mark.parametrize(
    ("topic", "code", "is_noticed"),
    [
        ("dlq.hr.people.v1", ErrorCode.PROCESSING_FAILED, True),
        ("dlq.bothways.timers", ErrorCode.PROCESSING_FAILED, True),
        ("dlq.hr.people.v1", ErrorCode.MALFORMED, False),
    ],
)
def test_watch_notices_a_rule_that_fails(topic: str, code: ErrorCode, is_noticed: bool) -> None:
    """P7: a refusal is a refusal; a rule or a timer that raised is a defect."""
    watch, at, _ = watched_up_to(lambda _, output: kind_of(output) == "pairing.proposed")
    letter = DeadLetter(topic=topic, key=None, value=b"{}", headers=(), code=code)

    assert is_noticed == ("nothing_fails_in_processing" in reported(watch, at, letters=(letter,)))


def test_watch_notices_a_nudge_that_names_a_cause() -> None:
    """What is said about a pair's state names the state; the HR event behind it is nobody's business."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, key="pairing_paused"))

    told = again(nudge, 2, nudge_id="", data_used=["pairing.state", "hr.leave_started"])

    assert "lifecycle_nudges_name_no_cause" in reported(watch, at, told)


@pytest.mark.parametrize("attribute", ["actor", "causation"])
def test_watch_notices_a_state_that_tells_who_declined(attribute: str) -> None:
    """The state record of a lapse is as untraceable as the lapse itself."""
    watch, at, state = watched_up_to(lambda _, output: kind_of(output) == "pairing.state" and output["data"]["state"] == "lapsed")

    assert "state_of_a_lapse_tells_no_cause" in reported(watch, at, {**state, "id": "again", attribute: "somebody"})


@pytest.mark.parametrize("kind", ["pairing.suspended", "pairing.lapsed"])
def test_watch_notices_a_nudge_that_stands_after_a_suspension(kind: str) -> None:
    """What was asked of a pair is called back in the unit that suspends it, or lets it lapse; the same with the cancellation is fine."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, key="proposal_ready"))
    pairing_id = nudge["data"]["pairing_id"]
    programme_id, people = watch.seen.pair[pairing_id]
    data = {"pairing_id": pairing_id, "programme_id": programme_id, "people": sorted(people)}
    change = {**nudge, "id": "change", "type": f"bothways.{kind}.v1", "topic": "mentorship.pairings.v1", "key": pairing_id, "data": data}
    standing = [
        one for one, asked in watch.seen.requested.items() if asked.get("pairing_id") == pairing_id and one not in watch.seen.cancelled
    ]
    calls = [
        {**nudge, "id": f"back-{one}", "type": "bothways.nudge.cancelled.v1", "data": {"nudge_id": one, "reason": "no_longer_needed"}}
        for one in standing
    ]
    for call in calls:
        call["data"] |= {"person_id": watch.seen.requested[call["data"]["nudge_id"]]["person_id"], "cancellation_key": ""}

    forgotten = reported(watch, at, change)
    called_back = reported(watch, at, *calls, {**change, "id": "change again"})

    assert "suspension_calls_nudges_back" in forgotten
    assert "suspension_calls_nudges_back" not in called_back


def test_every_invariant_has_a_planted_fault() -> None:
    """An invariant that was never seen to fail proves nothing."""
    texts = "".join((HERE / name).read_text("utf-8") for name in ("test_invariants.py", Path(__file__).name))
    checks = (*OUTPUT, *UNIT_ALWAYS, *UNIT_WHEN_MOVED)

    assert [] == [check.__name__ for check in checks if f'"{check.__name__}"' not in texts]
