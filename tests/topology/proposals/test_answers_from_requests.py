"""Whatever is asked can be answered by what the request says, and the engine takes the answer."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from tests import builders
from tests.answering import data_of
from tests.topology.stories.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair, with_sessions
from tests.topology.stories.programme_story import DAILY, ProgrammeStory


def _incomplete() -> PairStory:
    story = ProgrammeStory()
    story.joins(ANN, "strategy", None)
    return story.after(days=8)


def _invited() -> PairStory:
    story = ProgrammeStory()
    story.tell(builders.hired(ANN, story.now))
    story.tell(builders.nominated(ANN, story.now))
    return story.after(days=1)


def _waiting() -> PairStory:
    story = ProgrammeStory(**DAILY, k_min=1)
    story.joins(ANN, "strategy", "python", hours=[{"weekday": 1, "from": "05:00", "to": "07:00"}])
    story.joins(BOB, "python", "strategy")
    return story.after(days=31)


def _booked_and_unreported() -> PairStory:
    story = active_pair().after(days=1)
    story.books("s1", days=2)
    return story.after(days=4)


def _away_and_back() -> PairStory:
    story = active_pair().after(days=1)
    story.goes_on_leave(ANN).after(days=5)
    story.tell(builders.leave_ended(ANN, story.now))
    return story.after(days=12)


def _in_conflict() -> PairStory:
    story = active_pair().after(days=1)
    story.tell(builders.role_changed(ANN, story.now, manager_id=BOB))
    return story.after(days=2)


def _concluding() -> PairStory:
    story = active_pair(sessions_planned=1).after(days=1)
    story.holds("s1")
    return story


ASKED: Final[Mapping[str, Callable[[], PairStory]]] = {
    "proposal_ready": proposed_pair,
    "answer_proposal": lambda: proposed_pair().after(days=4),
    "open_invitation": _invited,
    "profile_incomplete": _incomplete,
    "waiting_update": _waiting,
    "book_first_session": lambda: active_pair().after(days=6),
    "log_session": _booked_and_unreported,
    "book_next_session": lambda: with_sessions(1).after(days=16),
    "share_feedback": lambda: with_sessions(1).after(days=1),
    "still_right_for_you": lambda: with_sessions(1).after(days=8),
    "pairing_quiet": lambda: active_pair().after(days=46),
    "pairing_resumable": _away_and_back,
    "conflict_choice": _in_conflict,
    "renew_or_finish": _concluding,
}


@pytest.mark.parametrize("is_brief", [True, False])
@pytest.mark.parametrize("key", ASKED)
def test_every_answer_that_a_request_offers_is_taken(key: str, *, is_brief: bool) -> None:
    """The type, the fields and what the person says are all that an answer needs."""
    count = len(ASKED[key]().requests(key)[-1]["params"]["answers"])

    for number in range(count):
        story = ASKED[key]()
        request = story.requests(key)[-1]
        answer = request["params"]["answers"][number]
        short = answer["type"].removeprefix("bothways.").removesuffix(".v1")
        person_id = request["person_id"]
        data = data_of(answer, is_brief=is_brief)
        story.tell(builders.event(short, person_id, story.now, data, attributes={"actor": person_id}))

        assert [] == story.dead_letters(), answer
