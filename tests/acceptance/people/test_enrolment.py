"""Coming into a programme: enrolment, nomination, invitation, a profile that is not complete, commands on record."""

import json

from tests.acceptance.stories.nudge_story import are_spread
from tests.acceptance.stories.story import AUDIT, NUDGES, T0, Story


def test_enrolment_shows_on_the_row(story: Story) -> None:
    """`enrolments[]` names programme and status."""
    story.couple()

    assert [(one["programme_id"], one["status"]) for one in story.person("ann")["enrolments"]] == [("p1", "enrolled")]


def test_nomination_is_one_open_invitation(story: Story) -> None:
    """A nomination says not who nominated or why, and comes once a programme."""
    story.good(story.programme(T0), story.hired(T0, "cy"))
    for number in (1, 2):
        story.good(
            story.event(
                "participation.nominated", f"2025-01-0{5 + number}T09:00:00Z", {"person_id": "cy", "programme_id": "p1"}, actor="boss"
            )
        )
    story.tick("2025-03-06T00:00:00Z")

    (invitation,) = story.nudges("open_invitation")
    assert (invitation["person_id"], invitation["class"], invitation["category"], invitation["priority"]) == (
        "cy",
        "behavioural",
        "invitations",
        10,
    )
    assert "boss" not in json.dumps(story.tail(NUDGES))


def test_invite_nominates_who_is_here_long_enough(story: Story) -> None:
    """Active, hired at least `eligible_after_days` (30) ago, neither enrolled nor invited."""
    story.couple()
    story.good(
        story.hired(T0, "old"),
        story.hired(T0, "new", effective_on="2024-12-20"),
        story.hired(T0, "next", effective_on="2025-02-01"),
        story.hired(T0, "gone"),
        story.event("hr.departed", T0, {"person_id": "gone", "effective_on": "2025-01-01"}),
    )

    first, second = story.run("invite", "p1", "--json"), story.run("invite", "p1", "--json")
    story.tick("2025-01-20T00:00:00Z")

    assert (first.json["invited"], second.json["invited"]) == (1, 0)
    assert [one["person_id"] for one in story.nudges("open_invitation")] == ["old"]


def test_invite_one_department(story: Story) -> None:
    """`--department` narrows it."""
    story.good(story.programme(T0), story.hired(T0, "a", department="lab"), story.hired(T0, "b", department="yard"))

    assert story.run("invite", "p1", "--department", "lab", "--json").json["invited"] == 1


def test_invite_to_no_programme_is_refused(story: Story) -> None:
    """Exit 1."""
    story.good(story.hired(T0, "a"))

    assert story.run("invite", "p9", "--json").code == 1


def test_incomplete_profile_is_never_proposed(story: Story) -> None:
    """Enrolment needs an offer and a want; the reminder comes after 7 days and once more after 14."""
    story.couple()
    story.good(story.hired(T0, "cy"), story.enrolled(T0, "cy", gives="", wants=""))
    story.tick("2025-03-01T00:00:00Z")

    found = [one["not_before"] for one in story.nudges("profile_incomplete", "cy")]
    assert are_spread(found, ["2025-01-13T08:00:00Z", "2025-01-20T08:00:00Z"])
    assert len(story.proposals()) == 1


def test_command_is_audited(story: Story) -> None:
    """Every coordinator's command is on the audit topic with its type; a refused one with its code."""
    story.couple()
    answer = story.take(story.programme(T0), story.event("programme.closed", T0, {"programme_id": "p1", "reason": "budget"}, actor="c"))

    assert (answer.code, answer.json["refused"], answer.json["refusals"]) == (3, 1, {"already_exists": 1})
    audited = story.tail(AUDIT)
    assert "bothways.programme.created.v1" in [event["data"].get("type") for event in audited]
    refused = [event["data"] for event in audited if event["type"] == "bothways.command.refused.v1"]
    assert [(one["type"], one["code"]) for one in refused] == [("bothways.programme.created.v1", "already_exists")]
    assert set(refused[0]) == {"type", "subject", "code"}
