"""Deduplication, data time, timers, and the attributes of everything published."""

import json
import re
import uuid
from pathlib import Path
from typing import Any, Final

import pytest

from tests.acceptance.stories.story import AUDIT, HR, INSIGHTS, NUDGES, PAIRINGS, PARTICIPATION, STATES, Story

OUTPUTS: Final = (PAIRINGS, STATES, NUDGES, INSIGHTS, AUDIT)
UNSALTED: Final = OUTPUTS[:4]
"""Hashes of persons on the audit topic differ by each directory's salt."""
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def year(story: Story, **policy: Any) -> dict[str, list[dict[str, Any]]]:
    """A pair that meets twice, goes quiet and ends, by topic; every topic has something to look at."""
    pairing = story.pair(k_min=1, **policy)
    story.good(
        story.held("2025-01-13T10:00:00.75Z", pairing, "s1", "python:ann", "strategy:bob"),
        story.event("hr.leave_started", "2025-02-01T10:00:00Z", {"person_id": "ann", "effective_on": "2025-02-03"}),
        story.event("hr.leave_ended", "2025-02-20T10:00:00Z", {"person_id": "ann", "effective_on": "2025-02-21"}),
    )
    story.tick("2025-06-01T00:00:00Z")
    events = {topic: story.tail(topic) for topic in OUTPUTS}
    assert all(events.values()), events
    return events


def test_outputs_carry_the_envelope(story: Story) -> None:
    """Required attributes, source `bothways`, ids that are UUIDs, times in UTC with whole seconds, and the exact schema."""
    for events in year(story).values():
        for event in events:
            name = event["type"].removeprefix("bothways.").removesuffix(".v1")
            assert event["specversion"] == "1.0"
            assert event["source"] == "bothways"
            assert uuid.UUID(event["id"]).version == 5
            assert INSTANT.fullmatch(event["time"])
            assert event["datacontenttype"] == "application/json"
            assert event["dataschema"] == f"bothways:schema:{name}:1.0"
            assert all(re.fullmatch("[a-z0-9]+", attribute) for attribute in event)
            assert all(INSTANT.fullmatch(found) for found in re.findall(r'"(\d{4}-\d\d-\d\dT[^"]*)"', json.dumps(event)))


def test_output_ids_are_unique(story: Story) -> None:
    """Every id is published exactly once."""
    ids = [event["id"] for events in year(story).values() for event in events]

    assert len(ids) == len(set(ids))


def test_sequence_has_no_gap_per_key(story: Story) -> None:
    """`sequence` counts 1, 2, 3 ... per key of a topic."""
    for topic, events in year(story).items():
        by_key: dict[str, list[int]] = {}
        for event in events:
            by_key.setdefault(event["subject"], []).append(int(event["sequence"]))
        for key, sequences in by_key.items():
            assert sequences == list(range(1, len(sequences) + 1)), (topic, key)


def test_subject_is_the_key(story: Story) -> None:
    """The subject is the pairing, the person or the programme that the topic is keyed by."""
    events = year(story)

    assert all(event["subject"] == event["data"]["pairing_id"] for event in events[PAIRINGS] + events[STATES])
    assert all(event["subject"] == event["data"]["person_id"] for event in events[NUDGES])
    assert all(event["subject"] == event["data"]["programme_id"] for event in events[INSIGHTS])


def test_what_names_a_person_is_confidential(story: Story) -> None:
    """`dataclassification` = `confidential` is on everything that carries a person id."""
    naming = [
        (topic, event)
        for topic, events in year(story).items()
        for event in events
        if any(f'"{person}"' in json.dumps(event["data"]) for person in ("ann", "bob"))
    ]

    assert {topic for topic, _ in naming} == {PAIRINGS, STATES, NUDGES}
    assert [event for _, event in naming if event.get("dataclassification") != "confidential"] == []


def test_audit_names_nobody(story: Story) -> None:
    """The audit topic holds persons as salted hashes only, in the key and in the body."""
    year(story, holdout_percent=100)
    story.good(
        story.event(
            "pairing.forbidden", "2025-06-02T00:00:00Z", {"programme_id": "p1", "person_ids": ["ann", "bob"], "reason": "r"}, actor="ann"
        )
    )

    audited = story.tail(AUDIT)
    assert {event["type"] for event in audited} == {"bothways.command.recorded.v1", "bothways.nudge.suppressed.v1"}
    assert not re.search(r'"(ann|bob)"', json.dumps(audited))


def test_expiring_outputs_say_when(story: Story) -> None:
    """`expirytime` of a proposal and of a nudge is their `expires_at`."""
    events = year(story)

    expiring = [event for event in events[PAIRINGS] + events[NUDGES] if "expires_at" in event["data"]]
    assert {event["type"] for event in expiring} == {"bothways.pairing.proposed.v1", "bothways.nudge.requested.v1"}
    assert [event["expirytime"] for event in expiring] == [event["data"]["expires_at"] for event in expiring]


def test_lapse_has_no_causation(story: Story) -> None:
    """A lapsed proposal is published without cause, `causation` or `actor`."""
    story.couple()
    story.tick("2025-01-20T00:00:00Z")

    (lapsed,) = [event for event in story.tail(PAIRINGS) if event["type"] == "bothways.pairing.lapsed.v1"]

    assert set(lapsed["data"]) == {"pairing_id", "programme_id", "people"}
    assert not {"causation", "actor"} & set(lapsed)


def test_output_time_is_the_time_of_its_cause(story: Story) -> None:
    """An answer at 09:00 activates at 09:00."""
    story.pair()

    activated = next(event for event in story.tail(PAIRINGS) if event["type"] == "bothways.pairing.activated.v1")

    assert (activated["time"], activated["data"]["effective_at"]) == ("2025-01-06T09:00:00Z", "2025-01-06T09:00:00Z")


def test_same_line_again_is_a_duplicate(story: Story) -> None:
    """The same (source, id) and content is counted and changes nothing."""
    hire = story.hired("2025-01-06T05:00:00Z", "ann")
    story.good(hire)

    answer = story.take(hire, hire)

    assert (answer.code, answer.json["accepted"], answer.json["duplicates"], answer.json["dead_lettered"]) == (0, 0, 2, 0)


def test_same_id_of_another_source_is_no_duplicate(story: Story) -> None:
    """The dedupe key is (source, id)."""
    hire = story.hired("2025-01-06T05:00:00Z", "ann")
    story.good(hire)

    assert story.take(hire | {"source": "other"}).json["accepted"] == 1


@pytest.mark.parametrize(
    "change",
    [{"time": "2025-01-06T05:00:01Z"}, {"data": {"person_id": "ann", "effective_on": "2024-02-01"}}, {"actor": "z"}, {"subject": "z"}],
)
def test_same_id_with_another_body_is_a_conflict(story: Story, change: dict[str, Any]) -> None:
    """The first wins; the second goes to the dead letters with both hashes."""
    hire = story.hired("2025-01-06T05:00:00Z", "ann")
    story.good(hire)

    answer = story.take(hire | change)

    assert (answer.code, answer.json["dead_lettered"]) == (3, 1)
    assert story.dead_letters() == [(f"dlq.{HR}", "conflicting_duplicate")]
    (letter,) = story.tail(f"dlq.{HR}")
    assert len(re.findall(r"[0-9a-f]{16,}", letter["headers"]["__dlq.errors.message"])) == 2
    assert story.person("ann")["hired_on"] == "2024-01-01"


@pytest.mark.parametrize(
    "change",
    [
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"recordedtime": "2025-01-06T05:00:00Z"},
        {"time": "2025-01-06T06:00:00+01:00"},
    ],
)
def test_same_id_with_other_transport_attributes_is_a_duplicate(story: Story, change: dict[str, Any]) -> None:
    """Only type, subject, time, actor and data make the body."""
    hire = story.hired("2025-01-06T05:00:00Z", "ann")
    story.good(hire)

    assert story.take(hire | change).json["duplicates"] == 1


def test_refused_line_again_is_counted_and_stored_once(story: Story) -> None:
    """A refused line that is read again counts as dead-lettered again, and lies there once."""
    story.take("nonsense")

    answer = story.take("nonsense")

    assert (answer.code, answer.json["dead_lettered"]) == (3, 1)
    assert len(story.tail("dlq.ingest")) == 1


def test_line_refused_by_a_row_is_stored_once(story: Story) -> None:
    """The same holds for a line that only its owner could refuse."""
    enrolment = story.enrolled("2025-01-06T05:00:00Z", "ann", gives="python:3", wants="strategy:3:0", programme_id="p9")

    first, second = story.take(enrolment), story.take(enrolment)

    assert (first.code, first.json["dead_lettered"], second.code, second.json["dead_lettered"]) == (3, 1, 3, 1)
    assert len(story.tail(f"dlq.{PARTICIPATION}")) == 1


def test_refused_record_never_moves_time(story: Story) -> None:
    """A dead letter of a later time leaves the clock where it is."""
    story.good(story.hired("2025-01-06T05:00:00Z", "ann"))
    story.take(story.by("participation.withdrawn", "2025-03-06T05:00:00Z", "ann", programme_id="p1") | {"actor": "bob"})

    answer = story.run("tick", "--to", "2025-01-06T06:00:00Z", "--json")

    assert answer.json["at"] == "2025-01-06T06:00:00Z"


def test_record_refused_by_its_programme_never_moves_time(story: Story) -> None:
    """Nor does one whose programme is unknown."""
    story.good(story.hired("2025-01-06T05:00:00Z", "ann"))
    story.take(story.event("round.requested", "2025-03-06T05:00:00Z", {"programme_id": "p9"}))

    answer = story.run("tick", "--to", "2025-01-06T06:00:00Z", "--json")

    assert answer.json["at"] == "2025-01-06T06:00:00Z"


def test_late_input_acts_at_the_last_instant(story: Story) -> None:
    """An event of an earlier time acts at the last `at`: time never goes back."""
    story.couple()
    story.tick("2025-01-07T00:00:00Z")
    (proposal,) = story.proposals()
    story.good(*(story.accepted("2025-01-06T12:00:00Z", person, proposal["pairing_id"]) for person in ("ann", "bob")))

    activated = next(event for event in story.tail(PAIRINGS) if event["type"] == "bothways.pairing.activated.v1")

    assert activated["time"] == "2025-01-07T00:00:00Z"


def test_tick_into_the_past_does_nothing(story: Story) -> None:
    """A tick to an instant that is over is a no-op."""
    story.couple()
    story.tick("2025-01-07T00:00:00Z")
    before = [story.tail(topic) for topic in OUTPUTS]
    assert all(before)

    answer = story.run("tick", "--to", "2025-01-01T00:00:00Z", "--json")

    assert answer.code == 0
    assert [story.tail(topic) for topic in OUTPUTS] == before
    assert story.run("tick", "--to", "2025-01-07T00:00:00Z", "--json").json["at"] == "2025-01-07T00:00:00Z"


@pytest.mark.parametrize("wrong", ["yesterday", "2025-01-06T05:00:00", "2025-02-30", ""])
def test_tick_to_no_instant_is_a_wrong_use(story: Story, wrong: str) -> None:
    """An instant has an offset; anything else is usage."""
    assert story.run("tick", "--to", wrong).code == 2


def test_tick_granularity_changes_nothing(story: Story) -> None:
    """One long tick and many short ones publish the same, with the same times."""
    other = Story(story.directory / "other")
    other.directory.mkdir()
    told = []
    for one, days in ((story, ()), (other, range(1, 29, 9))):
        pairing = one.pair()
        one.good(one.held("2025-01-13T10:00:00Z", pairing, "s1", "python:ann"))
        for month in range(2, 8):
            for day in days:
                one.tick(f"2025-{month:02}-{day:02}T00:00:00Z")
        one.tick("2025-08-01T00:00:00Z")
        told.append([(event["time"], event["type"], event["data"]) for topic in UNSALTED for event in one.tail(topic)])

    assert told[0] == told[1]


def test_events_play_their_timers_in_order(story: Story) -> None:
    """Ingesting an event of the future fires what is due before it, each at its own instant."""
    story.couple()

    story.good(story.hired("2025-02-01T00:00:00Z", "cy"))

    assert [(event["type"].split(".")[2], event["time"]) for event in story.tail(PAIRINGS)] == [
        ("proposed", "2025-01-06T06:00:00Z"),
        ("lapsed", "2025-01-13T06:00:00Z"),
    ]


def test_ingest_and_tick_agree(story: Story) -> None:
    """A year in one file and the same year in many commands publish the same bytes."""
    events = [
        story.programme("2025-01-06T05:00:00Z"),
        story.hired("2025-01-06T05:00:00Z", "ann"),
        story.hired("2025-01-06T05:00:00Z", "bob"),
        story.enrolled("2025-01-06T05:00:00Z", "ann", gives="python:3", wants="strategy:3:0", experience_band=0),
        story.enrolled("2025-01-06T05:00:00Z", "bob", gives="strategy:3", wants="python:3:0", experience_band=2),
        story.event(
            "hr.role_changed",
            "2025-01-08T05:00:00Z",
            {"person_id": "ann", "effective_on": "2025-01-09", "changes": {"department": "board"}},
        ),
        story.event("hr.departed", "2025-02-08T05:00:00Z", {"person_id": "ann", "effective_on": "2025-02-09"}),
        story.hired("2025-04-08T05:00:00Z", "cy"),
    ]
    other = Story(story.directory / "other")
    other.directory.mkdir()
    story.good(*events)
    for event in events:
        other.good(event)

    assert [story.run("tail", topic).out for topic in UNSALTED] == [other.run("tail", topic).out for topic in UNSALTED]


def test_no_id_is_the_same_under_another_salt(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever guesses what a person did can't try it out: ids, causation and hashes are keyed; and no input's own id is passed on."""
    events = year(story)
    monkeypatch.setenv("BOTHWAYS_SALT", "another")
    (tmp_path / "other").mkdir()
    others = year(Story(tmp_path / "other"))

    def ids(topics: dict[str, list[dict[str, Any]]]) -> set[str]:
        return {value for told in topics.values() for event in told for value in (event["id"], event.get("causation", event["id"]))}

    assert not ids(events) & ids(others)
    assert not any(re.fullmatch(r"e\d+", id_) for id_ in ids(events)), "inputs are numbered e1, e2, …"
