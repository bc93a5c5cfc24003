"""The silence of nudges: opting out, holding out, departure, a paused programme, history."""

from tests.acceptance.stories.nudge_story import asked, invited, lone
from tests.acceptance.stories.story import AUDIT, T0, Story


def test_opting_out_of_a_category(story: Story) -> None:
    """No nudge of it, suppressed as `withheld`, until opted in again."""
    lone(story, programmes=2)
    story.good(story.by("nudge.opted_out", T0, "ann", category="invitations"), invited(story, "2025-01-07T12:00:00Z", "ann"))
    story.tick("2025-01-20T00:00:00Z")
    assert (asked(story), [one["reason"] for one in story.suppressed()]) == ([], ["withheld"])
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
    """100 %: everybody is held out, transactional ones aside; suppressed as `withheld`, like all that is about a person."""
    story.pair(holdout_percent=100)
    story.tick("2025-02-01T00:00:00Z")

    assert {one["class"] for one in story.nudges()} == {"transactional"}
    assert {one["reason"] for one in story.suppressed()} == {"withheld"}


def test_nobody_is_held_out_at_0(story: Story) -> None:
    """0 %: nobody."""
    story.pair(holdout_percent=0)
    story.tick("2025-02-01T00:00:00Z")

    assert "behavioural" in {one["class"] for one in story.nudges()}


def test_suppression_names_nobody(story: Story) -> None:
    """The person is hashed, with the key and the reason alone."""
    story.pair(holdout_percent=100)
    story.tick("2025-02-01T00:00:00Z")

    suppressed = [event for event in story.tail(AUDIT) if event["type"] == "bothways.nudge.suppressed.v1"]
    by_day = {(event["time"], event["data"]["person"]) for event in suppressed}
    assert len({person for _, person in by_day}) == len(by_day) >= 2, "another day, another hash"
    assert {event["time"][10:] for event in suppressed} == {"T00:00:00Z"}
    assert [person for _, person in sorted(by_day)] == list(dict.fromkeys(event["data"]["person"] for event in suppressed))
    for event in suppressed:
        assert set(event["data"]) == {"person", "key", "reason"}
        assert event["data"]["person"] not in {"ann", "bob"}
        assert event["subject"] == event["data"]["person"]


def test_departed_person_hears_nothing(story: Story) -> None:
    """Nothing to a person who left: an invitation that waits goes."""
    lone(story)
    story.good(
        invited(story, "2025-01-10T21:00:00Z", "ann"),
        story.event("hr.departed", "2025-01-11T00:00:00Z", {"person_id": "ann", "effective_on": "2025-01-10"}),
    )
    story.tick("2025-02-20T00:00:00Z")

    assert asked(story) == []
    assert [(one["key"], one["reason"]) for one in story.suppressed()] == [("open_invitation", "withheld")]


def test_paused_programme_sends_no_behavioural_nudge(story: Story) -> None:
    """Nothing rationed while it is paused."""
    story.pair()
    story.good(story.event("programme.paused", "2025-01-07T00:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.tick("2025-02-10T00:00:00Z")

    assert {one["class"] for one in story.nudges()} == {"transactional"}


def test_backfilled_nudges_are_suppressed(story: Story) -> None:
    """`--emit-from`: nudges of before become `nudge.suppressed` with reason `backfill`; pairings are published all the same."""
    story.couple()
    events = [story.hired("2025-01-09T00:00:00Z", "zoe")]
    story.take(*events, options=["--emit-from", "2025-01-09T00:00:00Z"])

    assert (story.pairings(), story.nudges()) == (["proposed"], [])
    story.tick("2025-01-12T00:00:00Z")
    assert {one["reason"] for one in story.suppressed()} == {"backfill"}
    assert {one["key"] for one in story.nudges()} == {"answer_proposal"}
