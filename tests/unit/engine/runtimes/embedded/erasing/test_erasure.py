"""Rules of erasing in the file (engine/runtimes/embedded/erasing/erasure.py, snapshot.py), over the toy topology of the recovery tests."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from engine.core.cascade import TimeMode
from engine.core.effects import StageName
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.erasing import erasure
from engine.runtimes.embedded.erasing.erasure import UNSCRUBBED, Erasures, named_counts
from engine.runtimes.embedded.erasing.gone import Gone
from engine.runtimes.embedded.proof.hashes import fields_hash
from engine.runtimes.embedded.proof.verification import digests
from engine.runtimes.embedded.reading.access import ReadFile
from engine.runtimes.embedded.reading.backup import back_up
from engine.runtimes.embedded.reading.reader import Reader
from engine.runtimes.embedded.rows.mentions import Mentions
from engine.settings import Settings
from schemas.topics import DLQ_INGEST, HR_PEOPLE, INSIGHTS, NUDGES, dead_letter_topic
from tests.recovery.toy import CANARY, DAY, PEOPLE, START, erased, hired, lines_about, toy, toy_lines

LATER = START + 3 * DAY
DLQ_HR = dead_letter_topic(HR_PEOPLE.name).name


def opened(data_dir: Path, mode: TimeMode = TimeMode.DATA, **settings: Any) -> EmbeddedEngine:
    """An engine over the toy."""
    given = Settings.model_validate({"salt": "of the toy", **settings})
    return EmbeddedEngine(data_dir, given, topology=toy(), mode=mode, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def told(data_dir: Path, **settings: Any) -> list[bytes]:
    """Fill a directory with the canary in every role, among others. Returns the lines."""
    lines = [*toy_lines(60), *lines_about(CANARY, START + DAY), *toy_lines(80)]
    with opened(data_dir, **settings) as engine:
        engine.ingest(lines)
    return lines


def files_with(data_dir: Path, needle: bytes) -> list[str]:
    """Names of the files whose bytes hold something, as text of one byte or of two to a character."""
    forms = (needle, needle.decode().encode("utf-16-le"), needle.decode().encode("utf-16-be"))
    return [path.name for path in sorted(data_dir.rglob("*")) if path.is_file() and any(form in path.read_bytes() for form in forms)]


def test_no_file_holds_the_id_afterwards(tmp_path: Path) -> None:
    """guarantees.P8, guarantees.S38: rows, log, topics, dead letters, free pages, write-ahead log: in an open directory, and after."""
    told(tmp_path)
    assert ["bothways.db"] == files_with(tmp_path, CANARY.encode())

    with opened(tmp_path) as engine:
        assert 1 == engine.ingest([erased(CANARY, LATER)]).accepted

        assert [] == files_with(tmp_path, CANARY.encode())
        assert {} == engine.named_counts(CANARY)
    assert [] == files_with(tmp_path, CANARY.encode())


def test_everybody_else_stays_as_they_were(tmp_path: Path) -> None:
    """guarantees.S38: what is left of log, topics and rows is what there was, at the positions where it was."""
    told(tmp_path)
    with opened(tmp_path) as engine:
        engine.tick(LATER)
        before = {topic: {one.position: one for one in engine.outputs(topic)} for topic in engine.topics}
        people = dict(engine.scan(StageName.PEOPLE, PEOPLE))
        engine.ingest([erased(CANARY, LATER)])

        after = {topic: {one.position: one for one in engine.outputs(topic)} for topic in engine.topics}
        assert {key: row for key, row in people.items() if key != CANARY} == dict(engine.scan(StageName.PEOPLE, PEOPLE))
    for topic, kept in before.items():
        of_others = {position: one for position, one in kept.items() if CANARY.encode() not in (one.value or b"").replace(b"\0", b"")}
        assert of_others.items() <= after[topic].items()
        assert 0 < len(kept) - len(of_others) or topic in {INSIGHTS.name, "dlq.bothways.timers"}


def test_verify_proves_what_came_after_an_erasure(tmp_path: Path) -> None:
    """guarantees.P6: the replay starts at the snapshot, right after the erasure and after more has happened."""
    told(tmp_path)
    with opened(tmp_path) as engine:
        engine.ingest([erased(CANARY, LATER)])
        at_once = engine.verify()
        position = engine.log_position
        engine.ingest(toy_lines(200))
        engine.tick(LATER + 100 * DAY)
        later = engine.verify()

        assert ((), position, 0) == (at_once.findings, at_once.from_position, at_once.entries_count)
        assert ((), position, engine.log_position - position) == (later.findings, later.from_position, later.entries_count)


def test_old_lines_bring_nobody_back(tmp_path: Path) -> None:
    """guarantees.P8: the file that told of the person, read again, is all repetitions, its unreadable lines included."""
    lines = told(tmp_path)
    with opened(tmp_path) as engine:
        engine.ingest([erased(CANARY, LATER)])
        again = engine.ingest(lines)

        assert 0 == again.accepted
        assert engine.verify().is_identical
    assert [] == files_with(tmp_path, CANARY.encode())


def test_a_dead_letter_that_is_gone_comes_back_neither_here_nor_in_a_replay(tmp_path: Path) -> None:
    """guarantees.P3: its id counts on, also when the mark of its record has gone and the record is handled, and refused, again."""
    lines = told(tmp_path)
    with opened(tmp_path) as engine:
        before = len(list(engine.outputs(DLQ_HR)))
        engine.ingest([erased(CANARY, LATER)])
        left = len(list(engine.outputs(DLQ_HR)))
        engine.tick(LATER + 100 * DAY)
        again = engine.ingest(lines)

        assert again.accepted > again.dead_lettered > 0
        assert before > left == len([letter for letter in engine.outputs(DLQ_HR) if letter.position < before])
        assert () == engine.verify().findings


def test_a_longer_id_is_left_alone(tmp_path: Path) -> None:
    """Erasing p1 takes nothing of p10 to p19."""
    with opened(tmp_path) as engine:
        engine.ingest(hired(number, at=START) for number in (1, 10, 11))
        engine.ingest([erased("p1", LATER)])

        assert {} == engine.named_counts("p1")
        assert ["p10", "p11"] == [key for key, _ in engine.scan(StageName.PEOPLE, PEOPLE)]
        assert {"p10", "p11"} == {output.key for output in engine.outputs(NUDGES.name)}
        assert engine.named_counts("p10")[erasure.LOG] == 1


def test_erasing_twice_and_erasing_another_replace_the_snapshot(tmp_path: Path) -> None:
    """A snapshot that still held somebody who was erased later would be a leak."""
    told(tmp_path)
    with opened(tmp_path) as engine:
        engine.ingest([erased(CANARY, LATER)])
        engine.ingest([erased(CANARY, LATER + DAY)])
        engine.ingest([erased("p3", LATER + 2 * DAY)])

        assert [{}, {}] == [engine.named_counts(CANARY), engine.named_counts("p3")]
        assert engine.verify().is_identical
    assert [] == files_with(tmp_path, CANARY.encode())
    assert [] == files_with(tmp_path, b'"p3"')


def test_what_is_said_later_is_news(tmp_path: Path) -> None:
    """Somebody who is hired again after the erasure stays, in the same file as in the next; nothing of it is lost."""
    again = hired(3, at=LATER + DAY)
    with opened(tmp_path) as engine:
        engine.ingest([hired(3, at=START), erased("p3", LATER), again, hired(4, at=LATER + DAY)])

        assert [LATER + DAY + DAY] == [row.wake_at for key, row in engine.scan(StageName.PEOPLE, PEOPLE) if key == "p3"]
        assert [b"p3"] == [(output.key or "").encode() for output in engine.outputs(NUDGES.name) if output.key == "p3"]
        assert 1 == engine.named_counts("p3")[erasure.LOG]
        assert engine.verify().is_identical


def test_many_erasures_of_one_file_share_their_snapshots(tmp_path: Path) -> None:
    """A snapshot costs as much as the state is large: there is one for each PENDING_MAX people, and one at the end."""
    count = erasure.PENDING_MAX + 5
    with opened(tmp_path) as engine:
        engine.ingest(hired(number, at=START) for number in range(count))
        engine.ingest(erased(f"p{number}", LATER) for number in range(count))

        assert [] == list(engine.scan(StageName.PEOPLE, PEOPLE))
        assert [] == list(engine.outputs(NUDGES.name))
        assert engine.verify().is_identical


def test_the_next_start_finishes_what_a_crash_interrupted(tmp_path: Path) -> None:
    """guarantees.S38: an erasure that was committed is finished by whoever writes next; until then nobody is shown of it."""
    told(tmp_path)
    interrupted = opened(tmp_path, TimeMode.WALL)
    interrupted.offer(erased(CANARY, LATER), datetime(2026, 1, 1, tzinfo=UTC))
    interrupted.commit()
    interrupted.close()
    assert ["bothways.db"] == files_with(tmp_path, CANARY.encode())

    with Reader(tmp_path) as reader:
        assert reader.is_erasure_pending
        assert [] == [record for topic in reader.topics for record in reader.outputs(topic) if CANARY.encode() in (record.value or b"")]
    assert ["bothways.db"] == files_with(tmp_path, CANARY.encode())
    opened(tmp_path).close()

    assert [] == files_with(tmp_path, CANARY.encode())


def test_the_next_start_scrubs_what_was_deleted(tmp_path: Path) -> None:
    """Between the transaction and the scrubbing, a flag says that free pages may still hold what went."""
    told(tmp_path)
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    connection.execute("INSERT INTO meta (name, value, hash) VALUES (?, 1, ?)", (UNSCRUBBED, fields_hash(UNSCRUBBED, 1)))
    connection.execute("DELETE FROM log")
    connection.execute("DELETE FROM outputs")
    connection.close()
    size = (tmp_path / "bothways.db").stat().st_size

    database = Database(tmp_path)
    Erasures(database, Gone(database, b"salt")).finish()

    assert (tmp_path / "bothways.db").stat().st_size < size
    assert [] == database.read("SELECT value FROM meta WHERE name = ?", (UNSCRUBBED,))
    database.close()


def test_what_was_deleted_counts_as_unscrubbed_until_it_is(tmp_path: Path) -> None:
    """The flag is set by the transaction that deletes, so no crash after it can lose the scrubbing."""
    told(tmp_path)
    database = Database(tmp_path)
    erasure._remove(database, Mentions([CANARY]), Gone(database, b"salt"))
    after_deleting = database.read("SELECT value FROM meta WHERE name = ?", (UNSCRUBBED,))

    Erasures(database, Gone(database, b"salt")).finish()

    assert ([(1,)], []) == (after_deleting, database.read("SELECT value FROM meta WHERE name = ?", (UNSCRUBBED,)))
    database.close()


def test_wall_time_finishes_at_the_next_tick(tmp_path: Path) -> None:
    """`serve` commits an erasure at once and finishes it with its tick."""
    told(tmp_path)
    with opened(tmp_path, TimeMode.WALL) as engine:
        now = LATER + DAY
        engine.offer(erased(CANARY, LATER), now)
        engine.commit()
        engine.tick_wall(now)

        assert [] == files_with(tmp_path, CANARY.encode())


def test_an_erasure_is_pending_while_a_reader_sees_what_went(tmp_path: Path) -> None:
    """guarantees.P8: it counts as done when no file holds a byte of it; until then it is pending, and tried again with every tick."""
    told(tmp_path)
    with opened(tmp_path, TimeMode.WALL) as engine:
        now = LATER + DAY
        file = ReadFile(tmp_path)
        assert 1 == len(file.read("SELECT 1 FROM rows WHERE name = 'people' AND key = ?", (CANARY,)))
        engine.offer(erased(CANARY, LATER), now)
        engine.tick_wall(now)
        assert engine.is_erasure_pending
        with Reader(tmp_path) as reader:
            assert reader.is_erasure_pending
        assert [] != files_with(tmp_path, CANARY.encode())

        file.let_go()
        engine.tick_wall(now)

        assert not engine.is_erasure_pending
        assert [] == files_with(tmp_path, CANARY.encode())
        file.close()
    with Reader(tmp_path) as reader:
        assert not reader.is_erasure_pending


def test_a_command_waits_for_the_readers_of_what_it_erased(tmp_path: Path) -> None:
    """Without a service nobody would try again, so the command waits longer than a reader may take."""
    told(tmp_path)
    file = ReadFile(tmp_path)
    file.read("SELECT 1 FROM rows")
    file.let_go()
    with opened(tmp_path) as engine:
        file.read("SELECT 1 FROM rows")
        reader = Thread(target=file.let_go)
        reader.start()
        engine.ingest([erased(CANARY, LATER)])
        reader.join()

        assert not engine.is_erasure_pending
        assert [] == files_with(tmp_path, CANARY.encode())


def test_backup_taken_afterwards_holds_nobody_and_replays(tmp_path: Path) -> None:
    """A copy of the committed state is one of the erased state."""
    told(tmp_path / "data")
    (tmp_path / "restored").mkdir()
    with opened(tmp_path / "data") as engine:
        engine.ingest([erased(CANARY, LATER)])
        back_up(tmp_path / "data", tmp_path / "restored" / "bothways.db")

    assert [] == files_with(tmp_path / "restored", CANARY.encode())
    with opened(tmp_path / "restored") as engine:
        assert engine.verify().is_identical


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE rows SET value = CAST(replace(CAST(value AS TEXT), 'p4', 'p2') AS BLOB) WHERE name = 'people' AND key = 'p4'",
        "UPDATE snapshot_rows SET wake_at = wake_at + 1 WHERE name = 'programmes'",
        "DELETE FROM snapshot_marks WHERE key = (SELECT min(key) FROM snapshot_marks)",
        "UPDATE outputs SET value = CAST(value || ' ' AS BLOB) WHERE topic = 'mentorship.insights.v1' AND position = 1",
        "UPDATE log SET value = CAST(value || ' ' AS BLOB) WHERE position = 4",
        "DELETE FROM log WHERE position = (SELECT max(position) FROM log)",
        "DELETE FROM outputs WHERE rowid = (SELECT max(rowid) FROM outputs)",
    ],
)
def test_verify_still_finds_what_was_changed_behind_its_back(tmp_path: Path, damage: str) -> None:
    """guarantees.P9: rows, the snapshot, entries and outputs from before it by their hashes, from after it by the replay."""
    told(tmp_path)
    with opened(tmp_path) as engine:
        engine.ingest([erased(CANARY, LATER)])
        engine.ingest([hired(4, at=LATER + DAY)])
    connection = sqlite3.connect(tmp_path / "bothways.db", isolation_level=None)
    assert connection.execute(damage).rowcount > 0, damage
    connection.close()

    with opened(tmp_path) as engine:
        assert not engine.verify().is_identical


def test_size_of_a_commit_changes_nothing(tmp_path: Path) -> None:
    """What shares a transaction with an erasure is a matter of speed."""
    found = []
    for count in (1, 7, 500):
        told(tmp_path / str(count), commit_events_max=count)
        with opened(tmp_path / str(count), commit_events_max=count) as engine:
            engine.ingest([hired(5, at=LATER), erased(CANARY, LATER), hired(6, at=LATER), erased("p3", LATER), hired(3, at=LATER + DAY)])
            found.append(digests(engine._database))

    assert found[0] == found[1] == found[2]


def test_counts_say_which_tables_and_topics_name_somebody(tmp_path: Path) -> None:
    """What `erase` shows before it is told to go on; each record once."""
    told(tmp_path)
    with opened(tmp_path) as engine:
        counts = named_counts(engine._database, CANARY)

    tables = {name: count for name, count in counts.items() if "/" in name}
    assert {"people/people": 1, "people/reports": 2, "people/sequences": 1, "programmes/participants": 1} == tables
    assert (4, 2) == (counts[erasure.LOG], counts[DLQ_INGEST.name])
