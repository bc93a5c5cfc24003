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

from engine.core.dead_letters import DeadLetter
from engine.core.execution import Outcome
from engine.core.identity import drawn_percent
from schemas.terms.codes import ErrorCode
from tests.model.people import kind_of, moment
from tests.simulation.watching.invariants import OUTPUT, UNIT_ALWAYS, UNIT_WHEN_MOVED, Watch
from tests.simulation.watching.told_invariants import SALT
from tests.simulation.watching.watch import Json, Unit, half_year

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


@pytest.mark.parametrize(("kind", "says", "is_at_once"), [("departed", "departed", False), ("leave_started", "somebody on leave", True)])
def test_watch_notices_a_pair_that_goes_on_without_somebody(kind: str, says: str, is_at_once: bool) -> None:
    """The departed have no pair once that is settled, and those on leave none that runs: HR's word that nothing follows from is found."""
    watch, at, _ = watched_up_to(lambda watch, _: of_somebody_in_a_live_pair(watch) is not None)
    person_id = of_somebody_in_a_live_pair(watch)
    assert person_id is not None

    at_once = reported(watch, at + timedelta(days=1), event=hr(kind, person_id, at))
    later = reported(watch, at + timedelta(days=2), event=hr("leave_ended", "somebody else", at))

    assert is_at_once == ("pairs_have_two_people_who_are_there" in at_once)
    assert any(says in what for what in later["pairs_have_two_people_who_are_there"])


@pytest.mark.parametrize(
    ("topic", "code", "is_noticed"),
    [
        ("dlq.hr.people.v1", ErrorCode.PROCESSING_FAILED, True),
        ("dlq.bothways.timers", ErrorCode.PROCESSING_FAILED, True),
        ("dlq.hr.people.v1", ErrorCode.MALFORMED, False),
    ],
)
def test_watch_notices_a_rule_that_fails(topic: str, code: ErrorCode, is_noticed: bool) -> None:
    """guarantees.P7: a refusal is a refusal; a rule or a timer that raised is a defect."""
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
    change = change_of(pairing_id, kind, watch, nudge)
    standing = [
        one for one, asked in watch.seen.requested.items() if asked.get("pairing_id") == pairing_id and one not in watch.seen.cancelled
    ]
    calls = [cancellation({**nudge, "data": watch.seen.requested[one]}, number) for number, one in enumerate(standing)]

    forgotten = reported(watch, at, change)
    called_back = reported(watch, at, *calls, {**change, "id": "change again"})

    assert "suspension_calls_nudges_back" in forgotten
    assert "suspension_calls_nudges_back" not in called_back


def cancellation(nudge: Json, number: int) -> Json:
    """Call a nudge back."""
    names = ("nudge_id", "person_id")
    data = {**{name: nudge["data"][name] for name in names}, "cancellation_key": "", "reason": "no_longer_needed"}
    return {**nudge, "id": f"back-{number}", "type": "bothways.nudge.cancelled.v1", "data": data}


def change_of(pairing_id: str, kind: str, watch: Watch, like: Json) -> Json:
    """Build a published change of a pairing."""
    programme_id, people = watch.seen.pair[pairing_id]
    data = {"pairing_id": pairing_id, "programme_id": programme_id, "people": sorted(people)}
    return {**like, "id": kind, "type": f"bothways.{kind}.v1", "topic": "mentorship.pairings.v1", "key": pairing_id, "data": data}


def test_watch_notices_a_proposal_that_lapses_because_of_an_answer() -> None:
    """A lapse before its time that nothing but an answer can explain tells of a decline; at its time it tells nothing."""
    watch, at, proposed = watched_up_to(lambda _, output: kind_of(output) == "pairing.proposed")
    lapsed = change_of(proposed["data"]["pairing_id"], "pairing.lapsed", watch, proposed)
    early, due = at + timedelta(hours=5), moment(proposed["data"]["expires_at"])

    assert "proposals_lapse_in_time" in reported(watch, early, lapsed)
    watch, *_ = watched_up_to(lambda _, output: kind_of(output) == "pairing.proposed")
    assert "proposals_lapse_in_time" not in reported(watch, due, lapsed)


@pytest.mark.parametrize("fault", ["days_ahead", "on the day"])
def test_watch_notices_a_reminder_that_comes_late_or_counts_wrong(fault: str) -> None:
    """A session that was booked in time is reminded of on a day before, and the reminder says how many days that is."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, key="session_tomorrow") and output["data"]["params"]["days_ahead"] > 0)
    params, starts_at = nudge["data"]["params"], moment(nudge["data"]["params"]["starts_at"])
    late = {"not_before": (starts_at - timedelta(minutes=1)).isoformat(), "params": {**params, "days_ahead": 0}}
    wrong = {"params": {**params, "days_ahead": params["days_ahead"] + 1}}

    assert "sessions_are_reminded_of_the_day_before" in reported(
        watch, at, again(nudge, 2, nudge_id="", **(wrong if fault == "days_ahead" else late))
    )


def test_watch_notices_a_nudge_to_one_side_of_a_pair_that_is_held_out() -> None:
    """The lot is the pair's: whichever side hears of a key that is held out for its pair, it is noticed."""
    watch, at, nudge = watched_up_to(lambda _, output: asks(output, **{"class": "behavioural"}) and "pairing_id" in output["data"])
    key = nudge["data"]["key"]
    held_out = next(name for number in range(1_000) if drawn_percent(f"holdout/pairing/{(name := f'pair-{number}')}/{key}", SALT) < 10)
    twin = {**nudge, "id": "again", "data": {**nudge["data"], "nudge_id": "again", "pairing_id": held_out}}

    assert "both_sides_are_held_out_alike" in reported(watch, at, twin)


def test_watch_notices_an_end_that_somebody_never_hears_of() -> None:
    """Both sides hear that their pair is over."""
    watch, at, other = watched_up_to(lambda watch, _: "active" in watch.seen.state.values())
    pairing_id = next(pairing_id for pairing_id, state in watch.seen.state.items() if state == "active")

    told = reported(watch, at, change_of(pairing_id, "pairing.ended", watch, other))

    assert 2 == len(told["both_hear_that_their_pair_is_over"])


def test_watch_notices_a_question_that_is_called_back_from_one_side_only() -> None:
    """That one side's question about a proposal is called back shows nothing if the other side's is too, in the same unit."""
    watch, at, nudge = watched_up_to(
        lambda watch, output: asks(output, key="proposal_ready") and 2 == len(watch.seen.proposed[output["data"]["pairing_id"]].told)
    )
    pairing_id = nudge["data"]["pairing_id"]
    asked = [one for one in watch.seen.requested.values() if one.get("pairing_id") == pairing_id]
    calls = [cancellation({**nudge, "data": one}, number) for number, one in enumerate(asked)]
    later = at + timedelta(hours=1)

    one_side = reported(watch, later, calls[0])
    other_side = reported(watch, later, calls[1])

    assert "questions_about_a_proposal_are_called_back_together" in one_side
    assert "questions_about_a_proposal_are_called_back_together" not in other_side


def test_every_invariant_has_a_planted_fault() -> None:
    """An invariant that was never seen to fail proves nothing."""
    texts = "".join((HERE / name).read_text("utf-8") for name in ("test_invariants.py", Path(__file__).name))
    checks = (*OUTPUT, *UNIT_ALWAYS, *UNIT_WHEN_MOVED)

    assert [] == [check.__name__ for check in checks if f'"{check.__name__}"' not in texts]
