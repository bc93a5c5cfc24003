"""Rules of pairs of many terms: what is long over is kept as totals, which nothing that comes again changes."""

from datetime import timedelta
from typing import Any

import pytest

from engine.core.row_codec import RowCodec
from engine.programme.pairs.pairing import Pairing
from engine.programme.sessions import teaching
from tests import builders
from tests.builders import StructuredEvent
from tests.topology.stories.pair_story import ANN, BOTH_WAYS, PEOPLE, PairStory

SESSIONS = 4


class LongStory(PairStory):
    """A pair that renews and renews, and everything that was told of its sessions."""

    def __init__(self, **policy: Any) -> None:
        super().__init__(**policy)
        self.told: list[StructuredEvent] = []

    def goes_through(self, terms: int, first: int = 1) -> None:
        """Hold the sessions of so many terms, say something about each, and renew after each term."""
        for term in range(first, first + terms):
            for number in range(SESSIONS):
                self.after(days=3)
                self.takes(builders.session_scheduled(f"t{term}-s{number}", self.now, self.pairing_id, starts_at=self.now))
                self.after(hours=2)
                exchanges = BOTH_WAYS if number else [("wellbeing", ANN)]
                self.takes(
                    builders.session_completed(
                        f"t{term}-s{number}", self.now, self.pairing_id, exchanges=exchanges, started_at=self.now - timedelta(hours=2)
                    )
                )
                for person_id in PEOPLE:
                    self.takes(
                        builders.feedback_given(
                            person_id, self.now, self.pairing_id, session_id=f"t{term}-s{number}", rating=1 + (term + number) % 5
                        )
                    )
            self.takes(builders.session_cancelled(f"t{term}-not", self.now, self.pairing_id, cancelled_by=ANN))
            self.after(hours=1).both_say("renew")

    def takes(self, event: StructuredEvent) -> None:
        """Take an event that may come again."""
        self.told.append(event)
        self.pipe(event)


def renewed(terms: int) -> LongStory:
    """A pair that has gone through so many terms, and is in the next."""
    story = LongStory(sessions_planned=SESSIONS)
    story.round()
    for person_id in PEOPLE:
        story.answers(person_id, "accept")
    story.goes_through(terms)
    return story


def totals(pairing: Pairing) -> dict[str, Any]:
    """Everything that is counted of a pair."""
    return {
        "sessions": teaching.sessions_count(pairing),
        "taught": [teaching.taught_count(pairing, person_id) for person_id in PEOPLE],
        "topics": teaching.topics(pairing),
        "months": sum(teaching.months(pairing).values()),
        "gaps": teaching.gaps(pairing, 30)[1],
        "ratings": [(one.ratings_count, one.ratings_total, one.high_count) for one in teaching.said(pairing)],
    }


def test_q1_totals_are_those_of_all_terms() -> None:
    """Sessions of terms long over count like any other."""
    story = renewed(4)

    ratings = [1 + (term + number) % 5 for term in range(1, 5) for number in range(SESSIONS)]
    assert {
        "sessions": 4 * SESSIONS,
        "taught": [4 * SESSIONS, 4 * (SESSIONS - 1)],
        "months": 4 * SESSIONS,
        "gaps": 4 * SESSIONS,
        "ratings": [(len(ratings), sum(ratings), sum(rating >= 4 for rating in ratings))] * 2,
    } == {name: value for name, value in totals(story.pairing).items() if name != "topics"}
    assert {"wellbeing": 4, "strategy": 12, "python": 12} == {topic: count for (topic, _), count in totals(story.pairing)["topics"].items()}
    assert (4 * SESSIONS, [4 * SESSIONS, 12]) == (story.latest["sessions_count"], story.latest["taught_count"])


def test_row_does_not_grow_from_term_to_term() -> None:
    """It keeps the sessions of this term and of the one before."""
    story = renewed(3)
    before = len(RowCodec.encode(story.pairing))

    story.goes_through(3, first=4)

    assert {"t6"} == {meeting.session_id[:2] for meeting in story.pairing.meetings}
    assert len(RowCodec.encode(story.pairing)) <= before + 100


def test_q2_what_comes_again_from_terms_long_over_changes_nothing() -> None:
    """However late it comes, when nothing else remembers it."""
    story = renewed(4)
    story.after(days=100)
    row, published, letters = story.pairing, story.read(), story.codes()

    for event in story.told:
        story.pipe(event)

    assert row == story.pairing
    assert (published, letters) == (story.read(), story.codes())


@pytest.mark.parametrize(("days", "code"), [(0, []), (1, ["unknown_pairing"])])
def test_session_of_a_term_long_over_is_not_counted_any_more(days: int, code: list[str]) -> None:
    """Reported after the totals were made it is refused; reported before and overtaken it came too late."""
    story = renewed(3)
    before = totals(story.pairing)
    old = story.now - timedelta(days=30)
    said_at = story.now - timedelta(hours=1) + timedelta(days=days)
    story.after(days=2)

    story.tell(builders.session_completed("late", said_at, story.pairing_id, started_at=old, exchanges=BOTH_WAYS))

    assert code == story.codes()
    assert before == totals(story.pairing)


def test_correction_of_the_term_before_counts() -> None:
    """It is kept one by one until the next renewal."""
    story = renewed(3)

    story.after(hours=1).holds("t3-s0", ("python", "bob"), started=story.now - timedelta(days=10))

    assert [11, 10] == totals(story.pairing)["taught"]


def test_totals_read_erased_in_the_place_of_a_person() -> None:
    """The numbers stay."""
    story = renewed(3)
    before = totals(story.pairing)
    story.tell(builders.erased(ANN, story.now))

    pairing = story.pairing
    assert before["sessions"] == teaching.sessions_count(pairing)
    assert sorted(before["taught"]) == sorted(teaching.taught_count(pairing, person_id) for person_id in pairing.people)
    assert before["ratings"] == [(one.ratings_count, one.ratings_total, one.high_count) for one in teaching.said(pairing)]
    assert '"ann' not in RowCodec.encode(pairing).decode()
