"""What is published doesn't depend on what one side of a proposal answers: seeded histories, each told with three answers."""

import random
from typing import Any, Final

import pytest

from engine.core.effects import StageName
from engine.programme.pairs.pairing import Pairing
from engine.programme.tables import PAIRINGS
from schemas.terms.codes import PairingState
from tests import builders
from tests.builders import offer, want
from tests.topology.stories.programme_story import DAILY, ProgrammeStory

PEOPLE: Final = ("ann", "bob", "cat", "dan", "eve", "fay")
ACTS: Final = ("accepts", "declines", "pauses", "resumes", "excludes", "leaves", "is back", "widens", "retracts", "forbids", "nothing")
Step = tuple[int, str, str]


def history_of(seed: int) -> list[Step]:
    """Draw what happens: hours since the last thing, who, what."""
    drawn = random.Random(seed)  # noqa: S311 - histories, not secrets
    return [(drawn.randint(1, 60), drawn.choice(PEOPLE), drawn.choice(ACTS)) for _ in range(drawn.randint(5, 30))]


def published(history: list[Step], secret_id: str, answer: str | None) -> list[dict[str, Any]]:
    """Tell a history and return what is published but for the record of commands.

    Args:
        secret_id: who answers all proposals alike, as often as anything happens; whoever is proposed to this person never accepts.
        answer: accept, decline, or nothing at all.
    """
    story = ProgrammeStory(**DAILY, room_days=2, lapsed_rest_days=20)
    for number, person_id in enumerate(PEOPLE):
        teaches, learns = ("strategy", "python") if number % 2 == 0 else ("python", "strategy")
        story.joins(person_id, teaches, learns, capacity=1 + number % 3 // 2)
    for number, (hours, person_id, act) in enumerate(history):
        story.after(hours=hours)
        for pairing in _open(story):
            if secret_id in pairing.people and answer is not None:
                version = pairing.proposal.version
                event = builders.answered(secret_id, story.now, pairing.pairing_id, answer=answer, proposal_version=version)
                # An id of its own, so that what else happens keeps the ids that it has without the answer.
                story.pipe({**event, "id": f"secret/{number}/{pairing.pairing_id}"})
        _act(story, person_id, act, secret_id)
    story.after(days=40)
    assert {"stale_answer"} >= set(story.codes())
    return [event for event in story.read() if not str(event.get("type")).startswith("bothways.command.")]


def _open(story: ProgrammeStory) -> list[Pairing]:
    rows = [row for _, row in story.rows(StageName.PROGRAMMES).scan(PAIRINGS, "")]
    return [row for row in rows if row.state is PairingState.PROPOSED]


def _act(story: ProgrammeStory, person_id: str, act: str, secret_id: str) -> None:
    at = story.now
    theirs = [pairing for pairing in _open(story) if person_id in pairing.people]
    next_id = PEOPLE[(PEOPLE.index(person_id) + 1) % len(PEOPLE)]
    match act:
        case "accepts" | "declines" if person_id != secret_id:
            for pairing in theirs:
                given = "decline" if secret_id in pairing.people else act.removesuffix("s")
                story.answers(person_id, given, pairing_id=pairing.pairing_id, proposal_version=pairing.proposal.version)
        case "pauses":
            story.tell(builders.paused(person_id, at))
        case "resumes":
            story.tell(builders.resumed(person_id, at))
        case "excludes":
            story.enrols(person_id, exclude=[next_id], **_profile(person_id))
        case "widens":
            story.enrols(person_id, **_profile(person_id, "budgeting"))
        case "leaves":
            story.goes_on_leave(person_id)
        case "is back":
            story.is_back(person_id)
        case "retracts" if theirs:
            story.tell(builders.proposal_retracted(at, theirs[0].pairing_id))
        case "forbids":
            story.tell(builders.pairing_forbidden(at, [person_id, next_id]))


def _profile(person_id: str, *more: str) -> dict[str, Any]:
    teaches, learns = ("strategy", "python") if PEOPLE.index(person_id) % 2 == 0 else ("python", "strategy")
    return {"offers": [offer(topic, 3) for topic in (teaches, *more)], "wants": [want(learns)], "experience_band": None}


@pytest.mark.parametrize("seed", range(8))
def test_nothing_published_depends_on_what_one_side_answers(seed: int) -> None:
    """A decline is silent: accept, decline and silence of one side are the same to the byte as long as not both accept."""
    secret_id, history = PEOPLE[seed % len(PEOPLE)], history_of(seed)

    silent, declined, accepted = (published(history, secret_id, answer) for answer in (None, "decline", "accept"))

    assert silent == declined
    assert silent == accepted
