"""Sessions and the ledger of teaching: what counts, once, and for whom."""

import pytest

from tests.acceptance.stories.session_story import meet
from tests.acceptance.stories.story import PAIRINGS, SESSIONS, STATES, Story


def test_one_credit_per_exchange(story: Story) -> None:
    """Each exchange is one credit of who taught."""
    pairing = story.pair()
    meet(story, pairing, "python:ann social-media:ann strategy:bob")

    assert story.of_type(STATES, "pairing.state")[-1]["taught_count"] == [2, 1]
    assert story.pairing(pairing)["reciprocity_ratio"] == 0.5


def test_ratio_is_null_while_nothing_was_taught(story: Story) -> None:
    """A session without exchanges counts as a session, and teaches nothing."""
    pairing = story.pair()
    meet(story, pairing, "")

    row = story.pairing(pairing)
    assert (row["sessions_count"], row["reciprocity_ratio"]) == (1, None)


def test_same_session_from_two_sources_is_one(story: Story) -> None:
    """By session_id."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z", evidence="calendar"),
    )

    assert story.pairing(pairing)["sessions_count"] == 1


def test_overlapping_sessions_are_one(story: Story) -> None:
    """Else by pairing and overlapping time."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s2", "python:ann", started_at="2025-01-13T10:30:00Z", evidence="conference_record"),
    )

    assert (story.pairing(pairing)["sessions_count"], story.pairing(pairing)["taught_count"]) == (1, {"ann": 1, "bob": 0})


def test_adjoining_sessions_are_two(story: Story) -> None:
    """Intervals are half-open."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T10:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s2", "python:ann", started_at="2025-01-13T11:00:00Z"),
    )

    assert story.pairing(pairing)["sessions_count"] == 2


@pytest.mark.parametrize("sequences", [(1, 2), (None, None), (5, None), (5, 4)])
def test_correction_replaces(story: Story, sequences: tuple[int | None, int | None]) -> None:
    """A later event of the session replaces it, by its time first; credits are worked out again."""
    pairing = story.pair()
    first, second = sequences
    story.good(
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann", "social-media:ann", sequence=first),
        story.held("2025-01-14T11:00:00Z", pairing, "s1", "strategy:bob", started_at="2025-01-13T11:00:00Z", sequence=second),
    )

    assert (story.pairing(pairing)["sessions_count"], story.pairing(pairing)["taught_count"]) == (1, {"ann": 0, "bob": 1})


def test_older_report_changes_nothing(story: Story) -> None:
    """What happened first and comes last is old news."""
    pairing = story.pair()
    story.good(
        story.held("2025-01-14T11:00:00Z", pairing, "s1", "python:ann", started_at="2025-01-13T11:00:00Z"),
        story.held("2025-01-13T12:00:00Z", pairing, "s1", "strategy:bob", started_at="2025-01-13T11:00:00Z"),
    )

    assert story.pairing(pairing)["taught_count"] == {"ann": 1, "bob": 0}


@pytest.mark.parametrize("bad", ["juggling:ann", "python:eve"])
def test_exchange_of_unknown_topic_or_stranger_is_refused(story: Story, bad: str) -> None:
    """A topic outside the catalogue and a teacher outside the pair are refused."""
    pairing = story.pair()

    answer = story.take(story.held("2025-01-13T11:00:00Z", pairing, "s1", bad))

    assert (answer.code, story.dead_letters()) == (3, [(f"dlq.{SESSIONS}", "schema_invalid")])
    assert story.pairing(pairing)["sessions_count"] == 0


def test_session_of_a_pair_that_is_over_is_refused(story: Story) -> None:
    """What is held after the end of a pair is `unknown_pairing`."""
    pairing = story.pair()
    story.good(story.by("pairing.continuation_answered", "2025-01-08T09:00:00Z", "ann", pairing_id=pairing, answer="end"))

    story.take(story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann"))

    assert story.dead_letters() == [(f"dlq.{SESSIONS}", "unknown_pairing")]


def test_session_of_a_proposal_is_refused(story: Story) -> None:
    """A proposal isn't live."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")

    story.take(story.held("2025-01-13T05:00:00Z", story.proposals()[0]["pairing_id"], "s1", "python:ann"))

    assert story.dead_letters() == [(f"dlq.{SESSIONS}", "unknown_pairing")]


def test_session_of_a_paused_pair_counts_and_moves_nothing(story: Story) -> None:
    """A session counts for the ledger while the pair is live, and moves only a stalled one."""
    pairing = story.pair()
    story.good(
        story.by("participation.paused", "2025-01-08T09:00:00Z", "ann", programme_id="p1"),
        story.held("2025-01-13T11:00:00Z", pairing, "s1", "python:ann"),
    )

    assert (story.state(pairing), story.pairing(pairing)["sessions_count"]) == ("paused", 1)


def test_ended_pair_says_how_it_went(story: Story) -> None:
    """`sessions_count` and `reciprocity_ratio` of the end."""
    pairing = story.pair()
    meet(story, pairing, "python:ann python:ann strategy:bob", "strategy:bob python:ann python:ann")
    story.good(story.by("pairing.continuation_answered", "2025-01-28T09:00:00Z", "ann", pairing_id=pairing, answer="end"))

    found = story.tail(PAIRINGS)[-1]["data"]
    assert (found["sessions_count"], found["reciprocity_ratio"]) == (2, 0.5)
