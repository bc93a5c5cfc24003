"""Unknown fields are ignored on input and kept nowhere: what no schema has a field for leaves no copy in the data directory."""

import base64
from typing import Any, Final

import pytest

from tests.acceptance.stories.story import PARTICIPATION, Story

T0: Final = "2025-01-06T05:00:00Z"
CANARY: Final = "canary-7c1f"
OFFERED: Final = {"topic": "python", "level": 3, "note": CANARY}
WANTED: Final = {"topic": "strategy", "importance": 3, "own_level": 0, "note": CANARY}
HOURS: Final = {"weekday": 1, "from": "09:00", "to": "17:00", "note": CANARY}


def events(story: Story) -> dict[str, dict[str, Any]]:
    """An event with something unknown, by where it is."""
    changes = {"department": "lab", "note": CANARY}
    profile = {"person_id": "ann", "programme_id": "p1", "offers": [OFFERED], "wants": [WANTED], "hours": [HOURS]}
    return {
        "data": story.hired(T0, "ann", birth_date=CANARY),
        "a name": story.hired(T0, "ann", **{CANARY: 1}),
        "an attribute": story.hired(T0, "ann") | {"shoesize": CANARY},
        "changes": story.event("hr.role_changed", T0, {"person_id": "ann", "effective_on": "2025-01-06", "changes": changes}),
        "an attribute that is used up": story.hired(T0, "ann") | {"subject": CANARY, "partitionkey": CANARY, "traceparent": CANARY},
        "another": story.hired(T0, "ann") | {"dataschema": CANARY, "causation": CANARY},
        "items": story.event("participation.enrolled", T0, profile, actor="ann"),
    }


def holds_canary(story: Story) -> bool:
    """Whether any file of the data directory has the bytes."""
    return any(CANARY.encode() in file.read_bytes() for file in (story.directory / "data").iterdir())


@pytest.mark.parametrize("where", ["data", "a name", "an attribute", "an attribute that is used up", "another", "changes", "items"])
def test_unknown_is_in_no_byte_and_missed_by_nobody(story: Story, where: str) -> None:
    """The event counts; no file has what nobody reads; the replay is the same; the same line again is a duplicate."""
    story.good(story.programme(T0))
    event = events(story)[where]
    story.good(event)

    assert not holds_canary(story)
    assert story.run("verify").code == 0
    assert story.take(event).json["duplicates"] == 1


def test_same_id_with_another_unknown_field_is_a_conflict(story: Story) -> None:
    """What was said at first is told from what is said now by its hash."""
    event = story.hired(T0, "ann", birth_date=CANARY)
    story.good(event)

    story.take(event | {"data": {**event["data"], "birth_date": "another"}})

    assert story.dead_letters() == [("dlq.hr.people.v1", "conflicting_duplicate")]


def test_refused_line_is_kept_as_it_came(story: Story) -> None:
    """A dead letter has the original bytes, whatever is in them, and the replay has the same."""
    event = story.enrolled(T0, "ann", gives="python:3", wants="strategy:3:0", programme_id="p9", note=CANARY)
    story.take(event)

    (letter,) = story.tail(f"dlq.{PARTICIPATION}")

    assert CANARY.encode() in base64.b64decode(letter["value_base64"])
    assert story.run("verify").code == 0
