"""Rules of what a data directory remembers of the version that wrote it (engine/runtimes/embedded/proof/fingerprints.py)."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import defstruct

from engine.core.effects import StageName
from engine.core.stage import Topology
from engine.core.table import Table
from engine.errors import OtherRules
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.proof import fingerprints
from engine.runtimes.embedded.reading.reader import Reader
from engine.runtimes.embedded.rows.facts import put_facts
from engine.settings import Settings
from schemas.frozen import Frozen, replace
from tests.recovery.toy import START, hired, toy


class Inner(Frozen, kw_only=True):
    """A value within a row."""

    level: int


class Row(Frozen, kw_only=True):
    """A row."""

    people: tuple[Inner, ...]
    wake_at: datetime | None = None


def other_row(*fields: tuple[str, Any]) -> type[Any]:
    """Return a row of the same name with these fields."""
    return defstruct("Row", fields, bases=(Frozen,))


def with_other_rows() -> tuple[Topology, Table[Any]]:
    """Return the toy with one field more in one table, and that table."""
    stage = toy().stages[StageName.PEOPLE]
    name = min(stage.tables)
    row_type: type[Any] = defstruct("Other", [("more", int)], bases=(stage.tables[name].row_type,), kw_only=True)
    other = replace(stage.tables[name], row_type=row_type)
    tables = {**stage.tables, name: other}
    return Topology(stages={**toy().stages, StageName.PEOPLE: replace(stage, tables=tables)}), other


def written(data_dir: Path) -> None:
    """Make a directory with something in it."""
    with EmbeddedEngine(data_dir, Settings(), topology=toy()) as engine:
        engine.ingest([hired(1, at=START)])


def test_the_same_fields_have_the_same_fingerprint_in_every_process() -> None:
    """A hash of names and types, of nothing that a process chooses."""
    assert "ec83d13c6640aedb" == fingerprints.fingerprint(Row)


@pytest.mark.parametrize(
    "other",
    [
        other_row(("people", tuple[Inner, ...])),
        other_row(("people", tuple[int, ...]), ("wake_at", datetime | None)),
        other_row(("wake_at", datetime | None), ("people", tuple[Inner, ...])),
        other_row(("people", tuple[defstruct("Inner", [("level", str)], bases=(Frozen,)), ...]), ("wake_at", datetime | None)),
    ],
    ids=["a field less", "another type", "another order", "another field of a part"],
)
def test_any_change_of_a_field_is_seen(other: type[Any]) -> None:
    """Rows are bytes in the order of their fields, parts and all."""
    assert fingerprints.fingerprint(Row) != fingerprints.fingerprint(other)


def test_a_directory_opens_again_under_what_wrote_it(tmp_path: Path) -> None:
    """Nothing is asked of whoever changes nothing."""
    written(tmp_path)

    with EmbeddedEngine(tmp_path, Settings(), topology=toy()) as engine:
        assert 1 == engine.log_position


def test_other_rows_refuse_the_directory_in_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    """Neither a wrong row nor a false alarm of `verify`: the directory stays as it is, for the version that wrote it."""
    written(tmp_path)
    before = (tmp_path / "bothways.db").read_bytes()

    with pytest.raises(OtherRules, match=r"written by version .* Use the version that wrote it, or ingest the events again") as refused:
        EmbeddedEngine(tmp_path, Settings(), topology=with_other_rows()[0])

    assert 1 == len(str(refused.value).splitlines())
    assert before == (tmp_path / "bothways.db").read_bytes()


def rewritten_by(version: str, data_dir: Path) -> None:
    """Let another version have written a directory last."""
    database = Database(data_dir)
    put_facts(database, [(fingerprints.WRITTEN_BY, version)])
    database.commit()
    database.close()


@pytest.mark.parametrize("newer", ["999.0.0", "0.1.0rc1", "unknown"])
def test_a_version_that_is_not_known_to_be_older_refuses_the_directory(tmp_path: Path, newer: str) -> None:
    """Going back would let other rules decide positions that are decided."""
    written(tmp_path)
    rewritten_by(newer, tmp_path)

    with pytest.raises(OtherRules, match=f"version {newer}"):
        EmbeddedEngine(tmp_path, Settings(), topology=toy())


def test_an_upgrade_replays_from_a_snapshot_so_that_each_position_is_decided_by_its_own_version(tmp_path: Path) -> None:
    """What the older version decided is taken as it is; what comes after is held to this version's rules."""
    written(tmp_path)
    rewritten_by("0.0.9", tmp_path)

    with EmbeddedEngine(tmp_path, Settings(), topology=toy()) as engine:
        at_once = engine.verify()
        engine.ingest([hired(2, at=START)])
    with EmbeddedEngine(tmp_path, Settings(), topology=toy()) as engine:
        later = engine.verify()

    assert ((), 1, 0) == (at_once.findings, at_once.from_position, at_once.entries_count)
    assert ((), 1, 1) == (later.findings, later.from_position, later.entries_count)


def test_looking_at_a_row_of_another_shape_is_refused_too(tmp_path: Path) -> None:
    """A reader knows no topology, so it holds the one table that it is asked for against what is remembered."""
    written(tmp_path)
    _, table = with_other_rows()

    with Reader(tmp_path) as reader, pytest.raises(OtherRules):
        reader.get(StageName.PEOPLE, table, "p1")
