"""The HR matrix: each event, seen on the person's row, on the pair, and in what people are told."""

from datetime import datetime, timedelta

import pytest

from schemas.text.fields import instant_text
from tests.acceptance.stories.hr_story import ends, hr
from tests.acceptance.stories.story import T0, Story

# Employment


def test_hired_person_is_active_and_not_enrolled(story: Story) -> None:
    """A hire makes a row; nobody is ever enrolled by it."""
    story.good(story.hired(T0, "ann", department="lab", timezone="Europe/Rome", manager_id="max"))

    row = story.person("ann")

    assert (row["person_id"], row["employment"], row["department"], row["timezone"], row["manager_id"]) == (
        "ann",
        "active",
        "lab",
        "Europe/Rome",
        "max",
    )
    assert (row["line"], row["pending"], row["enrolments"], row["languages"]) == (["max"], [], [], ["en"])


def test_defaults_of_a_person(story: Story) -> None:
    """UTC and English where nothing is said."""
    story.good(story.hired(T0, "ann"))

    row = story.person("ann")

    assert (row["timezone"], row["languages"], row["manager_id"], row["department"]) == ("UTC", ["en"], None, None)


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("UTC", "2025-02-02T23:59:59Z", "2025-02-03T00:00:00Z"),
        ("Pacific/Auckland", "2025-02-02T10:59:59Z", "2025-02-02T11:00:00Z"),
        ("America/Los_Angeles", "2025-02-03T07:59:59Z", "2025-02-03T08:00:00Z"),
        ("Asia/Kathmandu", "2025-02-02T18:14:59Z", "2025-02-02T18:15:00Z"),
    ],
)
def test_hire_of_the_future_begins_at_midnight_of_the_person(story: Story, zone: str, before: str, after: str) -> None:
    """Expected until the effective day begins in the person's zone, then active; pending until then."""
    story.good(story.hired(T0, "ann", effective_on="2025-02-03", timezone=zone))
    assert (story.person("ann")["employment"], bool(story.person("ann")["pending"])) == ("expected", True)

    story.tick(before)
    assert story.person("ann")["employment"] == "expected"
    story.tick(after)
    assert (story.person("ann")["employment"], story.person("ann")["pending"]) == ("active", [])


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("UTC", "2025-02-03T23:59:59Z", "2025-02-04T00:00:00Z"),
        ("Pacific/Auckland", "2025-02-03T10:59:59Z", "2025-02-03T11:00:00Z"),
        ("America/Los_Angeles", "2025-02-04T07:59:59Z", "2025-02-04T08:00:00Z"),
    ],
)
def test_departure_applies_when_its_day_is_over_for_the_person(story: Story, zone: str, before: str, after: str) -> None:
    """Nothing leaves before the effective day is over in the person's zone; four hours later the pair ends `circumstances`."""
    story.pair(hr={"ann": {"timezone": zone}, "bob": {"timezone": zone}})
    story.good(hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-02-03"))

    story.tick(before)
    assert (story.person("ann")["employment"], ends(story)) == ("active", [])
    story.tick(after)
    assert (story.person("ann")["employment"], ends(story)) == ("departed", [])
    settled = instant_text(datetime.fromisoformat(after) + timedelta(hours=4))
    story.tick(settled)
    assert ends(story) == [(settled, "circumstances")]


def test_departure_over_a_change_of_clocks(story: Story) -> None:
    """30 March 2025 has 23 hours in Berlin: the day is over at 22:00 UTC, and the departure is settled four hours later."""
    story.pair(hr={"ann": {"timezone": "Europe/Berlin"}})
    story.good(hr(story, "departed", "2025-02-02T12:00:00Z", "ann", effective_on="2025-03-30"))
    story.good(
        story.held("2025-02-03T12:00:00Z", story.proposals()[0]["pairing_id"], "s1"),
        story.held("2025-03-03T12:00:00Z", story.proposals()[0]["pairing_id"], "s2"),
    )

    story.tick("2025-04-01T00:00:00Z")

    assert ends(story) == [("2025-03-31T02:00:00Z", "circumstances")]


def test_back_dated_departure_applies_at_once(story: Story) -> None:
    """A fact of the past applies when it arrives, and is settled four hours later."""
    story.pair()
    story.good(hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-01-10"))
    story.tick("2025-01-21T00:00:00Z")

    assert ends(story) == [("2025-01-20T16:00:00Z", "circumstances")]


def test_departure_lapses_an_open_proposal(story: Story) -> None:
    """An open proposal of somebody who left lapses, and nobody learns why."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")
    story.good(hr(story, "departed", "2025-01-07T12:00:00Z", "ann", effective_on="2025-01-06"))
    story.tick("2025-01-07T16:00:00Z")

    assert story.pairings() == ["proposed", "lapsed"]


def test_departure_tells_the_partner_neutrally(story: Story) -> None:
    """The partner hears that it ended and that they come first; who left hears nothing."""
    pairing = story.pair()
    story.good(hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-01-10"))
    story.tick("2025-01-21T12:00:00Z")

    told = [
        (one["person_id"], one["key"])
        for one in story.nudges()
        if one["pairing_id"] == pairing and one["not_before"] >= "2025-01-20T12:00:00Z"
    ]
    assert ("bob", "partner_found_next") in told or ("bob", "pairing_ended") in told
    assert not [person for person, _ in told if person == "ann"]
    assert "depart" not in str(story.nudges())
    assert "leave" not in str(story.nudges(person="bob"))


def test_cancelled_departure_is_void(story: Story) -> None:
    """A departure that was cancelled never happens."""
    story.pair()
    story.good(
        hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-02-03"),
        hr(story, "departure_cancelled", "2025-01-21T12:00:00Z", "ann"),
    )
    assert story.person("ann")["pending"] == []
    story.tick("2025-02-10T00:00:00Z")

    assert (story.person("ann")["employment"], ends(story)) == ("active", [])


def test_cancellation_that_overtakes_its_departure_voids_it(story: Story) -> None:
    """The order is that of (time, id), whatever the order of arrival."""
    story.pair()
    cancelled = hr(story, "departure_cancelled", "2025-01-21T12:00:00Z", "ann")
    departed = hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-02-03")
    story.good(cancelled, departed)
    story.tick("2025-02-10T00:00:00Z")

    assert (story.person("ann")["employment"], ends(story)) == ("active", [])


def test_departure_after_a_cancellation_counts(story: Story) -> None:
    """A later departure isn't voided by an earlier cancellation."""
    story.pair()
    story.good(
        hr(story, "departure_cancelled", "2025-01-21T12:00:00Z", "ann"),
        hr(story, "departed", "2025-01-22T12:00:00Z", "ann", effective_on="2025-02-03"),
    )
    story.tick("2025-02-10T00:00:00Z")

    assert story.person("ann")["employment"] == "departed"


def test_cancelled_hire_is_removed(story: Story) -> None:
    """The row goes quietly, or is no more than unknown; nobody hears of it."""
    story.good(story.hired(T0, "ann", effective_on="2025-02-03"), hr(story, "hire_cancelled", "2025-01-10T00:00:00Z", "ann"))
    story.tick("2025-03-01T00:00:00Z")

    answer = story.run("inspect", "person", "ann", "--json")

    assert answer.code == 1 or answer.json["employment"] == "unknown"
    assert story.nudges() == []


def test_cancelled_hire_lapses_the_proposal_without_a_word(story: Story) -> None:
    """Proposals go quietly: no ending message to anyone."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")
    story.good(hr(story, "hire_cancelled", "2025-01-07T12:00:00Z", "ann"))
    story.tick("2025-01-12T12:00:00Z")

    assert story.pairings() == ["proposed", "lapsed"]
    assert {one["key"] for one in story.nudges()} == {"proposal_ready"}


def test_facts_before_the_hire_make_an_unknown_row(story: Story) -> None:
    """Feeds arrive out of order: the row becomes real with the hire, and keeps the facts."""
    story.good(hr(story, "role_changed", T0, "ann", effective_on="2025-01-02", changes={"department": "lab"}))
    assert story.person("ann")["employment"] == "unknown"

    story.good(story.hired("2025-01-07T00:00:00Z", "ann", department="yard"))
    assert (story.person("ann")["employment"], story.person("ann")["department"]) == ("active", "lab")


def test_rehire_makes_no_old_pair_live(story: Story) -> None:
    """The same person id; old pairs stay over, and consent is asked anew."""
    story.pair()
    story.good(
        hr(story, "departed", "2025-01-20T12:00:00Z", "ann", effective_on="2025-01-19"),
        story.hired("2025-03-01T00:00:00Z", "ann", effective_on="2025-03-01"),
    )
    story.tick("2025-03-20T00:00:00Z")

    row = story.person("ann")
    assert row["employment"] == "active"
    assert story.pairings() == ["proposed", "activated", "ended"]
    assert not [one for one in row["enrolments"] if one["status"] == "enrolled"]


# Order of facts


def test_older_fact_never_overwrites_a_newer_one(story: Story) -> None:
    """Per field group the order is (effective_on, ...), whatever the order of arrival."""
    newer = hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-01-05", changes={"department": "new"})
    older = hr(story, "role_changed", "2025-01-08T00:00:00Z", "ann", effective_on="2025-01-04", changes={"department": "old"})
    story.good(story.hired(T0, "ann"), newer, older)

    assert story.person("ann")["department"] == "new"


def test_same_day_facts_go_by_recorded_time(story: Story) -> None:
    """On one effective day, `recordedtime` decides, else `time`."""
    first = hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-01-05", changes={"department": "a"}) | {
        "recordedtime": "2025-01-06T20:00:00Z"
    }
    second = hr(story, "role_changed", "2025-01-08T00:00:00Z", "ann", effective_on="2025-01-05", changes={"department": "b"}) | {
        "recordedtime": "2025-01-06T10:00:00Z"
    }
    story.good(story.hired(T0, "ann"), first, second)

    assert story.person("ann")["department"] == "a"


def test_same_instant_facts_go_by_sequence(story: Story) -> None:
    """Then `sequence` decides."""
    first = hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-01-05", changes={"department": "a"}) | {
        "sequence": 10
    }
    second = hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-01-05", changes={"department": "b"}) | {
        "sequence": 9
    }
    story.good(story.hired(T0, "ann"), first, second)

    assert story.person("ann")["department"] == "a"


def test_null_clears_a_field(story: Story) -> None:
    """A change to null clears; a field that isn't named stays."""
    story.good(
        story.hired(T0, "ann", department="lab", job_level=5),
        hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-01-07", changes={"department": None}),
    )

    assert (story.person("ann")["department"], story.person("ann")["job_level"]) == (None, 5)


def test_future_change_waits_for_midnight_of_the_person(story: Story) -> None:
    """A move of next week is pending, and applies when its day begins in the person's zone."""
    story.good(
        story.hired(T0, "ann", department="lab", timezone="Pacific/Auckland"),
        hr(story, "role_changed", "2025-01-07T00:00:00Z", "ann", effective_on="2025-02-03", changes={"department": "yard"}),
    )
    assert (story.person("ann")["department"], len(story.person("ann")["pending"])) == ("lab", 1)
    story.tick("2025-02-02T10:59:59Z")
    assert story.person("ann")["department"] == "lab"
    story.tick("2025-02-02T11:00:00Z")
    assert (story.person("ann")["department"], story.person("ann")["pending"]) == ("yard", [])


# Reporting line


def test_line_is_nearest_first(story: Story) -> None:
    """A person's line names the manager, then the manager's manager, in any order of arrival."""
    story.good(story.hired(T0, "ann", manager_id="max"), story.hired(T0, "max", manager_id="eva"), story.hired(T0, "eva"))

    assert (story.person("ann")["line"], story.person("max")["line"]) == (["max", "eva"], ["eva"])


def test_line_follows_a_move_above(story: Story) -> None:
    """When the manager moves, the reports' lines move with it."""
    story.good(
        story.hired(T0, "eva"),
        story.hired(T0, "max", manager_id="eva"),
        story.hired(T0, "ann", manager_id="max"),
        story.hired(T0, "zoe"),
        hr(story, "role_changed", "2025-01-07T00:00:00Z", "max", effective_on="2025-01-07", changes={"manager_id": "zoe"}),
    )

    assert story.person("ann")["line"] == ["max", "zoe"]


def test_cycle_in_the_line_ends(story: Story) -> None:
    """A cycle is cut before the first repeat, and flagged."""
    story.good(story.hired(T0, "ann", manager_id="bob"), story.hired(T0, "bob", manager_id="ann"))

    assert (story.person("ann")["line"], story.person("bob")["line"]) == (["bob"], ["ann"])
    assert any(value is True for name, value in story.person("ann").items() if "cycl" in name)


# Erasure


def test_erasure_removes_the_person(story: Story) -> None:
    """`hr.erased` ends the pair, and the row goes for good."""
    story.pair()
    story.good(hr(story, "erased", "2025-01-20T09:00:00Z", "ann"))

    answer = story.run("inspect", "person", "ann", "--json")
    assert answer.code == 1 or answer.json["employment"] == "erased"
    assert ends(story)
