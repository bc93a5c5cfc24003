"""Rules of what is taken back from a ledger of nudges (engine/programme/nudges/withdrawal.py)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.programme.messages import NudgesWithdrawn
from engine.programme.nudges.ledger import (
    decide,
)
from engine.programme.nudges.withdrawal import recall, withdraw
from schemas.terms.codes import NudgeCategory, NudgeKey, SuppressionReason
from schemas.terms.ids import NudgeId, PairingId, PersonId, ProgrammeId
from tests.nudge_ledgers import HERE, an_intent, chosen, decided, nobody, reasons, waiting_for


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"pairing_id": PairingId("p.00")}, 1),
        ({"pairing_id": PairingId("p.01")}, 0),
        ({}, 1),
        ({"keys": (NudgeKey.LOG_SESSION,)}, 1),
        ({"keys": (NudgeKey.OPEN_DEBATE,)}, 0),
        ({"keys": (NudgeKey.LOG_SESSION,), "occasion": "1"}, 1),
        ({"occasion": "2"}, 0),
        ({"programme_id": ProgrammeId("q")}, 0),
    ],
)
def test_withdrawal_takes_back_what_it_names(message: dict[str, Any], expected: int) -> None:
    """Programme, pairing, keys and occasion must agree; what isn't given means all."""
    withdrawal = NudgesWithdrawn(**({"person_id": PersonId("ann"), "programme_id": ProgrammeId("p")} | message))
    waits = waiting_for(an_intent(NudgeKey.LOG_SESSION))
    requested = chosen(waits).contact

    assert [SuppressionReason.DONE] * expected == reasons(withdraw(waits, withdrawal))
    assert expected == len(withdraw(requested, withdrawal).cancelled)


def test_withdrawal_of_a_suspended_pair_says_conflict_in_the_audit_only() -> None:
    """The waiting intent goes with its own reason; nothing else tells."""
    withdrawal = NudgesWithdrawn(person_id=PersonId("ann"), programme_id=ProgrammeId("p"), pairing_id=PairingId("p.00"), is_conflict=True)

    assert [SuppressionReason.CONFLICT] == reasons(withdraw(waiting_for(an_intent(NudgeKey.LOG_SESSION)), withdrawal))


def test_cancellation_gives_nothing_back() -> None:
    """nudges.O1, nudges.O2: the weekly slot and the day's room stay taken."""
    requested = chosen(waiting_for(an_intent(NudgeKey.LOG_SESSION))).contact
    withdrawal = NudgesWithdrawn(person_id=PersonId("ann"), programme_id=ProgrammeId("p"))

    after = withdraw(requested, withdrawal).contact

    assert (requested.behavioural_at, requested.day_counts) == (after.behavioural_at, after.day_counts)


def test_recall_takes_only_what_nobody_can_have_heard() -> None:
    """What was for an earlier instant has been said."""
    night = datetime(2025, 1, 8, 22, tzinfo=UTC)
    said = decided(an_intent()).contact
    contact = decide(said, NudgeId("m"), an_intent(NudgeKey.SESSION_TOMORROW), HERE, at=night, emit_from=None, lots=nobody).contact

    assert ["m"] == [request.nudge_id for request in recall(contact, at=night).cancelled]
    assert ["m"] == [request.nudge_id for request in recall(contact, at=night, category=NudgeCategory.SESSIONS).cancelled]
    assert () == recall(contact, at=night, category=NudgeCategory.PAIRING).cancelled
