"""Rules of daily summaries (engine/programme/coordinators/coordinator_day.py)."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.coordinators.coordinator_day import KEPT_MAX, NAMED_MAX, Summary, told, with_pairing
from schemas.terms.codes import NudgeKey
from schemas.terms.ids import PairingId, ProgrammeId

NOON: Final = datetime(2025, 1, 6, 12, tzinfo=UTC)
MIDNIGHT: Final = datetime(2025, 1, 7, tzinfo=UTC)
EMPTY: Final = Summary(programme_id=ProgrammeId("p"), key=NudgeKey.COORDINATOR_STUCK)


def of(count: int) -> tuple[PairingId, ...]:
    """Return so many pairings, the last id first."""
    return tuple(PairingId(f"p.{number:016x}") for number in reversed(range(count)))


def gathered(summary: Summary, pairing_ids: tuple[PairingId, ...], at: datetime) -> Summary:
    """Gather pairings one by one."""
    for pairing_id in pairing_ids:
        summary = with_pairing(summary, pairing_id, at)
    return summary


def test_d2_the_first_of_a_day_is_told_at_once() -> None:
    """Nobody waits for a second."""
    assert NOON == gathered(EMPTY, of(2), NOON).wake_at


def test_d2_what_comes_later_on_a_day_is_told_as_the_next_begins() -> None:
    """One nudge a day has gone already."""
    _, left = told(gathered(EMPTY, of(1), NOON), of(1), NOON)
    later = with_pairing(left, PairingId("p.x"), NOON + timedelta(hours=1))

    assert (date(2025, 1, 6), None, MIDNIGHT) == (left.told_on, left.wake_at, later.wake_at)


def test_d2_what_is_over_before_it_was_told_uses_up_no_day() -> None:
    """Nothing was said, so the next is told at once."""
    _, left = told(gathered(EMPTY, of(1), NOON), (), NOON)

    assert NOON + timedelta(hours=1) == with_pairing(left, PairingId("p.x"), NOON + timedelta(hours=1)).wake_at


def test_d3_one_nudge_names_so_many_and_the_rest_follows_the_next_day() -> None:
    """Those that came first are told first, in order of ids."""
    came = of(NAMED_MAX + 1)
    named, left = told(gathered(EMPTY, came, NOON), came, NOON)

    assert tuple(sorted(came[:NAMED_MAX])) == named
    assert (came[NAMED_MAX:], MIDNIGHT) == (left.pairing_ids, left.wake_at)


def test_d3_more_than_can_wait_are_not_kept() -> None:
    """The row stays small."""
    assert KEPT_MAX == len(gathered(EMPTY, of(KEPT_MAX + 5), NOON).pairing_ids)


@given(hours=st.lists(st.integers(0, 30), max_size=30))
def test_d1_no_day_has_two_nudges_and_nobody_is_left_out(hours: list[int]) -> None:
    """Whenever pairings come, each is told once, and no two nudges fall on one day."""
    summary, at = EMPTY, NOON
    days: list[date] = []
    heard: list[PairingId] = []
    came = of(len(hours))
    moments: list[tuple[PairingId | None, int]] = list(zip(came, hours, strict=True))
    for pairing_id, hour in [*moments, (None, 24), (None, 24)]:
        until = at + timedelta(hours=hour)
        while summary.wake_at is not None and summary.wake_at <= until:
            due_at = summary.wake_at
            named, summary = told(summary, summary.pairing_ids, due_at)
            days.append(due_at.date())
            heard += named
        at = until
        if pairing_id is not None:
            summary = with_pairing(summary, pairing_id, at)

    assert sorted(set(days)) == days
    assert sorted(came) == sorted(heard)
