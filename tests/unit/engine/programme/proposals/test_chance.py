"""Rules of a chance to answer (engine/programme/proposals/chance.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.programme.pairs.pairing import armed
from engine.programme.proposals.chance import had_a_chance, reminders, told
from schemas.frozen import replace
from schemas.terms.codes import PairingState
from schemas.terms.ids import PersonId
from tests.unit.engine.programme.pairs.pair_rows import pair_row

AT = datetime(2025, 1, 4, 6, tzinfo=UTC)
ANN, BOB = PersonId("ann"), PersonId("bob")
PROPOSED = pair_row((ANN, BOB), AT, state=PairingState.PROPOSED, accepted_by=())
"""Open for seven days."""


@pytest.mark.parametrize(
    ("hours_ann", "hours_bob", "expected"),
    [(2, 2, True), (144, 144, True), (2, 145, False), (145, 2, False), (2, None, False), (None, None, False)],
)
def test_both_had_a_chance_when_each_could_hear_a_day_before_the_end(
    hours_ann: int | None, hours_bob: int | None, *, expected: bool
) -> None:
    """proposals.C1: 24 hours before `expires_at` is early enough, a later request or none is not."""
    pairing = PROPOSED
    for person_id, hours in ((ANN, hours_ann), (BOB, hours_bob)):
        if hours is not None:
            pairing = told(pairing, person_id, AT + timedelta(hours=hours))

    assert expected is had_a_chance(pairing)


@pytest.mark.parametrize(("hours", "days"), [((2, 3), 3), ((2, 50), 5), ((50, 2), 5)])
def test_reminder_comes_three_days_after_the_slower_side_could_hear(hours: tuple[int, int], days: int) -> None:
    """proposals.C2: a night before the first waking instant moves nothing, a weekend does; both are reminded at one time."""
    pairing = armed(PROPOSED, *reminders(PROPOSED))

    for person_id, each in zip((ANN, BOB), hours, strict=True):
        pairing = told(pairing, person_id, AT + timedelta(hours=each))

    assert [AT + timedelta(days=days)] == [timer.due_at for timer in pairing.timers]


def test_nobody_is_reminded_of_what_is_over_by_then() -> None:
    """proposals.C2: a short proposal, or one that was heard of late, has no reminder."""
    short = replace(PROPOSED, proposal=replace(PROPOSED.proposal, expires_at=AT + timedelta(days=3)))
    late = told(armed(PROPOSED, *reminders(PROPOSED)), ANN, AT + timedelta(days=4))

    assert () == reminders(short)
    assert () == late.timers
