"""Rules of the rows of one stage (engine/runtimes/embedded/rows/stage_rows.py, heads.py)."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.core.table import Table
from engine.programme.people.person import Person, Report
from engine.programme.people.tables import PEOPLE, REPORTS
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.rows import heads, stage_rows
from engine.runtimes.embedded.rows.heads import Heads
from engine.runtimes.embedded.rows.stage_rows import StageRows
from engine.topology import build
from schemas.terms.ids import PersonId

KEYS = st.tuples(st.sampled_from(["a", "ab", "b"]), st.sampled_from("xyz")).map("/".join)
CHANGES = st.lists(st.tuples(KEYS, st.booleans()) | st.just("write") | st.just("open anew"), max_size=30)
PREFIXES = ("", "a", "a/", "ab/", "b/", "b/x", "c/")


@pytest.mark.parametrize("table", [PEOPLE, REPORTS], ids=["a table", "a sparse table"])
@given(changes=CHANGES)
def test_a_scan_gives_what_was_put_last(table: Table[Person] | Table[Report], changes: list[tuple[str, bool] | str]) -> None:
    """Written or not yet, with more unwritten rows than are merged or fewer, in a directory that is open or opened again."""
    truth: dict[str, Person | Report] = {}
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage_rows, "UNWRITTEN_SCAN_ROWS_MAX", 2)
        database = Database(Path(directory))
        rows = StageRows(database, build().stages[StageName.PEOPLE])
        for change in changes:
            if isinstance(change, str):
                rows.write()
                rows = rows if change == "write" else StageRows(database, build().stages[StageName.PEOPLE])
                continue
            key, is_there = change
            row = Person(person_id=PersonId(key)) if table is PEOPLE else Report(report_id=PersonId(key))
            rows.put(table.name, key, row if is_there else None)
            truth = {**truth, key: row} if is_there else {known: kept for known, kept in truth.items() if known != key}

            found = {prefix: list(rows.scan(table, prefix)) for prefix in PREFIXES}
            assert found == {prefix: sorted((at, of) for at, of in truth.items() if at.startswith(prefix)) for prefix in PREFIXES}
        database.close()


@given(before=st.sets(KEYS), after=st.sets(KEYS), asked=KEYS)
def test_what_may_be_there_is_never_denied(before: set[str], after: set[str], asked: str) -> None:
    """Whether it was in the file already or was written since; what was never there may be denied, and mostly is."""
    known = Heads(lambda: before)
    known.may_have("a/")
    for key in after:
        known.add(key)
    head = asked.partition("/")[0]

    assert known.may_have(asked) == any(key.startswith(f"{head}/") for key in before | after)
    assert known.may_have(head)


def test_memory_of_heads_is_fixed() -> None:
    """However many there are."""
    assert heads.SLOTS <= 1 << 20
