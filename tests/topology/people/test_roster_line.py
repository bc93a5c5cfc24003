"""Rules of the reporting line across keys (engine/programme/people/roster_line.py)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from engine.matching.line import LINE_LENGTH_MAX
from engine.programme.messages import LineChanged
from schemas.terms.ids import PersonId
from tests.builders import PROGRAMME, StructuredEvent, departed, enrolled, hired, role_changed
from tests.topology.stories.people_stage import PeopleDriver

START_AT: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
PEOPLE: Final = ("ann", "bob", "cat", "dan", "eve", "fay", "gil", "hal")


def minute(n: int) -> datetime:
    """Return an instant."""
    return START_AT + timedelta(minutes=n)


def moves(pairs: Sequence[tuple[str, str | None]], first: int = 1) -> list[StructuredEvent]:
    """Give people managers, one a minute."""
    return [role_changed(person_id, minute(first + n), manager_id=manager_id) for n, (person_id, manager_id) in enumerate(pairs)]


def line(driver: PeopleDriver, person_id: str) -> tuple[str, ...]:
    """Return a person's line."""
    return tuple(driver.seen(person_id)["line"])


def test_a_line_goes_up_to_the_top_whichever_end_is_hired_first(driver: PeopleDriver) -> None:
    """A change runs down the tree, so the order of hires has no say."""
    driver.pipe(hired("ann", minute(0), manager_id="bob"), hired("cat", minute(1)), hired("bob", minute(2), manager_id="cat"))

    assert (("bob", "cat"), ("cat",), ()) == (line(driver, "ann"), line(driver, "bob"), line(driver, "cat"))


def test_a_manager_whom_nobody_hired_still_has_reports_and_an_empty_line(driver: PeopleDriver) -> None:
    """Being named as a manager is no fact about the manager, so no row is made."""
    driver.pipe(hired("ann", minute(0), manager_id="ghost"))

    assert (("ghost",), ["ann"], None) == (line(driver, "ann"), driver.reports("ghost"), driver.person("ghost"))


def test_a_move_takes_everybody_below_along(driver: PeopleDriver) -> None:
    """The old manager's row of the report goes, the new one's comes, and lines below follow."""
    driver.pipe(*moves([("cat", "bob"), ("dan", "cat"), ("cat", "ann")]))

    assert (("ann",), ("cat", "ann")) == (line(driver, "cat"), line(driver, "dan"))
    assert ([], ["cat"]) == (driver.reports("bob"), driver.reports("ann"))


def test_programmes_hear_one_change_with_manager_and_line_of_one_moment(driver: PeopleDriver) -> None:
    """A half-built line would end a conflict and begin it again, so programmes wait until the new manager has answered."""
    driver.pipe(*moves([("bob", "top"), ("cat", "top"), ("dan", "bob")]), enrolled("dan", minute(9)))
    driver.pipe(role_changed("dan", minute(10), manager_id="cat", department="Sales"))

    told = [
        (message.facts.manager_id, message.facts.line, message.facts.department, message.since_at) for message in driver.facts(PROGRAMME)
    ]
    assert [("cat", ("cat", "top"), "Sales", minute(10))] == told


def test_programmes_hear_of_a_change_further_up_with_its_instant(driver: PeopleDriver) -> None:
    """A pending change above somebody counts from the start of its day, however far up it is."""
    driver.pipe(*moves([("bob", "cat"), ("ann", "bob")]), enrolled("ann", minute(9)))
    driver.pipe(role_changed("cat", minute(10), effective_on="2025-02-01", manager_id="top"))
    driver.advance(datetime(2025, 2, 2, tzinfo=UTC))

    told = [(message.facts.line, message.since_at) for message in driver.facts(PROGRAMME)]
    assert [(("bob", "cat", "top"), datetime(2025, 2, 1, tzinfo=UTC))] == told


def test_a_change_of_manager_found_late_counts_from_its_day(driver: PeopleDriver) -> None:
    """The instant is kept until the new manager has answered."""
    driver.pipe(*moves([("ann", "bob")]), enrolled("ann", minute(9)))
    driver.pipe(role_changed("ann", minute(10), effective_on="2025-02-01", manager_id="cat"))
    driver.tick_late(datetime(2025, 2, 3, tzinfo=UTC))

    assert [(("cat",), datetime(2025, 2, 1, tzinfo=UTC))] == [(message.facts.line, message.since_at) for message in driver.facts(PROGRAMME)]


def test_only_the_current_manager_is_listened_to(driver: PeopleDriver) -> None:
    """An answer that another change has overtaken says nothing any more."""
    driver.pipe(*moves([("ann", "bob"), ("ann", "cat")]))
    overtaken = LineChanged(person_id=PersonId("ann"), sender_id=PersonId("bob"), above=(PersonId("top"),), since_at=minute(9))
    driver.deliver("ann", overtaken, minute(9))

    assert ("cat",) == line(driver, "ann")


def test_whoever_leaves_keeps_its_place_in_the_line(driver: PeopleDriver) -> None:
    """Until HR names another manager, whoever stood over a departed manager stands over its reports, and a change above reaches them."""
    driver.pipe(hired("bob", minute(0), manager_id="top"), hired("ann", minute(1), manager_id="bob"), departed("bob", minute(2)))
    driver.advance(datetime(2025, 1, 8, tzinfo=UTC))
    after_departure = line(driver, "ann")
    driver.pipe(role_changed("top", "2025-01-08T09:00:00Z", manager_id="ceo"))
    with_a_new_top = line(driver, "ann")
    driver.pipe(role_changed("ann", "2025-01-08T10:00:00Z", manager_id="cat"))

    assert (("bob", "top"), ("bob", "top", "ceo"), ("cat",)) == (after_departure, with_a_new_top, line(driver, "ann"))
    assert ["bob"] == driver.reports("top")


def test_two_people_who_manage_each_other_are_flagged_and_counted_once_each(driver: PeopleDriver) -> None:
    """A cycle is a finding about the data, never a loop."""
    driver.pipe(*moves([("ann", "bob"), ("bob", "ann")]))

    assert (("bob",), ("ann",)) == (line(driver, "ann"), line(driver, "bob"))
    assert [True, True] == [driver.seen(person_id)["is_line_cyclic"] for person_id in ("ann", "bob")]
    assert 2 == sum(note.metric == "bothways_line_cycles_total" for note in driver.store.notes)


def test_a_cycle_that_is_undone_leaves_no_trace(driver: PeopleDriver) -> None:
    """The flag follows the facts."""
    driver.pipe(*moves([("ann", "bob"), ("bob", "ann"), ("bob", "cat")]))

    assert (("bob", "cat"), ("cat",)) == (line(driver, "ann"), line(driver, "bob"))
    assert [False, False] == [driver.seen(person_id)["is_line_cyclic"] for person_id in ("ann", "bob")]


def test_somebody_who_manages_itself_has_an_empty_line(driver: PeopleDriver) -> None:
    """The shortest cycle there is."""
    driver.pipe(*moves([("ann", "ann")]))

    assert ((), True) == (line(driver, "ann"), driver.seen("ann")["is_line_cyclic"])


def test_a_long_chain_keeps_the_nearest(driver: PeopleDriver) -> None:
    """matching.L3: a line has a limit, and the whole chain still settles."""
    driver.pipe(*moves([(f"p{n}", f"p{n + 1}") for n in range(80)]))

    assert tuple(f"p{n}" for n in range(1, LINE_LENGTH_MAX + 1)) == line(driver, "p0")


def recomputed(manager_of: dict[str, str | None], person_id: str) -> tuple[str, ...]:
    """Walk up until the top or the first repeat: what the exchange of messages has to arrive at."""
    above: list[str] = []
    manager_id = manager_of.get(person_id)
    while manager_id is not None and manager_id != person_id and manager_id not in above:
        above.append(manager_id)
        manager_id = manager_of.get(manager_id)
    return tuple(above)


feeds = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from([*PEOPLE, None])), max_size=20)


@given(feed=feeds)
def test_any_feed_of_managers_settles_at_the_recomputed_lines(feed: list[tuple[str, str | None]]) -> None:
    """Cycles, corrections and self-management included: everybody's line is the walk up, cut before its first repeat."""
    driver = PeopleDriver()
    driver.pipe(*moves(feed))
    manager_of = dict(feed)

    for person_id in manager_of:
        assert recomputed(manager_of, person_id) == line(driver, person_id)
    for manager_id in PEOPLE:
        assert sorted(person_id for person_id, above_id in manager_of.items() if above_id == manager_id) == driver.reports(manager_id)


@given(feed=feeds)
def test_programmes_end_with_the_line_that_is_in_the_row(feed: list[tuple[str, str | None]]) -> None:
    """Whatever detours the exchange takes, the last that a programme hears is true."""
    driver = PeopleDriver()
    driver.pipe(role_changed("ann", minute(0), department="Sales"), enrolled("ann", minute(0)), *moves(feed))
    person = driver.person("ann")
    assert person is not None

    heard = driver.heard(PROGRAMME)[-1].message.facts
    assert person.facts() == heard
