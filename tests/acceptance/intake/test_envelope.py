"""What the edge takes and what it refuses: envelope, strict decoding, topics of dead letters, and their dialect."""

import gzip
import json
from typing import Any, Final

import pytest

from tests.acceptance.stories.story import FEEDBACK, HR, PARTICIPATION, PROGRAMMES, SESSIONS, Event, Story, value_of

NOON: Final = "2025-01-06T12:00:00Z"
NESTED: Final = (
    '{"specversion":"1.0","id":"x","source":"s","type":"bothways.hr.hired.v1","time":"2025-01-06T12:00:00Z",'
    '"data":{"person_id":"ann","effective_on":"2024-01-01"%s}}'
)


def line(**changes: Any) -> dict[str, Any]:
    """A good hire with some of its attributes changed; None leaves one out."""
    event = {
        "specversion": "1.0",
        "id": "x",
        "source": "s",
        "type": "bothways.hr.hired.v1",
        "time": NOON,
        "data": {"person_id": "ann", "effective_on": "2024-01-01"},
    } | changes
    return {name: value for name, value in event.items() if value is not None}


def hired(**changes: Any) -> dict[str, Any]:
    """A good hire with some of its data changed; None leaves one out."""
    data = {"person_id": "ann", "effective_on": "2024-01-01"} | changes
    return line(data={name: value for name, value in data.items() if value is not None})


def enrolled(**changes: Any) -> dict[str, Any]:
    """An enrolment with some of its data changed."""
    data = {
        "person_id": "ann",
        "programme_id": "p1",
        "offers": [{"topic": "python", "level": 3}],
        "wants": [{"topic": "strategy", "importance": 3, "own_level": 0}],
    }
    return line(type="bothways.participation.enrolled.v1", actor="ann", data=data | changes)


def extended(text: str) -> str:
    """A good hire with more fields of data, as text."""
    return NESTED % ("," + text)


def deep(levels: int) -> str:
    """A hire with an ignored field that makes the document `levels` deep: the event and its data are two of them."""
    return extended('"more":' + "[" * (levels - 2) + "]" * (levels - 2))


BAD_LINES: Final[dict[str, tuple[Event | str | bytes, str, str]]] = {
    "no json": ("nonsense", "ingest", "malformed"),
    "no object": ("[1]", "ingest", "malformed"),
    "null": ("null", "ingest", "malformed"),
    "cut": ('{"specversion":"1.0","id":', "ingest", "malformed"),
    "two values": (json.dumps(line()) + "{}", "ingest", "malformed"),
    "no utf-8": (json.dumps(line()).encode().replace(b'"s"', b'"\xff"'), "ingest", "malformed"),
    "lone surrogate": (extended('"more":"\\ud800"'), "ingest", "malformed"),
    "NUL": (extended('"more":"a\\u0000b"'), "ingest", "malformed"),
    "NUL in a name": (extended('"a\\u0000b":1'), "ingest", "malformed"),
    "NaN": (extended('"more":NaN'), "ingest", "malformed"),
    "Infinity": (extended('"more":Infinity'), "ingest", "malformed"),
    "-Infinity": (extended('"more":-Infinity'), "ingest", "malformed"),
    "1e400": (extended('"more":1e400'), "ingest", "malformed"),
    "int65": (extended('"more":9223372036854775808'), "ingest", "malformed"),
    "-int65": (extended('"more":-9223372036854775809'), "ingest", "malformed"),
    "duplicate key": (extended('"person_id":"bob"'), "ingest", "malformed"),
    "duplicate deep key": (extended('"more":{"a":1,"a":1}'), "ingest", "malformed"),
    "33 deep": (deep(33), "ingest", "malformed"),
    "very deep": (extended('"more":' + "[" * 100_000 + "]" * 100_000), "ingest", "malformed"),
    "too many keys": (extended('"more":{' + ",".join(f'"k{n}":0' for n in range(1001)) + "}"), "ingest", "malformed"),
    "long string": (extended('"more":"%s"' % ("a" * 65_537)), "ingest", "malformed"),
    "too large": (extended('"more":[' + ",".join(['"' + "a" * 60_000 + '"'] * 5) + "]"), "ingest", "too_large"),
    "no type": (line(type=None), "ingest", "unknown_type"),
    "empty type": (line(type=""), "ingest", "unknown_type"),
    "unknown type": (line(type="bothways.hr.promoted.v1"), "ingest", "unknown_type"),
    "foreign type": (line(type="com.example.thing"), "ingest", "unknown_type"),
    "an output type": (line(type="bothways.pairing.proposed.v1"), "ingest", "unknown_type"),
    "another major version": (line(type="bothways.hr.hired.v2"), HR, "unsupported_version"),
    "another version of the envelope": (line(specversion="0.3"), HR, "schema_invalid"),
    "data of another kind": (line(datacontenttype="text/plain"), HR, "schema_invalid"),
    "byte order mark within a line": (b" \xef\xbb\xbf" + json.dumps(line()).encode(), "ingest", "malformed"),
    "duplicate key in disguise": (extended('"\\u0070erson_id":"bob"'), "ingest", "malformed"),
    "year 1 east of Greenwich": (line(time="0001-01-01T00:00:00+14:00"), HR, "schema_invalid"),
    "level as a float": (enrolled(offers=[{"topic": "python", "level": 3.0}]), PARTICIPATION, "schema_invalid"),
    "level as a bool": (enrolled(offers=[{"topic": "python", "level": True}]), PARTICIPATION, "schema_invalid"),
    "no id": (line(id=None), HR, "schema_invalid"),
    "empty id": (line(id=""), HR, "schema_invalid"),
    "no source": (line(source=None), HR, "schema_invalid"),
    "no time": (line(time=None), HR, "schema_invalid"),
    "naive time": (line(time="2025-01-06T12:00:00"), HR, "schema_invalid"),
    "time that is none": (line(time="yesterday"), HR, "schema_invalid"),
    "30 February": (line(time="2025-02-30T12:00:00Z"), HR, "schema_invalid"),
    "time as a number": (line(time=1736164800), HR, "schema_invalid"),
    "no specversion": (line(specversion=None), HR, "schema_invalid"),
    "no data": (line(data=None), HR, "schema_invalid"),
    "data is a list": (line(data=[]), HR, "schema_invalid"),
    "time in a far future": (line(time="2999-01-01T00:00:00Z"), HR, "future_time"),
    "no person": (hired(person_id=None), HR, "schema_invalid"),
    "empty person": (hired(person_id=""), HR, "schema_invalid"),
    "person with a space": (hired(person_id="ann b"), HR, "schema_invalid"),
    "person of 65": (hired(person_id="a" * 65), HR, "schema_invalid"),
    "person is a number": (hired(person_id=7), HR, "schema_invalid"),
    "no effective day": (hired(effective_on=None), HR, "schema_invalid"),
    "day that is none": (hired(effective_on="2025-02-30"), HR, "schema_invalid"),
    "day as an instant": (hired(effective_on="2025-02-03T10:00:00Z"), HR, "schema_invalid"),
    "unknown topic": (enrolled(offers=[{"topic": "juggling", "level": 1}]), PARTICIPATION, "schema_invalid"),
    "offer level 0": (enrolled(offers=[{"topic": "python", "level": 0}]), PARTICIPATION, "schema_invalid"),
    "offer level 4": (enrolled(offers=[{"topic": "python", "level": 4}]), PARTICIPATION, "schema_invalid"),
    "importance 4": (enrolled(wants=[{"topic": "python", "importance": 4, "own_level": 0}]), PARTICIPATION, "schema_invalid"),
    "own level 3": (enrolled(wants=[{"topic": "python", "importance": 1, "own_level": 3}]), PARTICIPATION, "schema_invalid"),
    "capacity 0": (enrolled(capacity=0), PARTICIPATION, "schema_invalid"),
    "capacity 6": (enrolled(capacity=6), PARTICIPATION, "schema_invalid"),
    "band 4": (enrolled(experience_band=4), PARTICIPATION, "schema_invalid"),
    "weekday 8": (enrolled(hours=[{"weekday": 8, "from": "09:00", "to": "10:00"}]), PARTICIPATION, "schema_invalid"),
    "another acts": (enrolled() | {"actor": "bob"}, PARTICIPATION, "not_the_person"),
    "nobody acts": ({name: value for name, value in enrolled().items() if name != "actor"}, PARTICIPATION, "not_the_person"),
    "unknown programme": (enrolled(programme_id="p9"), PARTICIPATION, "unknown_programme"),
    "programme in capitals": (enrolled(programme_id="P1"), PARTICIPATION, "schema_invalid"),
    "programme of 41": (enrolled(programme_id="p" * 41), PARTICIPATION, "schema_invalid"),
    "unknown pairing of a programme": (
        line(type="bothways.session.cancelled.v1", data={"session_id": "s1", "pairing_id": "p1.0123456789abcdef"}),
        SESSIONS,
        "unknown_pairing",
    ),
    "pairing of an unknown programme": (
        line(type="bothways.session.cancelled.v1", data={"session_id": "s1", "pairing_id": "p9.0123456789abcdef"}),
        SESSIONS,
        "unknown_programme",
    ),
    "command to an unknown programme": (
        line(type="bothways.round.requested.v1", actor="desk", data={"programme_id": "p9"}),
        PROGRAMMES,
        "unknown_programme",
    ),
    "command of nobody": (line(type="bothways.round.requested.v1", data={"programme_id": "p1"}), PROGRAMMES, "schema_invalid"),
    "track that is none": (
        line(type="bothways.programme.created.v1", data={"programme_id": "p2", "policy": {"track": "up"}}),
        PROGRAMMES,
        "schema_invalid",
    ),
    "feedback without nudge": (line(type="bothways.nudge.acted.v1", data={"person_id": "ann"}), FEEDBACK, "schema_invalid"),
    "category that is none": (
        line(type="bothways.nudge.opted_out.v1", data={"person_id": "ann", "category": "spam"}),
        FEEDBACK,
        "schema_invalid",
    ),
}

GOOD_LINES: Final = {
    "32 deep": deep(32),
    "1,000 keys": None,
    "64 KiB string": extended('"more":"%s"' % ("a" * 65_536)),
    "int64": extended('"more":[9223372036854775807,-9223372036854775808]'),
    "unknown field": extended('"more":{"a":null}'),
    "unknown attribute": line(shoesize="43"),
    "offset": line(time="2025-01-06T13:00:00+01:00"),
    "fraction": line(time="2025-01-06T12:00:00.123456789Z"),
    "lower-case z": line(time="2025-01-06t12:00:00z"),
    "64 characters": hired(person_id="A0._:-" + "z" * 58),
    "years ahead": hired(effective_on="2031-01-01"),
    "every attribute": hired(
        manager_id="bob",
        dotted_line_ids=["cy"],
        department="lab",
        location="Turin",
        timezone="Europe/Rome",
        languages=["it", "en-GB"],
        job_level=12,
        job_family="research",
        legal_entity="one",
    ),
    "every extension": line(
        recordedtime=NOON,
        sequence=7,
        partitionkey="k",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        subject="ann",
        datacontenttype="application/json",
        dataschema="x",
        expirytime="2026-01-01T00:00:00Z",
        causation="z",
    ),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_line_is_dead_lettered_with_its_topic_code_and_bytes(story: Story, name: str) -> None:
    """A refused line lands on the dead-letter topic of its input topic, with its code, its bytes and the broker's headers; exit 3."""
    bad, topic, code = BAD_LINES[name]
    story.good(story.programme("2025-01-06T05:00:00Z"))

    answer = story.take(bad)

    assert (answer.code, answer.json["accepted"], answer.json["dead_lettered"]) == (3, 0, 1)
    (letter,) = story.tail(f"dlq.{topic}")
    original = bad if isinstance(bad, bytes) else bad.encode() if isinstance(bad, str) else json.dumps(bad).encode()
    assert set(letter) == {"key", "headers", "value_base64"}
    assert value_of(letter) == original
    headers = letter["headers"]
    assert headers["x-error-code"] == code
    assert headers["__dlq.errors.topic"] == topic
    assert {f"__dlq.errors.{one}" for one in ("topic", "partition", "offset", "group", "delivery.count", "message")} <= set(headers)
    assert headers["__dlq.errors.message"]
    assert "Traceback" not in headers["__dlq.errors.message"]


@pytest.mark.parametrize("name", GOOD_LINES)
def test_line_at_a_limit_is_accepted(story: Story, name: str) -> None:
    """Limits are inclusive, and unknown fields and attributes are ignored."""
    good = GOOD_LINES[name]
    if good is None:
        names = ",".join(f'"k{n}":0' for n in range(1000 - len(json.loads(NESTED % "")) - 3))
        good = extended('"more":{' + names + "}")

    answer = story.take(good)

    assert (answer.code, answer.json["accepted"]) == (0, 1)


def test_unknown_topic_is_named(story: Story) -> None:
    """An unknown topic of a person's offers is refused with `schema_invalid` naming it."""
    story.good(story.programme("2025-01-06T05:00:00Z"))
    story.take(enrolled(offers=[{"topic": "juggling", "level": 1}]))

    (letter,) = story.tail(f"dlq.{PARTICIPATION}")

    assert "juggling" in letter["headers"]["__dlq.errors.message"]


def test_refused_enrolment_is_withdrawn(story: Story) -> None:
    """The enrolment that `programmes` refused doesn't stay in the person's row as enrolled."""
    story.good(story.programme("2025-01-06T05:00:00Z"))
    story.take(enrolled(offers=[{"topic": "juggling", "level": 1}]))

    assert [(one["programme_id"], one["status"]) for one in story.person("ann")["enrolments"]] in ([], [("p1", "withdrawn")])


def test_blank_lines_are_skipped(story: Story) -> None:
    """A blank line is nothing."""
    answer = story.take("", "   ", hired())

    assert (answer.code, answer.json["accepted"], answer.json["dead_lettered"]) == (0, 1, 0)


def test_file_with_good_and_bad_lines_takes_the_good_ones(story: Story) -> None:
    """One bad line doesn't stop the others; the counts are disjoint."""
    answer = story.take(hired(), "nonsense", hired(), hired(person_id="bob") | {"id": "y"})

    assert answer.code == 3
    assert {name: answer.json[name] for name in ("accepted", "duplicates", "dead_lettered")} == {
        "accepted": 2,
        "duplicates": 1,
        "dead_lettered": 1,
    }


def test_ingest_says_one_line_of_json(story: Story) -> None:
    """`--json` is one line with one object."""
    answer = story.take(hired())

    assert answer.out.count("\n") == 1
    assert isinstance(answer.json, dict)


def test_gzip_is_read(story: Story) -> None:
    """A `.gz` file is unpacked on the way."""
    path = story.directory / "in.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(hired()).encode() + b"\n"))

    answer = story.run("ingest", str(path), "--json")

    assert (answer.code, answer.json["accepted"]) == (0, 1)
    assert story.person("ann")["employment"] == "active"


def test_several_files_are_read_in_order(story: Story) -> None:
    """Files go in the order of the command line."""
    first, second = story.directory / "a.jsonl", story.directory / "b.jsonl"
    first.write_text(json.dumps(hired(department="lab")) + "\n", "utf-8")
    second.write_text(json.dumps(hired(department="board") | {"id": "y"}), "utf-8")

    answer = story.run("ingest", str(first), str(second), "--json")

    assert (answer.code, answer.json["accepted"]) == (0, 2)


def test_last_line_without_newline_is_read(story: Story) -> None:
    """A file may end without a newline."""
    path = story.directory / "in.jsonl"
    path.write_text(json.dumps(hired()), "utf-8")

    assert story.run("ingest", str(path), "--json").json["accepted"] == 1
