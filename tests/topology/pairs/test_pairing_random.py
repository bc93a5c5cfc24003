"""Random lives of a pair: whatever people, HR and time do, in any order, no rule fails and the table of states holds."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.programme import tables
from engine.programme.pairs.pairing import OPEN, TERMINAL, TRANSITIONS
from engine.testing import TopologyDriver
from schemas.terms.codes import PairingState
from tests import builders
from tests.depth import deep
from tests.topology.stories.pair_story import ANN, BOB, BOTH_WAYS, PEOPLE, PairStory
from tests.topology.stories.random_lives import SHORT, Step, failures

ONE_WAY = (("strategy", ANN),)
SETTLED_AFTER: Final = timedelta(hours=24)
HELD = {PairingState.PAUSED, PairingState.SUSPENDED}


def _pauses(person_id: str, days: int | None) -> Callable[[PairStory], object]:
    def do(story: PairStory) -> None:
        until_on = None if days is None else (story.now + timedelta(days=days)).date()
        story.tell(builders.paused(person_id, story.now, until_on=until_on))

    return do


def _withdraws_and_enrols(person_id: str) -> Callable[[PairStory], object]:
    def do(story: PairStory) -> None:
        story.tell(builders.withdrawn(person_id, story.now))
        story.after(minutes=1).enrols(person_id)

    return do


def _begins(story: PairStory) -> None:
    story.round()
    for person_id in PEOPLE:
        story.answers(person_id, "accept")


def _of(person_id: str) -> list[Step[PairStory]]:
    """What one person, or HR about one person, can say."""
    says = [
        Step(f"{person_id} says {answer}", lambda story, answer=answer: story.says(person_id, answer))  # type: ignore[misc]
        for answer in ("continue", "end", "rematch", "renew", "finish", "convert")
    ]
    return [
        *says,
        Step(f"{person_id} accepts", lambda story: story.answers(person_id, "accept")),
        Step(f"{person_id} declines", lambda story: story.answers(person_id, "decline")),
        Step(f"{person_id} is content", lambda story: story.feedback(person_id, session_id="s1")),
        Step(f"{person_id} says no fit", lambda story: story.feedback(person_id, fit="not_a_fit")),
        Step(f"{person_id} pauses", _pauses(person_id, None)),
        Step(f"{person_id} pauses for 3 days", _pauses(person_id, 3)),
        Step(f"{person_id} resumes", lambda story: story.tell(builders.resumed(person_id, story.now))),
        Step(f"{person_id} goes on leave", lambda story: story.goes_on_leave(person_id)),
        Step(f"{person_id} is back", lambda story: story.is_back(person_id)),
        Step(f"{person_id} withdraws and enrols", _withdraws_and_enrols(person_id)),
        Step(f"{person_id} has band 3", lambda story: story.enrols(person_id, experience_band=3)),
    ]


def _about(session_id: str) -> list[Step[PairStory]]:
    """What can be reported about one session."""
    return [
        Step(f"{session_id} booked for tomorrow", lambda story: story.books(session_id, by=ANN, hours=20)),
        Step(f"{session_id} booked in 4 days", lambda story: story.books(session_id, by=BOB, days=4)),
        Step(f"{session_id} booked backwards", lambda story: story.books(session_id, days=-2, sequence=2)),
        Step(f"{session_id} held", lambda story: story.holds(session_id)),
        Step(f"{session_id} held one way", lambda story: story.holds(session_id, *ONE_WAY, sequence=1)),
        Step(f"{session_id} corrected", lambda story: story.holds(session_id, *BOTH_WAYS, sequence=3)),
        Step(f"{session_id} cancelled", lambda story: story.cancels(session_id, by=ANN)),
        Step(f"{session_id} cancelled after all", lambda story: story.cancels(session_id, by=ANN, sequence=4)),
        Step(f"{session_id} missed", lambda story: story.misses(session_id)),
    ]


def _meets(story: PairStory) -> None:
    story.holds(f"m{story.now:%j%H%M}")


def _conflict_comes_and_goes(story: PairStory) -> None:
    story.conflict_arises().after(days=2).conflict_goes().both_say("continue")


def _leave_comes_and_goes(story: PairStory) -> None:
    story.goes_on_leave(BOB).after(days=5).is_back(BOB).after(days=3).both_say("continue")


OFTEN: Final[list[Step[PairStory]]] = [
    Step("a pair begins", _begins),
    Step("a pair begins", _begins),
    *(Step(f"both say {answer}", lambda story, answer=answer: story.both_say(answer)) for answer in ("continue", "renew", "convert")),  # type: ignore[misc]
    Step("they meet", _meets),
    Step("they meet", _meets),
    Step("a conflict arises", PairStory.conflict_arises),
    Step("a conflict comes and goes", _conflict_comes_and_goes),
    Step("a leave comes and goes", _leave_comes_and_goes),
    Step("the conflict goes", PairStory.conflict_goes),
    Step("the conflict goes", PairStory.conflict_goes),
    Step("a day passes", lambda story: story.after(days=1)),
    Step("three days pass", lambda story: story.after(days=3)),
    Step("ten days pass", lambda story: story.after(days=10)),
    Step("an hour passes", lambda story: story.after(hours=1)),
]
"""Far likelier than the others, or most lives would be over after a few steps."""
SELDOM: Final[list[Step[PairStory]]] = [
    *(step for person_id in PEOPLE for step in _of(person_id)),
    *(step for session_id in ("s1", "s2", "s3", "s4") for step in _about(session_id)),
    Step("a round", PairStory.round),
    Step("a retraction", lambda story: story.tell(builders.proposal_retracted(story.now, story.pairing_id))),
]


def _drawn(seed: int, steps_count: int) -> list[Step[PairStory]]:
    """Draw a life; a shorter one of the same seed begins alike, so that a failure shrinks to its last step."""
    return Random(seed).choices([*OFTEN * 8, *SELDOM], k=steps_count)  # noqa: S311 - a life is no secret


lives = st.builds(_drawn, st.integers(0, 2**32), st.sampled_from([60, 40, 20]) | st.integers(1, 60))


def lived(steps: list[Step[PairStory]], **policy: Any) -> PairStory:
    """Let a pair live through these steps, from the acceptance of both on, and then to the end of time."""
    story = PairStory(**{**SHORT, "lapsed_rest_days": 0, **policy})
    _begins(story)
    for step in steps:
        step.do(story.after(minutes=1))
    return story.after(days=400)


def states_by_pairing(story: PairStory) -> dict[str, list[tuple[datetime, PairingState]]]:
    """The published states of each pairing, in order, and when."""
    states: dict[str, list[tuple[datetime, PairingState]]] = {}
    for event in story.read(type_="pairing.state"):
        states.setdefault(event["subject"], []).append((datetime.fromisoformat(event["time"]), PairingState(event["data"]["state"])))
    return states


@settings(max_examples=deep(30))
@given(steps=lives, track=st.sampled_from(["mutual", "reverse"]))
def test_any_life_keeps_the_rules_and_fails_nowhere(steps: list[Step[PairStory]], track: str) -> None:
    """No record and no timer fails; what the checks below say holds at the end of time."""
    story = lived(steps, track=track, training_required=False)

    assert [] == failures(story)
    table_was_kept(story)
    sequences_have_no_gap(story)
    everything_came_to_an_end(story)
    room_was_given_back(story)
    nothing_was_said_after_a_suspension(story)


def table_was_kept(story: PairStory) -> None:
    """States follow one another as the table says; a terminal state is the last, whatever is still counted.

    A suspension of less than a day may have been none: then the pair is again what it was.
    """
    moves = {(source, target) for (source, _), target in TRANSITIONS.items()}
    lived_through = states_by_pairing(story)
    assert lived_through, "every life begins with a pair"
    for states in lived_through.values():
        assert PairingState.PROPOSED is states[0][1]
        since, was = states[0]
        interrupted: PairingState | None = None
        for at, state in states[1:]:
            is_undone = was is PairingState.SUSPENDED and state is interrupted and at - since < SETTLED_AFTER
            assert state is was or (was, state) in moves or is_undone, (was, state)
            if state is not was:
                since, was, interrupted = at, state, was


def sequences_have_no_gap(story: PairStory) -> None:
    """Total order per key: the sequence grows by one."""
    for topic in ("mentorship.pairings.v1", "mentorship.pairing-state.v1"):
        by_key: dict[str, list[int]] = {}
        for event in story.read(topic):
            if "tombstone" not in event:
                by_key.setdefault(event["subject"], []).append(event["sequence"])
        assert by_key, topic
        for numbers in by_key.values():
            assert list(range(1, len(numbers) + 1)) == numbers


def everything_came_to_an_end(story: PairStory) -> None:
    """Nobody is forgotten: without a word for a year a pair is over, unless somebody is still away."""
    rows = [row for _, row in story.rows(StageName.PROGRAMMES).scan(tables.PAIRINGS, "")]
    assert set(states_by_pairing(story)) == {row.pairing_id for row in rows}
    for row in rows:
        is_away = any(not away.is_over for away in row.away)
        assert row.state in TERMINAL or (row.state in HELD and is_away), (row.state, row.away, row.timers)


def room_was_given_back(story: PairStory) -> None:
    """A proposal or live pair takes room of both, nothing else does."""
    open_ids = {key for key, row in story.rows(StageName.PROGRAMMES).scan(tables.PAIRINGS, "") if row.state in OPEN}
    for person_id in PEOPLE:
        assert open_ids == set(story.row_of(person_id).pairing_ids)


def nothing_was_said_after_a_suspension(story: PairStory) -> None:
    """From a suspension to the next `resumed`, also after the end: while Bob reports to Ann no nudge of the pair but `conflict_choice`.

    Before the line of power has stood for a day neither knows of it, so both hear only of an end that somebody asked for. Once it is gone
    both are asked whether to go on, and hear it if nobody answers.
    """
    silent: set[str] = set()
    lines = list(lines_of_power(story))
    for event in story.read():
        if "tombstone" in event:
            continue
        data, change = event["data"], event["type"].removeprefix("bothways.").removesuffix(".v1")
        if change == "pairing.suspended":
            silent.add(data["pairing_id"])
        elif change == "pairing.resumed":
            silent.discard(data["pairing_id"])
        elif change == "nudge.requested" and data.get("pairing_id") in silent:
            at = datetime.fromisoformat(event["time"])
            since, is_standing = [line for line in lines if line[0] <= at][-1]
            is_known = at - since >= SETTLED_AFTER
            if is_standing:
                assert data["key"] == ("conflict_choice" if is_known else "pairing_ended")
            else:
                assert data["key"] in {"pairing_resumable", "pairing_ended"}


def lines_of_power(story: PairStory) -> Iterator[tuple[datetime, bool]]:
    """Yield since when Bob reports to Ann, or no longer does."""
    was = False
    for entry in story.store.log:
        event = {} if entry.origin is None else json.loads(entry.origin.value)
        if event.get("type") == "bothways.hr.role_changed.v1":
            reports = event["data"]["changes"]["manager_id"] is not None
            if reports is not was:
                yield entry.at, reports
            was = reports


@settings(max_examples=deep(8))
@given(steps=lives)
def test_any_life_told_twice_is_the_same(steps: list[Step[PairStory]]) -> None:
    """The same log gives the same outputs, byte for byte, and so do the same words."""
    story = lived(steps)
    outputs = [(output.id, output.data) for output in story.store.outputs]
    again = TopologyDriver()

    replayed = list(again._cascade.replay(story.store.log))

    assert story.store.log == replayed == again.store.log
    assert outputs == [(output.id, output.data) for output in again.store.outputs]
    assert outputs == [(output.id, output.data) for output in lived(steps).store.outputs]
