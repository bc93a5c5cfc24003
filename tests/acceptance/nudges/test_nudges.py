"""Nudges as they are published: their fields, feedback on them, and what brings one."""

from collections.abc import Iterator

import pytest

from tests.acceptance.stories.nudge_story import are_spread
from tests.acceptance.stories.story import Story


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


def texts(value: object) -> Iterator[str]:
    """Yield every text within a parameter, the names that a policy gave aside."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for name, item in value.items():
                yield from () if name == "name" else texts(item)


def test_params_hold_no_prose(story: Story) -> None:
    """Ids, instants, topics and choices; nothing with a blank in it."""
    story.pair()
    story.tick("2025-04-01T00:00:00Z")

    params = {(nudge["key"], name): value for nudge in story.nudges() for name, value in nudge["params"].items()}
    assert {("proposal_ready", "answers"), ("book_first_session", "partner_id"), ("pairing_quiet", "pairing_id")} <= params.keys()
    assert not any(" " in text for (_, name), value in params.items() if name != "programme_name" for text in texts(value))


def test_undecided_proposal_is_recalled_after_3_days(story: Story) -> None:
    """`answer_proposal` to both, whatever either has answered."""
    story.couple()
    story.tick("2025-01-06T06:00:00Z")
    story.good(story.accepted("2025-01-06T09:00:00Z", "ann", story.proposals()[0]["pairing_id"]))
    story.tick("2025-01-12T00:00:00Z")

    found = story.nudges("answer_proposal")
    assert [one["person_id"] for one in found] == ["ann", "bob"]
    for one in found:
        assert (one["expires_at"], one["priority"], one["class"]) == ("2025-01-13T06:00:00Z", 90, "behavioural")
    assert are_spread([one["not_before"] for one in found], ["2025-01-09T08:00:00Z"] * 2)


@pytest.mark.parametrize("kind", ["acted", "dismissed", "delivered", "failed"])
def test_feedback_on_a_nudge_is_taken(story: Story, kind: str) -> None:
    """Outcomes are taken from the notifier."""
    story.pair()
    nudge = story.nudges()[0]

    story.good(story.event(f"nudge.{kind}", "2025-01-06T10:00:00Z", {"person_id": nudge["person_id"], "nudge_id": nudge["nudge_id"]}))


def test_waiting_person_is_told_after_30_days(story: Story) -> None:
    """`waiting_update` with the rule in the way and what would widen the choice."""
    story.couple(hr={"ann": {"timezone": "Pacific/Auckland"}}, k_min=1)
    story.tick("2025-02-08T00:00:00Z")

    found = story.nudges("waiting_update", "bob")
    assert [(one["priority"], one["category"]) for one in found] == [(30, "invitations")]
    assert are_spread([found[0]["not_before"]], ["2025-02-05T08:00:00Z"])
    assert (found[0]["params"]["rules"], found[0]["params"]["widen"]) == (["hours"], ["hours"])
