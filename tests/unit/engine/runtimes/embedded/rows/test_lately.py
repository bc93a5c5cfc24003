"""Rules of what is remembered of rows (engine/runtimes/embedded/rows/lately.py)."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.core.effects import StageName
from engine.programme.people.person import Person
from engine.programme.people.tables import PEOPLE
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.rows.lately import NOT_KEPT, Lately
from engine.runtimes.embedded.rows.stage_rows import StageRows
from engine.topology import build
from schemas.frozen import replace
from schemas.terms.ids import PersonId

WRITES = st.lists(st.tuples(st.sampled_from("abcde"), st.none() | st.integers()), max_size=40)


@given(writes=WRITES)
def test_what_is_remembered_is_what_was_written_last(writes: list[tuple[str, int | None]]) -> None:
    """Forgetting is allowed, an older row never comes back, and two generations bound what is kept."""
    lately, truth = Lately(rows_max=2), dict[str, int | None]()
    for key, row in writes:
        lately.remember(("t", key), row)
        truth[key] = row
        assert truth[key] == lately.recall(("t", key))
    remembered = {key: row for key in truth if (row := lately.recall(("t", key))) is not NOT_KEPT}
    assert all(truth[key] == row for key, row in remembered.items())


def test_scan_and_get_agree_with_the_file(tmp_path: Path) -> None:
    """Whatever is remembered, a scan and a single read give the rows as they were written last."""
    database = Database(tmp_path)
    topology = build()
    rows = StageRows(database, topology.stages[StageName.PEOPLE])
    people = [Person(person_id=PersonId(f"p-{number}")) for number in range(5)]
    for person in people:
        rows.put("people", person.person_id, person)
    rows.write()
    list(rows.scan(PEOPLE, ""))
    changed = replace(people[1], wake_at=datetime(2025, 1, 1, tzinfo=UTC))
    rows.put("people", "p-1", changed)
    rows.put("people", "p-2", None)
    rows.write()
    expected = [(person.person_id, person) for person in (people[0], changed, *people[3:])]

    assert expected == list(rows.scan(PEOPLE, "p-"))
    assert (changed, None) == (rows.get(PEOPLE, "p-1"), rows.get(PEOPLE, "p-2"))
    assert expected == list(StageRows(database, topology.stages[StageName.PEOPLE]).scan(PEOPLE, "p-"))
    database.close()
