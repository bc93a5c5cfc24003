"""Rules of what is published about a person at the end of a day (engine/programme/coordinators/audit_day.py)."""

from datetime import UTC, date, datetime
from random import Random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.coordinators.audit_day import AuditDay, AuditLine, public_reason, with_line
from schemas.terms.codes import SuppressionCode, SuppressionReason

DAY: Final = date(2025, 1, 6)
lines = st.builds(
    lambda key, reason: AuditLine(type="t", body=(("key", key), ("reason", reason))), st.sampled_from("abc"), st.sampled_from("xy")
)


@given(st.lists(lines, min_size=1, max_size=6), st.randoms())
def test_w1_a_day_says_nothing_of_the_order_in_which_its_lines_came(came: list[AuditLine], random: Random) -> None:
    """Whatever came first: the row is the same, and so is the instant at which it leaves."""
    rows: list[AuditDay | None] = []
    for order in (came, random.sample(came, len(came))):
        day: AuditDay | None = None
        for line in order:
            day = with_line(day, line, DAY)
        rows.append(day)

    assert rows[0] == rows[1]
    assert rows[0] is not None
    assert datetime(2025, 1, 7, tzinfo=UTC) == rows[0].wake_at


def test_w3_a_reason_that_is_about_the_person_is_withheld() -> None:
    """Opted out, away, held out, done, in conflict: one word for all."""
    private = {reason for reason in SuppressionReason if public_reason(reason) is SuppressionCode.WITHHELD}

    assert {"opted_out", "away", "held_out", "done", "conflict"} == private
    assert all(public_reason(reason).value == reason.value for reason in SuppressionReason if reason not in private)
