"""Nudges: their fields, rations, caps, quiet hours, opting out, holding out, cancelling, and the breaker."""

import itertools
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from tests.acceptance.story import AUDIT, NUDGES, Story

T0: Final = "2025-01-06T05:00:00Z"
Event = dict[str, Any]


def instant(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text)


def asked(story: Story, key: str | None = None, person: str | None = None) -> list[tuple[str, str]]:
    """(person, not_before) of the nudges of a key."""
    return [(one["person_id"], one["not_before"]) for one in story.nudges(key, person)]


def invited(story: Story, at: str, person: str, programme: str = "p1") -> Event:
    """A nomination, which makes one behavioural nudge."""
    return story.event("participation.nominated", at, {"person_id": person, "programme_id": programme}, actor="boss")


def lone(story: Story, *, hr: dict[str, Any] | None = None, programmes: int = 1, **policy: Any) -> None:
    """Programmes p1, p2 ... and ann, who is in none."""
    story.good(
        *(story.programme(T0, programme_id=f"p{number}", **policy) for number in range(1, programmes + 1)),
        story.hired(T0, "ann", **(hr or {})),
    )


# Fields


def test_nudge_has_its_fields(story: Story) -> None:
    """All fields of the contract, with the person's zone and language."""
    story.couple(hr={"ann": {"timezone": "Europe/Rome", "languages": ["it", "en"]}})
    story.tick("2025-01-06T06:00:00Z")

    (found,) = story.nudges("proposal_ready", "ann")

    assert {
        "nudge_id",
        "person_id",
        "key",
        "class",
        "category",
        "params",
        "pairing_id",
        "programme_id",
        "not_before",
        "expires_at",
        "timezone",
        "locale",
        "priority",
        "cancellation_key",
        "template_version",
        "reasons",
        "data_used",
        "policy_version",
    } == set(found)
    assert (found["timezone"], found["locale"], found["class"], found["category"], found["expires_at"]) == (
        "Europe/Rome",
        "it",
        "transactional",
        "pairing",
        "2025-01-13T06:00:00Z",
    )
    assert found["params"]["partner_id"] == "bob"


def test_params_hold_no_prose(story: Story) -> None:
    """Ids, instants, topics and choices; nothing with a blank in it."""
    story.pair()
    story.tick("2025-04-01T00:00:00Z")

    for nudge in story.nudges():
        for value in nudge["params"].values():
            assert not any(" " in str(one) for one in (value if isinstance(value, list) else [value]))


def test_unanswered_proposal_is_recalled_after_3_days(story: Story) -> None:
    """`answer_proposal` to the one who has not answered."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")
    story.good(story.accepted("2025-01-06T09:00:00Z", "ann", story.proposals()[0]["pairing_id"]))
    story.tick("2025-01-12T00:00:00Z")

    (found,) = story.nudges("answer_proposal")
    assert (found["person_id"], found["not_before"], found["expires_at"], found["priority"], found["class"]) == (
        "bob",
        "2025-01-09T08:00:00Z",
        "2025-01-13T06:00:00Z",
        90,
        "behavioural",
    )


# Waking hours


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("UTC", "2025-01-07T12:00:00Z", "2025-01-07T12:01:00Z"),
        ("UTC", "2025-01-07T12:00:30Z", "2025-01-07T12:01:30Z"),
        ("UTC", "2025-01-07T19:58:59Z", "2025-01-07T19:59:59Z"),
        ("UTC", "2025-01-07T19:59:00Z", "2025-01-08T08:00:00Z"),
        ("UTC", "2025-01-07T07:59:00Z", "2025-01-07T08:00:00Z"),
        ("UTC", "2025-01-10T20:00:00Z", "2025-01-13T08:00:00Z"),
        ("Asia/Tokyo", "2025-01-07T12:00:00Z", "2025-01-07T23:00:00Z"),
        ("America/Los_Angeles", "2025-01-07T12:00:00Z", "2025-01-07T16:00:00Z"),
        ("Pacific/Auckland", "2025-01-09T12:00:00Z", "2025-01-09T19:00:00Z"),
        ("Pacific/Auckland", "2025-01-10T12:00:00Z", "2025-01-12T19:00:00Z"),
        ("Asia/Kathmandu", "2025-01-07T20:00:00Z", "2025-01-08T02:15:00Z"),
        ("Europe/Berlin", "2025-03-29T12:00:00Z", "2025-03-31T06:00:00Z"),
        ("America/New_York", "2025-03-08T12:00:00Z", "2025-03-10T12:00:00Z"),
    ],
)
def test_behavioural_nudge_waits_for_a_waking_instant(story: Story, zone: str, at: str, expected: str) -> None:
    """The first waking instant at least a minute after arrival: 08:00-20:00, Monday to Friday, in the zone of the person."""
    lone(story, hr={"timezone": zone})
    story.good(invited(story, at, "ann"))
    story.tick("2025-04-03T00:00:00Z")

    assert asked(story, "open_invitation") == [("ann", expected)]


def test_weekends_are_quiet_by_policy(story: Story) -> None:
    """`quiet_weekends` off: Saturday is a day."""
    lone(story, quiet_weekends=False)
    story.good(invited(story, "2025-01-11T12:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert asked(story, "open_invitation") == [("ann", "2025-01-11T12:01:00Z")]


def test_holidays_are_quiet(story: Story) -> None:
    """Days named by the policy are skipped."""
    lone(story, holidays=["2025-01-08", "2025-01-09"])
    story.good(invited(story, "2025-01-07T21:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert asked(story, "open_invitation") == [("ann", "2025-01-10T08:00:00Z")]


def test_quiet_hours_by_policy(story: Story) -> None:
    """`quiet_from` and `quiet_to`."""
    lone(story, quiet_from="18:00", quiet_to="10:30")
    story.good(invited(story, "2025-01-07T18:00:00Z", "ann"))
    story.tick("2025-01-12T00:00:00Z")

    assert asked(story, "open_invitation") == [("ann", "2025-01-08T10:30:00Z")]


def test_transactional_nudge_is_asked_at_once_for_the_next_waking_instant(story: Story) -> None:
    """Requested in the same step; `not_before` waits for the morning."""
    story.couple(hr={"ann": {"timezone": "America/New_York"}, "bob": {"timezone": "America/New_York"}})
    story.tick("2025-01-06T06:00:00Z")

    assert {(event["time"], event["data"]["not_before"]) for event in story.tail(NUDGES)} == {
        ("2025-01-06T06:00:00Z", "2025-01-06T13:00:00Z")
    }


# Rations


def test_one_behavioural_nudge_in_168_hours_over_programmes(story: Story) -> None:
    """Two programmes, one ration; hours in UTC."""
    lone(story, programmes=3)
    story.good(*(invited(story, "2025-01-07T12:00:00Z", "ann", f"p{number}") for number in (1, 2, 3)))
    story.tick("2025-03-01T00:00:00Z")

    assert [at for _, at in asked(story, "open_invitation")] == ["2025-01-07T12:01:00Z", "2025-01-14T12:01:00Z", "2025-01-21T12:01:00Z"]


def test_ration_counts_168_hours_over_a_change_of_clocks(story: Story) -> None:
    """Never seven local days: 168 h after Thursday 12:01 in Berlin is 13:01 local."""
    lone(story, programmes=2, hr={"timezone": "Europe/Berlin"})
    story.good(*(invited(story, "2025-03-27T12:00:00Z", "ann", f"p{number}") for number in (1, 2)))
    story.tick("2025-05-01T00:00:00Z")

    assert [at for _, at in asked(story, "open_invitation")] == ["2025-03-27T12:01:00Z", "2025-04-03T12:01:00Z"]


def test_never_two_behavioural_nudges_in_seven_days(story: Story) -> None:
    """Over a whole term, for everybody."""
    pairing = story.pair()
    for number, day in enumerate(("2025-01-10", "2025-01-17", "2025-02-14", "2025-03-03"), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann"))
    story.tick("2025-09-01T00:00:00Z")

    for person in ("ann", "bob"):
        times = [instant(one["not_before"]) for one in story.nudges(person=person) if one["class"] == "behavioural"]
        assert len(times) > 5
        assert all(later - earlier >= timedelta(days=7) for earlier, later in itertools.pairwise(times))


def test_highest_priority_goes_first(story: Story) -> None:
    """`profile_incomplete` (35) before `open_invitation` (10), though younger."""
    lone(story, programmes=2)
    story.good(story.enrolled(T0, "ann", gives="", wants=""), invited(story, "2025-01-11T12:00:00Z", "ann", "p2"))
    story.tick("2025-01-21T12:00:00Z")

    assert [(one["key"], one["not_before"]) for one in story.nudges()] == [
        ("profile_incomplete", "2025-01-13T08:00:00Z"),
        ("profile_incomplete", "2025-01-20T08:00:00Z"),
    ]


def test_nudge_that_waits_too_long_expires(story: Story) -> None:
    """`open_invitation` is valid for 30 days: of six, the sixth never comes, and is suppressed `expired_waiting`."""
    lone(story, programmes=6)
    story.good(*(invited(story, "2025-01-07T12:00:00Z", "ann", f"p{number}") for number in range(1, 7)))
    story.tick("2025-04-01T00:00:00Z")

    assert len(asked(story, "open_invitation")) == 5
    assert [one["reason"] for one in story.suppressed("open_invitation")] == ["expired_waiting"]


def test_daily_cap_moves_the_next_one_to_the_next_day(story: Story) -> None:
    """Four proposals of four programmes on one day: three then, one on the next waking day."""
    for number in range(1, 5):
        story.couple(programme_id=f"p{number}") if number == 1 else story.good(
            story.programme(T0, programme_id=f"p{number}"),
            *(
                story.enrolled(T0, person, gives=gives, wants=wants, experience_band=band, programme_id=f"p{number}")
                for person, gives, wants, band in (("ann", "python:3", "strategy:3:0", 0), ("bob", "strategy:3", "python:3:0", 2))
            ),
        )
    story.tick("2025-01-06T06:00:00Z")

    assert sorted(at for _, at in asked(story, "proposal_ready", "ann")) == ["2025-01-06T08:00:00Z"] * 3 + ["2025-01-07T08:00:00Z"]


def test_cap_by_policy(story: Story) -> None:
    """`nudge_daily_cap` 1: the start of the pair is told the day after its proposal."""
    story.pair(nudge_daily_cap=1)

    assert asked(story, "pairing_started", "ann") == [("ann", "2025-01-07T08:00:00Z")]


# Silence


def test_opting_out_of_a_category(story: Story) -> None:
    """No nudge of it, suppressed `opted_out`, until opted in again."""
    lone(story, programmes=2)
    story.good(story.by("nudge.opted_out", T0, "ann", category="invitations"), invited(story, "2025-01-07T12:00:00Z", "ann"))
    story.tick("2025-01-20T00:00:00Z")
    assert (asked(story), [one["reason"] for one in story.suppressed()]) == ([], ["opted_out"])
    story.good(
        story.by("nudge.opted_in", "2025-01-20T12:00:00Z", "ann", category="invitations"),
        invited(story, "2025-01-20T12:00:00Z", "ann", "p2"),
    )
    story.tick("2025-01-21T00:00:00Z")

    assert asked(story) == [("ann", "2025-01-20T12:01:00Z")]


def test_transactional_nudges_of_a_pair_cannot_be_opted_out(story: Story) -> None:
    """`pairing` opted out: its transactional ones come, its behavioural ones don't."""
    story.good(story.hired(T0, "ann"), story.by("nudge.opted_out", T0, "ann", category="pairing"))
    story.couple()
    story.tick("2025-01-12T00:00:00Z")

    assert ([one["key"] for one in story.nudges(person="ann")], [one["key"] for one in story.nudges(person="bob")]) == (
        ["proposal_ready"],
        ["proposal_ready", "answer_proposal"],
    )


def test_held_out_people_get_no_behavioural_nudge(story: Story) -> None:
    """100 %: everybody is held out, transactional ones aside; suppressed `held_out`."""
    story.pair(holdout_percent=100)
    story.tick("2025-02-01T00:00:00Z")

    assert {one["class"] for one in story.nudges()} == {"transactional"}
    assert {one["reason"] for one in story.suppressed()} == {"held_out"}


def test_nobody_is_held_out_at_0(story: Story) -> None:
    """0 %: nobody."""
    story.pair(holdout_percent=0)
    story.tick("2025-02-01T00:00:00Z")

    assert "held_out" not in {one["reason"] for one in story.suppressed()}


def test_suppression_names_nobody(story: Story) -> None:
    """The person is hashed, with the key and the reason alone."""
    story.pair(holdout_percent=100)
    story.tick("2025-02-01T00:00:00Z")

    for event in story.tail(AUDIT):
        if event["type"] == "bothways.nudge.suppressed.v1":
            assert set(event["data"]) == {"person", "key", "reason"}
            assert event["data"]["person"] not in {"ann", "bob"}
            assert event["subject"] == event["data"]["person"]


@pytest.mark.parametrize("kind", ["acted", "dismissed", "delivered", "failed"])
def test_feedback_on_a_nudge_is_taken(story: Story, kind: str) -> None:
    """Outcomes are taken from the notifier."""
    story.pair()
    nudge = story.nudges()[0]

    story.good(story.event(f"nudge.{kind}", "2025-01-06T10:00:00Z", {"person_id": nudge["person_id"], "nudge_id": nudge["nudge_id"]}))


def test_departed_person_hears_nothing(story: Story) -> None:
    """Nothing to a person who left: an invitation that waits goes."""
    lone(story)
    story.good(
        invited(story, "2025-01-10T21:00:00Z", "ann"),
        story.event("hr.departed", "2025-01-11T00:00:00Z", {"person_id": "ann", "effective_on": "2025-01-10"}),
    )
    story.tick("2025-02-20T00:00:00Z")

    assert asked(story) == []


def test_waiting_person_is_told_after_30_days(story: Story) -> None:
    """`waiting_update` with the rule in the way and what would widen the choice."""
    story.couple(hr={"ann": {"timezone": "Pacific/Auckland"}})
    story.tick("2025-02-08T00:00:00Z")

    found = story.nudges("waiting_update", "bob")
    assert [(one["not_before"], one["priority"], one["category"]) for one in found] == [("2025-02-05T08:00:00Z", 30, "invitations")]
    assert (found[0]["params"]["rules"], found[0]["params"]["widen"]) == (["hours"], ["hours"])


def test_mentor_circle_is_quarterly_for_the_less_experienced_of_reverse_pairs(story: Story) -> None:
    """To the junior side only."""
    pairing = story.pair(track="reverse", training_required=False, term_days=360, sessions_planned=50)
    for number, day in enumerate(("2025-02-10", "2025-03-10", "2025-04-07", "2025-05-05"), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann"))
    story.tick("2025-06-01T00:00:00Z")

    assert {person for person, _ in asked(story, "mentor_circle")} == {"ann"}


def test_paused_programme_sends_no_behavioural_nudge(story: Story) -> None:
    """Nothing rationed while it is paused."""
    story.pair()
    story.good(story.event("programme.paused", "2025-01-07T00:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.tick("2025-02-10T00:00:00Z")

    assert [one for one in story.nudges() if one["class"] == "behavioural"] == []


# The breaker


def storm(story: Story) -> None:
    """Ten invitations in a programme that takes four intents a day."""
    story.good(story.programme(T0, nudge_storm_per_day=4), *(story.hired(T0, f"m{number}") for number in range(10)))
    story.good(*(invited(story, "2025-01-07T12:00:00Z", f"m{number}") for number in range(10)))
    story.tick("2025-01-07T13:00:00Z")


def test_breaker_parks_the_rest(story: Story) -> None:
    """More than `nudge_storm_per_day` in a day: the rest is parked, and the coordinator told."""
    storm(story)

    assert len(asked(story, "open_invitation")) == 4
    assert [one["person_id"] for one in story.nudges("coordinator_storm")] == ["coordinator:p1"]


def test_breaker_waits_for_its_release(story: Story) -> None:
    """`nudges.released` lets them go."""
    storm(story)
    story.tick("2025-01-08T09:00:00Z")
    assert len(asked(story, "open_invitation")) == 4
    story.good(story.event("nudges.released", "2025-01-08T12:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.tick("2025-01-09T00:00:00Z")

    assert len(asked(story, "open_invitation")) == 10


def test_small_programmes_have_a_wide_breaker(story: Story) -> None:
    """Automatic: four per participant, at least 200."""
    story.good(story.programme(T0), *(story.hired(T0, f"m{number:03}") for number in range(205)))
    story.good(*(invited(story, "2025-01-07T12:00:00Z", f"m{number:03}") for number in range(205)))
    story.tick("2025-01-07T13:00:00Z")

    assert len(asked(story, "open_invitation")) == 200


# History


def test_backfilled_nudges_are_suppressed(story: Story) -> None:
    """`--emit-from`: nudges of before become `nudge.suppressed` with reason `backfill`; pairings are published all the same."""
    story.couple()
    events = [story.hired("2025-01-09T00:00:00Z", "zoe")]
    story.take(*events, options=["--emit-from", "2025-01-09T00:00:00Z"])

    assert (story.pairings(), story.nudges()) == (["proposed"], [])
    assert {one["reason"] for one in story.suppressed()} == {"backfill"}
    story.tick("2025-01-12T00:00:00Z")
    assert {one["key"] for one in story.nudges()} == {"answer_proposal"}
