"""Random lives of a programme that end in an erasure: no byte of the id is left, and others can't tell it from a departure."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.core.execution import Outcome, Output
from engine.programme import tables
from engine.programme.pairs.pairing import Pairing
from schemas.terms.ids import ERASED
from tests import builders
from tests.builders import offer, want
from tests.depth import deep
from tests.topology.stories.erasure_story import PAT, outputs_naming, rows_naming
from tests.topology.stories.programme_story import ProgrammeStory
from tests.topology.stories.random_lives import SHORT, Step, failures

SALT: Final = b"test"
"""Of the driver."""
OTHERS: Final = ("kim", "lou", "max", "zoe")
"""Ids on either side of the erased one and of `erased` itself."""
PEOPLE: Final = (*OTHERS, PAT)
TOPICS: Final = ("strategy", "python", "storytelling")
POLICY: Final[dict[str, Any]] = {
    **SHORT,
    "round_every_days": 1,
    "lapsed_rest_days": 3,
    "k_min": 1,
    "quiet_from": "20:00",
    "quiet_to": "08:00",
    "holdout_percent": 10,
}
"""Numbers of single people show, and some things wait for the morning."""
AT_ONCE: Final = {"departure_settle_hours": 0}


def _in_pairs(story: ProgrammeStory, person_id: str, do: Callable[[str, list[str]], object]) -> None:
    """Do something about each pair of a person that was ever proposed."""
    for proposal in story.proposals():
        people = [side["person_id"] for side in proposal["people"]]
        if person_id in people:
            do(proposal["pairing_id"], people)


def _enrols(person_id: str, **data: Any) -> Callable[[ProgrammeStory], object]:
    number = PEOPLE.index(person_id)
    profile: dict[str, Any] = {
        "offers": [offer(TOPICS[number % 3], 3)],
        "wants": [want(TOPICS[(number + 1) % 3]), want(TOPICS[(number + 2) % 3])],
        "capacity": 2,
        "experience_band": number % 4,
    }
    return lambda story: story.tell(builders.enrolled(person_id, story.now, **{**profile, **data}))


def _accepts(person_id: str) -> Callable[[ProgrammeStory], object]:
    return lambda story: _in_pairs(story, person_id, lambda pairing_id, _: story.answers(person_id, "accept", pairing_id=pairing_id))


def _meets(person_id: str, *, without: str | None = None) -> Callable[[ProgrammeStory], object]:
    """Report sessions of all pairs of a person.

    Args:
        without: whose pairs are left out. What is left of an erased one's pairs takes no reports, which those of a departed one do.
    """

    def met(story: ProgrammeStory, pairing_id: str, people: list[str]) -> None:
        if without in people:
            return
        name = f"{person_id[:3]}-{pairing_id[-4:]}-{story.now:%j}"
        story.tell(
            builders.session_scheduled(name + "b", story.now, pairing_id, starts_at=story.now + timedelta(days=2), proposed_by=people[0])
        )
        taught = [(TOPICS[n], one) for n, one in enumerate(people)]
        story.tell(builders.session_completed(name, story.now, pairing_id, exchanges=taught))
        story.tell(builders.session_cancelled(name + "b", story.now, pairing_id, cancelled_by=person_id))
        story.tell(builders.feedback_given(person_id, story.now, pairing_id, session_id=name))

    return lambda story: _in_pairs(story, person_id, lambda pairing_id, people: met(story, pairing_id, people))


def _says(person_id: str, answer: str) -> Callable[[ProgrammeStory], object]:
    return lambda story: _in_pairs(story, person_id, lambda pairing_id, _: story.says(person_id, answer, pairing_id=pairing_id))


def _hr(person_id: str, **changes: Any) -> Callable[[ProgrammeStory], object]:
    return lambda story: story.tell(builders.role_changed(person_id, story.now, **changes))


def _to_be_under(person_id: str, other: str) -> Callable[[ProgrammeStory], object]:
    """Let a manager be named for a later day.

    Not around the one who goes: a departed person still gets a new manager on that day, and still becomes one.
    """
    if PAT in {person_id, other}:
        return _hr(person_id, department="sales")
    return lambda story: story.tell(
        builders.role_changed(person_id, story.now, effective_on=(story.now + timedelta(days=9)).date(), manager_id=other)
    )


def _passes(**span: float) -> Step[ProgrammeStory]:
    return Step(f"{span} pass", lambda story: story.after(**span))


def _of(person_id: str, other: str, *, gone: str | None = None) -> list[Step[ProgrammeStory]]:
    return [
        Step(f"{person_id} enrols", _enrols(person_id)),
        Step(f"{person_id} excludes {other}", _enrols(person_id, exclude=[other])),
        *[Step(f"{person_id} accepts", _accepts(person_id))] * 4,
        *[Step(f"{person_id} meets", _meets(person_id, without=gone))] * 2,
        *(Step(f"{person_id} says {answer}", _says(person_id, answer)) for answer in ("end", "continue", "finish")),
        Step(f"{person_id} under {other}", _hr(person_id, manager_id=other)),
        Step(f"{person_id} under nobody", _hr(person_id, manager_id=None)),
        Step(f"{person_id} beside {other}", _hr(person_id, dotted_line_ids=[other])),
        Step(f"{person_id} to be under {other}", _to_be_under(person_id, other)),
        Step(f"{person_id} goes on leave", lambda story: story.goes_on_leave(person_id)),
        Step(f"{person_id} is back", lambda story: story.is_back(person_id)),
        Step(f"{person_id} pauses", lambda story: story.tell(builders.paused(person_id, story.now))),
        Step(f"{person_id} withdraws", lambda story: story.tell(builders.withdrawn(person_id, story.now))),
        Step(f"{person_id} opts out", lambda story: story.tell(builders.opted_out(person_id, story.now, "learning"))),
        Step(f"{person_id}, {other} forbidden", lambda story: story.tell(builders.pairing_forbidden(story.now, [person_id, other]))),
        Step(f"{person_id}, {other} locked", lambda story: story.tell(builders.pairing_locked(story.now, [person_id, other]))),
    ]


PASSING: Final = [_passes(minutes=2), _passes(hours=9), _passes(days=1), _passes(days=4)]
BEFORE: Final = [*PASSING * 8, *(step for one in PEOPLE for other in PEOPLE if one != other for step in _of(one, other))]
AFTER: Final = [*PASSING * 4, *(step for one in OTHERS for other in OTHERS if one != other for step in _of(one, other, gone=PAT))]


def begun(**policy: Any) -> ProgrammeStory:
    """Everybody is here, most know somebody already."""
    story = ProgrammeStory(**{**POLICY, **policy})
    for person_id in PEOPLE:
        story.tell(builders.hired(person_id, story.now))
        _enrols(person_id)(story)
    story.round()
    for person_id in PEOPLE:
        _accepts(person_id)(story)
    return story.after(days=1, hours=2)


def lived(seed: int, steps_count: int, farewell: Callable[[ProgrammeStory], object], **policy: Any) -> tuple[ProgrammeStory, list[Output]]:
    """Let the programme live, somebody go, the others live on. Returns what was published from the farewell on, too."""
    draw = Random(seed)  # noqa: S311 - a life is no secret
    story = begun(**policy)
    for step in draw.choices(BEFORE, k=steps_count):
        step.do(story.after(minutes=1))
    story.after(minutes=1)
    known = len(story.store.outputs)
    farewell(story)
    for step in draw.choices(AFTER, k=10):
        step.do(story.after(minutes=1))
    story.after(days=60)
    return story, story.store.outputs[known:]


def erased(story: ProgrammeStory) -> None:
    """Erase the person now, of whom much is known."""
    assert rows_naming(story)
    assert outputs_naming(story.store.outputs)
    assert Outcome.APPLIED is story.tell(builders.erased(PAT, story.now))


def departed(story: ProgrammeStory) -> None:
    """Yesterday was the person's last day."""
    story.tell(builders.departed(PAT, story.now, effective_on=(story.now - timedelta(days=1)).date()))


def asked_nothing(farewell: Callable[[ProgrammeStory], object]) -> Callable[[ProgrammeStory], object]:
    """Let both sides say how every session with the person was, before the person goes.

    The question outlives the end of a pair, but for an erased partner: it names the person.
    """

    def farewells(story: ProgrammeStory) -> None:
        _in_pairs(story, PAT, lambda pairing_id, people: said(story, pairing_id, people))
        farewell(story)

    def said(story: ProgrammeStory, pairing_id: str, people: list[str]) -> None:
        pairing = story.row(StageName.PROGRAMMES, tables.PAIRINGS, pairing_id)
        assert isinstance(pairing, Pairing)
        for meeting in pairing.meetings:
            for one in people:
                story.tell(builders.feedback_given(one, story.now, pairing_id, session_id=meeting.session_id))

    return farewells


def heard_by_others(outputs: list[Output]) -> dict[tuple[str, str], list[Any]]:
    """Return what others can read, by topic and key: without ids and places in the log, with `erased` for the one who has gone.

    Left out: what is about the person alone, tombstones, and the counts of nudges that never left, because those to the person may wait.
    """
    heard: dict[tuple[str, str], list[Any]] = defaultdict(list)
    mine = {PAT, ERASED}
    for output in outputs:
        if output.data is None or output.key in mine or output.topic == "mentorship.audit.v1":
            continue
        data = json.loads(output.data.replace(f'"{PAT}"'.encode(), f'"{ERASED}"'.encode()))
        if isinstance(data.get("people"), list):
            data["people"].sort(key=str)
        for told in (data.get("metrics", {}), data.get("as_of_by_metric", {})):
            for name in [name for name in told if name.startswith("suppressed_count")]:
                del told[name]
        taught = data.pop("taught_count", None)
        envelope = {name: output.attributes.get(name) for name in ("type", "time", "expirytime")}
        heard[(output.topic, output.key)].append((envelope, "causation" in output.attributes, data, taught and sorted(taught)))
    for records in heard.values():
        records.sort(key=lambda one: (one[0]["time"], json.dumps(one)))  # of one instant, what is ordered by ids is ordered otherwise
    return heard


@settings(max_examples=deep(20))
@given(seed=st.integers(0, 2**32), steps_count=st.sampled_from([0, 30, 60]))
def test_any_life_ends_without_a_byte_of_the_id(seed: int, steps_count: int) -> None:
    """erasure.Z1: no row of any stage, no output from the erasure on; and no rule fails on what is left."""
    story, outputs = lived(seed, steps_count, erased)

    assert outputs, "the others live on, and are told"
    assert [] == rows_naming(story)
    assert [] == outputs_naming(outputs)
    assert [] == failures(story)


@settings(max_examples=deep(10))
@given(seed=st.integers(0, 2**32), steps_count=st.sampled_from([0, 30, 60]))
def test_nobody_can_tell_an_erasure_from_a_departure(seed: int, steps_count: int) -> None:
    """Whatever others read from then on is the same, but for the id, where a departure settles at once, as an erasure does."""
    _, after_erasure = lived(seed, steps_count, asked_nothing(erased), **AT_ONCE)
    _, after_departure = lived(seed, steps_count, asked_nothing(departed), **AT_ONCE)

    heard = heard_by_others(after_departure)
    assert heard, "the others live on, and are told"
    assert heard == heard_by_others(after_erasure)
