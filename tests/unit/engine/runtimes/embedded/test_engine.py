"""Rules of the embedded engine (engine/runtimes/embedded/engine.py), over the toy topology of the recovery tests."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from engine.core.cascade import OutcomeCounts, TimeMode
from engine.core.effects import StageName
from engine.core.execution import Outcome, Output, Transition
from engine.errors import IdentityConflict, InvalidSettings
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.proof.verification import digests
from engine.runtimes.embedded.reading.backup import back_up
from engine.settings import Settings
from schemas.terms.codes import ErrorCode
from schemas.topics import DLQ_INGEST, DLQ_TIMERS, HR_PEOPLE, INSIGHTS, NUDGES, dead_letter_topic
from tests.recovery.toy import DAY, PEOPLE, REPORTS, START, hired, line, toy, toy_lines

DLQ_HR = dead_letter_topic(HR_PEOPLE.name).name
ARRIVED = datetime(2026, 1, 1, tzinfo=UTC)


def opened(data_dir: Path, mode: TimeMode = TimeMode.DATA, **settings: Any) -> EmbeddedEngine:
    """An engine over the toy."""
    given = Settings.model_validate({"salt": "of the toy", **settings})
    return EmbeddedEngine(data_dir, given, topology=toy(), mode=mode, clock=lambda: ARRIVED)


def counts(tally: OutcomeCounts) -> tuple[int, int, int]:
    """Accepted, duplicates, dead-lettered."""
    return tally.accepted, tally.duplicates, tally.dead_lettered


def digested(data_dir: Path) -> dict[str, tuple[int, str]]:
    """Digests of what is in a closed directory."""
    database = Database(data_dir)
    found = digests(database)
    database.close()
    return found


def published(engine: EmbeddedEngine, topic: str) -> list[dict[str, Any]]:
    """Events of a topic."""
    return [json.loads(output.value or b"null") for output in engine.outputs(topic)]


def ingested(data_dir: Path, lines: Iterable[bytes], **settings: Any) -> dict[str, tuple[int, str]]:
    """Ingest and digest."""
    with opened(data_dir, **settings) as engine:
        engine.ingest(lines)
    return digested(data_dir)


def test_ingest_counts_every_line_once(tmp_path: Path) -> None:
    """The three counts are disjoint; a blank line is none of them."""
    lines = [hired(1, at=START), hired(1, at=START), b"not json", hired(2, at=START, department="refused")]

    with opened(tmp_path) as engine:
        tally = engine.ingest(lines)

        assert (1, 1, 2) == counts(tally)
        assert 1 == len(list(engine.outputs(DLQ_INGEST.name)))


def test_ingesting_again_changes_nothing(tmp_path: Path) -> None:
    """guarantees.P1, guarantees.S12: a file read twice leaves what it left the first time; what was refused for good is refused again."""
    lines = list(toy_lines(200))
    first = ingested(tmp_path, lines)

    with opened(tmp_path) as engine:
        again = engine.ingest(lines)

    assert 0 == again.accepted
    assert first == digested(tmp_path)


def test_size_of_a_commit_changes_nothing(tmp_path: Path) -> None:
    """How many inputs share a transaction is a matter of speed."""
    lines = list(toy_lines(120))

    found = [ingested(tmp_path / str(count), lines, commit_events_max=count) for count in (1, 7, 500)]

    assert found[0] == found[1] == found[2]


def test_size_of_a_batch_changes_nothing(tmp_path: Path) -> None:
    """Lines that are read before the first of them is handled come to what they come to one by one, repetitions among them included."""
    lines = [*toy_lines(60), *toy_lines(60)]

    found = [ingested(tmp_path / str(number), given, commit_events_max=7) for number, given in enumerate((iter(lines), lines))]

    assert found[0] == found[1]


def test_each_line_of_a_batch_was_received_at_its_own_instant(tmp_path: Path) -> None:
    """The clock is read for each, so that what the log says doesn't depend on how the lines came."""
    instants = (ARRIVED + n * DAY for n in range(100))
    with EmbeddedEngine(tmp_path, Settings(), topology=toy(), clock=lambda: next(instants)) as engine:
        engine.ingest([hired(number, at=START) for number in range(3)])

    received = sqlite3.connect(tmp_path / "bothways.db").execute("SELECT received_at FROM log WHERE kind = 'event' ORDER BY position")

    assert [DAY.total_seconds()] * 2 == [later - at for (at,), (later,) in pairwise(received)]


def test_timers_fire_on_the_way_each_at_its_own_instant(tmp_path: Path) -> None:
    """In data time a timer due between two inputs fires before the second."""
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START), hired(2, at=START + 10 * DAY)])

        woke = [event["time"] for event in published(engine, NUDGES.name) if event["data"]["subject"] == "p1 woke"]

    assert ["2025-01-07T09:00:00Z", "2025-01-08T09:00:00Z", "2025-01-09T09:00:00Z"] == woke


def test_tick_moves_time_and_the_past_is_a_no_op(tmp_path: Path) -> None:
    """`tick` fires everything up to its instant; into the past it does nothing."""
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START)])

        assert engine.tick(START + 20 * DAY) > 3
        assert engine.last_at == START + 20 * DAY
        assert 0 == engine.tick(START)
        assert engine.last_at == START + 20 * DAY


def test_failed_timer_is_a_dead_letter_and_fires_once(tmp_path: Path) -> None:
    """guarantees.P7: a wake that raises goes to its own topic; time goes on for the others, here and after a restart."""
    with opened(tmp_path) as engine:
        engine.ingest([hired(7, at=START)])
        engine.tick(START + 5 * DAY)
    with opened(tmp_path) as engine:
        engine.tick(START + 9 * DAY)

        assert 1 == len(list(engine.outputs(DLQ_TIMERS.name)))
        row = engine.row(StageName.PEOPLE, PEOPLE, "p7")
        assert row is not None
        assert row.wake_at == START + DAY
        assert engine.verify().is_identical


def test_positions_count_from_zero_per_topic_and_reading_can_start_anywhere(tmp_path: Path) -> None:
    """Each topic is a log of its own."""
    with opened(tmp_path) as engine:
        engine.ingest(hired(number, at=START) for number in range(5))

        assert [0, 1, 2, 3, 4] == [output.position for output in engine.outputs(NUDGES.name)]
        assert [3, 4] == [output.position for output in engine.outputs(INSIGHTS.name, 3)]
        assert [1, 2] == [output.position for output in engine.outputs(NUDGES.name, 1, limit=2)]


def test_tombstone_is_an_output_without_a_value(tmp_path: Path) -> None:
    """A null body stays null."""
    with opened(tmp_path) as engine:
        engine.ingest([line("hr.departed", "d", START, {"person_id": "p1", "effective_on": "2025-01-06"})])

        assert [("p1", None)] == [(output.key, output.value) for output in engine.outputs(NUDGES.name)]


def test_scan_sees_changes_before_and_after_they_are_written(tmp_path: Path) -> None:
    """Rows come in key order, deleted ones not at all, whichever side of the file they are on."""
    with opened(tmp_path, TimeMode.WALL) as engine:
        engine.ingest([hired(number, at=START, manager_id="p0") for number in (3, 1, 2)])
        engine.offer(hired(9, at=START, manager_id="p0"), ARRIVED)
        before = [key for key, _ in engine.scan(StageName.PEOPLE, REPORTS, "p0/")]
        engine.commit()

        after = [key for key, _ in engine.scan(StageName.PEOPLE, REPORTS, "p0/")]

    assert ["p0/p1", "p0/p2", "p0/p3", "p0/p9"] == before == after


def test_emission_bound_is_logged_once(tmp_path: Path) -> None:
    """`--emit-from` of a repeated command does not log again."""
    bound = START + 3 * DAY
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START)], emit_from=bound)
        position = engine.log_position
        engine.ingest([hired(1, at=START)], emit_from=bound)

        assert position == engine.log_position
        row = engine.row(StageName.PEOPLE, REPORTS, "bound")
        assert row is not None
        assert row.report_id == bound.isoformat()
        assert engine.verify().is_identical


def test_command_acts_at_the_last_instant_and_can_be_refused(tmp_path: Path) -> None:
    """A command has no time of its own; its refusal has a code."""
    data = {"person_id": "p5", "effective_on": "2025-01-06"}
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START)])

        assert InputAnswer(outcome=Outcome.APPLIED) == engine.command("bothways.hr.hired.v1", data)
        assert engine.last_at == START
        refused = engine.command("bothways.hr.hired.v1", {**data, "department": "refused"})
        assert (Outcome.DEAD_LETTERED, ErrorCode.STALE_ANSWER) == (refused.outcome, refused.code)
        assert Outcome.APPLIED is engine.command("bothways.hr.hired.v1", data).outcome


def test_redriving_twice_is_a_no_op(tmp_path: Path) -> None:
    """guarantees.S21: a dead letter gets one more chance, with the ids that it would have had."""
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START), hired(2, at=START, id_="x"), hired(2, at=START, id_="x", department="other")])
        letter = next(engine.outputs(DLQ_HR))

        first, second = engine.redrive(letter), engine.redrive(letter)

        assert (Outcome.APPLIED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
        assert engine.verify().is_identical


def test_one_id_from_two_sources_is_two_events(tmp_path: Path) -> None:
    """The dedupe key is (source, id): both are applied, and what they publish has ids of its own."""
    again = hired(1, at=START, id_="1", department="other").replace(b"urn:toy", b"urn:elsewhere")
    with opened(tmp_path) as engine:
        assert (2, 0, 0) == counts(engine.ingest([hired(1, at=START, id_="1"), again]))
        assert 2 == len(list(engine.outputs(NUDGES.name)))


def test_repetition_after_its_mark_has_gone_never_stops_the_engine(tmp_path: Path) -> None:
    """guarantees.S12: beyond 90 days natural keys are what holds; the ids of a second application are new ones."""
    with opened(tmp_path) as engine:
        engine.ingest([hired(1, at=START)])
        engine.tick(START + 100 * DAY)

        assert (1, 0, 0) == counts(engine.ingest([hired(1, at=START)]))
        assert engine.verify().is_identical


def test_wall_time_stamps_by_the_clock_and_ticks_when_due(tmp_path: Path) -> None:
    """In wall time nothing fires until the clock says so, and then at the clock's instant."""
    now = START + 2 * DAY
    with opened(tmp_path, TimeMode.WALL) as engine:
        assert InputAnswer(outcome=Outcome.APPLIED) == engine.offer(hired(1, at=START), now)
        assert not engine.tick_wall(now + timedelta(hours=1))
        assert now == engine.last_at

        assert not engine.tick_wall(now + timedelta(days=1, hours=5))

        woke = [event["time"] for event in published(engine, NUDGES.name) if event["data"]["subject"] == "p1 woke"]
    assert ["2025-01-09T14:00:00Z"] == woke


def test_offer_answers_with_the_reason(tmp_path: Path) -> None:
    """A producer hears the code and a message that holds nothing of its payload."""
    with opened(tmp_path, TimeMode.WALL) as engine:
        answer = engine.offer(b"rubbish", ARRIVED)

    assert ErrorCode.MALFORMED is answer.code
    assert "rubbish" not in (answer.message or "")


def test_error_on_the_way_out_commits_nothing(tmp_path: Path) -> None:
    """What was not committed is gone as a whole."""

    def interrupted() -> None:
        with opened(tmp_path, TimeMode.WALL) as engine:
            engine.offer(hired(1, at=START), ARRIVED)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    with opened(tmp_path) as engine:
        assert engine.is_empty
        assert [] == list(engine.scan(StageName.PEOPLE, PEOPLE))


def test_second_body_under_one_id_stops_before_it_is_visible(tmp_path: Path) -> None:
    """guarantees.P3: insert or compare; the first body stays."""

    def output(data: bytes) -> Transition:
        one = Output(topic=NUDGES.name, key="p1", id="one", attributes={"id": "one"}, data=data)
        return Transition(outcome=Outcome.APPLIED, outputs=[one])

    with opened(tmp_path) as engine:
        engine._store.apply(StageName.PEOPLE, output(b"{}"))
        engine.commit()
        engine._store.apply(StageName.PEOPLE, output(b"{}"))
        engine.commit()
    engine = opened(tmp_path)
    engine._store.apply(StageName.PEOPLE, output(b'{"other":1}'))
    with pytest.raises(IdentityConflict):
        engine.commit()
    engine.close()

    with opened(tmp_path) as engine:
        assert [b"{}"] == [(output.value or b"")[-3:-1] for output in engine.outputs(NUDGES.name)]


def test_salt_is_kept_and_another_one_refused(tmp_path: Path) -> None:
    """The hashes that stand for people never change within a directory."""
    with EmbeddedEngine(tmp_path, Settings(), topology=toy()) as engine:
        drawn = engine.salt
    with EmbeddedEngine(tmp_path, Settings(), topology=toy()) as engine:
        assert drawn == engine.salt

    with pytest.raises(InvalidSettings, match="BOTHWAYS_SALT"):
        opened(tmp_path)


def test_backup_opens_and_goes_on_like_the_original(tmp_path: Path) -> None:
    """guarantees.S11: a copy taken in between, fed what came after it, ends with the same bytes."""
    lines = list(toy_lines(120))
    with opened(tmp_path / "data") as engine:
        engine.ingest(lines[:60])
        (tmp_path / "restored").mkdir()
        back_up(tmp_path / "data", tmp_path / "restored" / "bothways.db")
        engine.ingest(lines[60:])

    assert digested(tmp_path / "data") == ingested(tmp_path / "restored", lines[60:])


def test_verify_agrees_with_what_was_written(tmp_path: Path) -> None:
    """guarantees.P6: rows, timers, outputs and dead letters follow from the log."""
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(300))
        engine.tick(START + 100 * DAY)

        found = engine.verify()

    assert () == found.findings
    assert found.entries_count == engine.log_position


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE rows SET value = CAST(replace(CAST(value AS TEXT), 'p1', 'p2') AS BLOB) WHERE name = 'people' AND key = 'p1'",
        "UPDATE rows SET wake_at = wake_at + 1 WHERE name = 'programmes'",
        "DELETE FROM marks WHERE key = (SELECT min(key) FROM marks)",
        "UPDATE marks SET content = key WHERE key = (SELECT max(key) FROM marks)",
        "UPDATE outputs SET value = CAST(value || ' ' AS BLOB) WHERE topic = 'mentorship.nudges.v1' AND position = 3",
        "UPDATE outputs SET key = 'p9' WHERE topic = 'mentorship.insights.v1' AND position = 3",
        "UPDATE outputs SET value = x'00' WHERE topic = 'dlq.ingest' AND position = 0",
        "DELETE FROM outputs WHERE topic = 'dlq.hr.people.v1' AND position = 1",
        "DELETE FROM outputs WHERE topic = 'mentorship.nudges.v1' AND position = 2",
        "UPDATE log SET value = CAST(value || ' ' AS BLOB) WHERE position = 4",
        "DELETE FROM log WHERE position = 10",
        "UPDATE rows SET hash = x'00' WHERE name = 'people' AND key = 'p1'",
        "UPDATE outputs SET position = 900 WHERE topic = 'mentorship.nudges.v1' AND position = 3",
    ],
)
def test_verify_finds_what_was_changed_behind_its_back(tmp_path: Path, damage: str) -> None:
    """guarantees.P9, guarantees.P13: a row, an output, a dead letter or an entry that differs is reported, if only by its hash."""
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(100))
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    assert connection.execute(damage).rowcount > 0
    connection.close()

    with opened(tmp_path) as engine:
        assert not engine.verify().is_identical


def test_source_is_kept_and_another_one_refused(tmp_path: Path) -> None:
    """It is part of every id; a command that says nothing of it uses the directory's own."""
    with opened(tmp_path, source="staging") as engine:
        engine.ingest(toy_lines(20))
    with opened(tmp_path) as engine:
        engine.ingest(toy_lines(40))
        assert engine.verify().is_identical
        assert {True} == {b'"source":"staging"' in output.value for output in engine.outputs(NUDGES.name) if output.value}

    with pytest.raises(InvalidSettings, match="BOTHWAYS_SOURCE"):
        opened(tmp_path, source="other")
