"""Every nudge of the catalogue: its class, category, priority and how long it is valid, seen in stories that make them all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tests.acceptance.stories.story import T0, Story

# The catalogue: class, category, priority, days valid (None: to an instant of its own)

CATALOGUE: Final[dict[str, tuple[str, str, int | None, int | None]]] = {
    "open_invitation": ("behavioural", "invitations", 10, 30),
    "profile_incomplete": ("behavioural", "profile", 35, 14),
    "proposal_ready": ("transactional", "pairing", None, None),
    "answer_proposal": ("behavioural", "pairing", 90, None),
    "pairing_started": ("transactional", "pairing", None, 14),
    "book_first_session": ("behavioural", "sessions", 75, 14),
    "session_tomorrow": ("transactional", "sessions", None, None),
    "log_session": ("behavioural", "sessions", 70, 7),
    "book_next_session": ("behavioural", "sessions", 60, 21),
    "share_feedback": ("behavioural", "learning", 65, 10),
    "flip_roles": ("behavioural", "learning", 55, 45),
    "open_debate": ("behavioural", "learning", 50, 45),
    "broaden_topic": ("behavioural", "learning", 45, 45),
    "protect_the_time": ("behavioural", "sessions", 80, 21),
    "still_right_for_you": ("behavioural", "learning", 40, 14),
    "pairing_quiet": ("behavioural", "sessions", 70, 14),
    "pairing_paused": ("transactional", "pairing", None, 14),
    "pairing_resumable": ("transactional", "pairing", None, 14),
    "pairing_ended": ("transactional", "pairing", None, 14),
    "conflict_choice": ("transactional", "pairing", None, 14),
    "renew_or_finish": ("transactional", "pairing", None, 14),
    "convert_offer": ("transactional", "pairing", None, 14),
    "waiting_update": ("behavioural", "invitations", 30, 14),
    "still_taking_part": ("transactional", "pairing", None, 30),
    "coordinator_momentum": ("transactional", "coordination", None, 14),
    "coordinator_stuck": ("transactional", "coordination", None, 14),
    "coordinator_conflict": ("transactional", "coordination", None, 14),
    "coordinator_storm": ("transactional", "coordination", None, 14),
}


def told(base: Story, name: str) -> Story:
    """Another directory for another story."""
    other = Story(base.directory / name)
    other.directory.mkdir()
    return other


def a_term(story: Story) -> None:
    """A pair that books, meets and lives through its term without a word."""
    pairing = story.pair()
    story.good(
        story.event(
            "session.scheduled",
            "2025-01-07T09:00:00Z",
            {"session_id": "b", "pairing_id": pairing, "starts_at": "2025-01-09T10:00:00Z", "duration_minutes": 60},
        )
    )
    story.tick("2025-01-12T00:00:00Z")
    for number, day in enumerate(("2025-01-13", "2025-01-27", "2025-02-10"), 1):
        story.good(story.held(f"{day}T10:00:00Z", pairing, f"s{number}", "python:ann"))
    story.tick("2025-07-01T00:00:00Z")


def a_leave(story: Story) -> None:
    """A leave, a return, and a departure at last."""
    story.pair()
    story.good(
        story.event("hr.leave_started", "2025-01-08T09:00:00Z", {"person_id": "ann", "effective_on": "2025-01-08"}),
        story.event("hr.leave_ended", "2025-01-20T09:00:00Z", {"person_id": "ann", "effective_on": "2025-01-20"}),
    )
    story.tick("2025-02-03T00:00:00Z")
    story.good(story.event("hr.departed", "2025-02-03T09:00:00Z", {"person_id": "ann", "effective_on": "2025-02-02"}))


def a_reverse_pair(story: Story) -> None:
    """A reverse pair whose senior calls off twice, whose gap closes, and whose plan is done."""
    pairing = story.pair(track="reverse", training_required=False, sessions_planned=1, term_days=350)
    for number, day in ((1, "2025-01-14"), (2, "2025-01-16")):
        story.good(
            story.event(
                "session.scheduled",
                f"{day}T09:00:00Z",
                {"session_id": f"b{number}", "pairing_id": pairing, "starts_at": f"2025-01-2{number}T09:00:00Z", "duration_minutes": 60},
            ),
            story.event(
                "session.cancelled", f"{day}T10:00:00Z", {"session_id": f"b{number}", "pairing_id": pairing, "cancelled_by": "bob"}
            ),
        )
    update = story.enrolled("2025-01-28T09:00:00Z", "ann", gives="python:3", wants="strategy:3:0", experience_band=2)
    story.good(update | {"type": "bothways.participation.updated.v1"})
    story.tick("2025-01-29T00:00:00Z")
    story.good(story.held("2025-01-29T10:00:00Z", pairing, "s1", "python:ann"))


def a_conflict(story: Story) -> None:
    """The junior comes under the senior, and it stays so for a day."""
    story.pair()
    story.good(
        story.event(
            "hr.role_changed", "2025-01-07T09:00:00Z", {"person_id": "ann", "effective_on": "2025-01-07", "changes": {"manager_id": "bob"}}
        )
    )
    story.tick("2025-01-09T00:00:00Z")


def a_storm(story: Story) -> None:
    """More nudges than a day may have."""
    story.good(story.programme(T0, nudge_storm_per_day=1), *(story.hired(T0, person) for person in ("ann", "bob")))
    story.good(*(story.event("participation.nominated", T0, {"person_id": person, "programme_id": "p1"}) for person in ("ann", "bob")))
    story.tick("2025-01-07T00:00:00Z")


def those_without_a_pair(story: Story) -> None:
    """A profile that is not complete, an invitation, and somebody who waits."""
    story.good(story.programme(T0), story.hired(T0, "ann"))
    story.good(
        story.enrolled(T0, "ann", gives="", wants=""),
        story.hired(T0, "zoe"),
        story.event("participation.nominated", T0, {"person_id": "zoe", "programme_id": "p1"}, actor="boss"),
    )
    story.good(story.hired(T0, "cy"), story.enrolled(T0, "cy", gives="python:3", wants="strategy:3:0"))
    story.tick("2025-02-10T00:00:00Z")


def a_silence(story: Story) -> None:
    """Two proposals that nobody answers."""
    story.couple(lapsed_rest_days=0)
    story.tick("2025-01-22T00:00:00Z")


LIVES: Final = (a_term, a_leave, a_reverse_pair, a_conflict, a_storm, those_without_a_pair, a_silence)
"""Together they bring every key of the catalogue."""


def long_lives(base: Story) -> Iterator[Story]:
    """Tell each life in a directory of its own."""
    for live in LIVES:
        story = told(base, live.__name__)
        live(story)
        yield story


def test_every_key_is_as_in_the_catalogue(story: Story) -> None:
    """Class, category, priority and days valid of every nudge of every story; and every key comes."""
    seen = set()
    for one in long_lives(story):
        for nudge in one.nudges():
            class_, category, priority, days = CATALOGUE[nudge["key"]]
            seen.add(nudge["key"])
            assert (nudge["class"], nudge["category"]) == (class_, category), nudge
            assert nudge["not_before"] < nudge["expires_at"], nudge
            if priority is not None:
                assert nudge["priority"] == priority, nudge
            if days is not None:
                assert datetime.fromisoformat(nudge["expires_at"]) - datetime.fromisoformat(nudge["not_before"]) <= timedelta(days=days), (
                    nudge
                )

    assert set(CATALOGUE) - seen == set()
