"""Rules of the tables in the file (engine/runtimes/embedded/rows/stored_tables.py)."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.effects import StageName
from engine.core.marks import Seen
from engine.core.row_codec import RowCodec
from engine.core.table import SEEN
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.rows.stored_tables import MarkTable, first_timers
from engine.settings import Settings
from engine.simulation.load import mixed_events
from engine.topology import build
from schemas.terms.codes import ErrorCode

AT = datetime(2025, 4, 7, tzinfo=UTC)


def key(number: int) -> str:
    """A mark's key."""
    return f"{number:032x}"


def test_mark_comes_back_as_it_was(tmp_path: Path) -> None:
    """Content, refusal and timer survive the short form; a cleared mark keeps the rest."""
    database = Database(tmp_path)
    marks = MarkTable(database, StageName.PEOPLE)
    plain = Seen(content=key(7), wake_at=AT)
    refused = Seen(content=key(8), refused=ErrorCode.UNKNOWN_PROGRAMME, wake_at=AT)

    marks.write({key(2): plain, key(1): refused, key(3): plain}, frozenset({key(3)}))

    assert [(key(1), refused), (key(2), plain), (key(3), Seen(content=key(7), wake_at=None))] == list(marks.scan(""))
    assert (plain, None) == (marks.get(key(2)), marks.get(key(4)))
    assert None is MarkTable(database, StageName.PROGRAMMES).get(key(2))
    database.close()


def test_marks_that_were_looked_up_together_are_those_of_now(tmp_path: Path) -> None:
    """What was there and what was not, until marks are written; then the file is asked again."""
    database = Database(tmp_path)
    marks = MarkTable(database, StageName.PEOPLE)
    old, new = Seen(content=key(7), wake_at=AT), Seen(content=key(8), wake_at=AT)
    marks.write({key(1): old}, frozenset())

    marks.look_ahead([key(1), key(2)])

    assert (old, None) == (marks.get(key(1)), marks.get(key(2)))
    marks.write({key(1): None, key(2): new}, frozenset())
    assert (None, new) == (marks.get(key(1)), marks.get(key(2)))
    database.close()


def test_timers_come_in_order_of_instant_table_and_key(tmp_path: Path) -> None:
    """The file gives the same order as the index in memory."""
    database = Database(tmp_path)
    marks = MarkTable(database, StageName.PEOPLE)
    marks.write({key(n): Seen(content=key(0), wake_at=AT + timedelta(days=n % 2)) for n in range(6)}, frozenset())

    found = first_timers(database, StageName.PEOPLE, 4)

    assert [(AT, SEEN.name, key(0)), (AT, SEEN.name, key(2)), (AT, SEEN.name, key(4)), (AT + timedelta(days=1), SEEN.name, key(1))] == found
    database.close()


def test_rows_read_back_are_written_the_same(tmp_path: Path) -> None:
    """guarantees.P6: a row that went through the file encodes to the bytes that it came from, so a restart changes no digest."""
    topology = build()
    codecs = {name.value: RowCodec(stage) for name, stage in topology.stages.items()}
    with EmbeddedEngine(tmp_path, Settings(), clock=lambda: AT) as engine:
        engine.ingest(json.dumps(event).encode() for event in mixed_events(200, seed=1, people=30))
        engine.tick(datetime(2025, 2, 20, tzinfo=UTC))
    database = Database(tmp_path)

    stored = database.read("SELECT stage, name, value FROM rows")
    database.close()
    changed = {f"{stage}/{name}" for stage, name, value in stored if codecs[stage].encode(codecs[stage].decode(name, value)) != value}
    assert len(stored) > 100
    assert set() == changed
