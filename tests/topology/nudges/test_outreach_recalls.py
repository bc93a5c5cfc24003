"""Given nudges that wait or were requested, when they are needed no more or not wanted, then they are taken back."""

from datetime import date, timedelta
from typing import Any

import pytest

from engine.programme.messages import Employment
from engine.programme.nudges.outreach import OUTCOMES, nudge_id_of
from engine.programme.nudges.outreach_rows import CONTACTS, NUDGED
from engine.programme.people.tables import PEOPLE
from schemas.events.hr import HrErased, HrLeaveStarted
from schemas.events.nudge import NudgeActed, NudgeDelivered, NudgeDismissed, NudgeFailed, NudgeOptedIn, NudgeOptedOut, NudgeSeen
from schemas.terms.codes import ErrorCode, NudgeCategory, NudgeKey
from schemas.terms.ids import NudgeId, PairingId, PersonId
from tests.topology.stories.outreach_desk import ANN, START, Desk, Somebody, a_withdrawal, an_intent


def test_done_action_withdraws_what_waits_and_cancels_what_was_requested() -> None:
    """Nothing once the action is done; the cancellation says the same whatever the cause."""
    desk = Desk()
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    desk.send(an_intent(NudgeKey.PAIRING_STARTED))

    desk.send(a_withdrawal(pairing_id=PairingId("p.0123456789abcdef"), is_conflict=True))
    desk.send(a_withdrawal(pairing_id=PairingId("p.0123456789abcdef")))

    assert ["conflict"] == desk.suppressions()
    (cancelled,) = desk.read("cancelled")
    assert (nudge_id_of(an_intent()), "pairing_started:p.0123456789abcdef", "no_longer_needed") == (
        cancelled["nudge_id"],
        cancelled["cancellation_key"],
        cancelled["reason"],
    )
    assert ["requested", "suppressed:conflict"] == [outcome.outcome for outcome in desk.outcomes]
    assert ["requested", "cancelled"] == desk.counted


def test_withdrawn_intent_never_fires() -> None:
    """A withdrawal that comes before the timer wins, and takes the timer with it."""
    desk = Desk()
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    desk.send(a_withdrawal())

    desk.advance(timedelta(days=30))

    assert desk.get(CONTACTS, ANN).wake_at is None
    assert [] == desk.read("requested")


@pytest.mark.parametrize(
    ("data_type", "outcome", "is_closed"),
    [
        (NudgeDelivered, "delivered", False),
        (NudgeActed, "acted", True),
        (NudgeDismissed, "dismissed", True),
        (NudgeSeen, "seen", False),
        (NudgeFailed, "failed", False),
    ],
)
def test_feedback_is_counted_and_closes_the_nudge(data_type: Any, outcome: str, is_closed: bool) -> None:
    """What a channel did, or that somebody looked, settles nothing; what was acted on or dismissed is over. No rule of a programme asks."""
    desk = Desk()
    desk.send(an_intent())

    desk.send(data_type(person_id=ANN, nudge_id=nudge_id_of(an_intent())))
    desk.send(a_withdrawal())

    assert ["requested", outcome] == desk.counted[:2]
    assert ["requested"] == [told.outcome for told in desk.outcomes]
    assert is_closed == (desk.read("cancelled") == [])


def test_what_channels_did_may_come_again_and_both_ways() -> None:
    """One channel fails, another delivers, and the nudge can still be called back."""
    desk = Desk()
    desk.send(an_intent())

    for data_type in (NudgeFailed, NudgeDelivered, NudgeFailed, NudgeSeen, NudgeDelivered):
        desk.send(data_type(person_id=ANN, nudge_id=nudge_id_of(an_intent()), channel="mail", attempt=2, reason="no_answer"))
    desk.send(a_withdrawal())

    assert [nudge_id_of(an_intent())] == [body["nudge_id"] for body in desk.read("cancelled")]


@pytest.mark.parametrize("data_type", sorted(OUTCOMES, key=lambda of: of.TYPE))
def test_feedback_about_an_unknown_nudge_is_refused(data_type: Any) -> None:
    """Nobody was asked this, or somebody else was."""
    desk = Desk()
    desk.send(an_intent())

    for person_id, nudge_id in ((ANN, NudgeId("nobody-knows")), (PersonId("bob"), nudge_id_of(an_intent()))):
        letter = desk.refused(data_type(person_id=person_id, nudge_id=nudge_id), key=person_id)
        assert ErrorCode.UNKNOWN_NUDGE == letter.code


def test_feedback_about_a_nudge_long_settled_is_taken() -> None:
    """The mark of a request stays for ever."""
    desk = Desk()
    desk.send(an_intent())
    desk.advance(timedelta(days=400))

    desk.send(NudgeActed(person_id=ANN, nudge_id=nudge_id_of(an_intent())))

    assert ["requested"] == desk.counted


def test_opting_out_silences_a_category_and_opting_in_opens_it() -> None:
    """What was requested for later is cancelled, what waits is suppressed when its turn comes, and the programme hears of it."""
    desk = Desk(at=START.replace(hour=22))
    desk.send(an_intent(NudgeKey.SESSION_TOMORROW, at=desk.at))
    desk.send(an_intent(NudgeKey.LOG_SESSION, at=desk.at))

    desk.send(NudgeOptedOut(person_id=ANN, category=NudgeCategory.SESSIONS))
    desk.advance(timedelta(days=1))
    desk.send(NudgeOptedIn(person_id=ANN, category=NudgeCategory.SESSIONS))
    desk.send(an_intent(NudgeKey.SESSION_TOMORROW, at=desk.at, occasion="2"))

    assert ["session_tomorrow"] == [body["cancellation_key"].split(":")[0] for body in desk.read("cancelled")]
    assert ["opted_out"] == desk.suppressions()
    assert ["requested", "opted_out", "opted_out", "suppressed:opted_out", "requested"] == [told.outcome for told in desk.outcomes]
    assert ["requested", "cancelled", "requested"] == desk.counted


def test_going_on_leave_recalls_what_was_not_heard_yet() -> None:
    """Nothing to a person on leave: what was requested for tomorrow morning is cancelled."""
    desk = Desk(at=START.replace(hour=21))
    desk.send(an_intent(at=desk.at))
    desk.tables[PEOPLE.name][ANN] = Somebody(employment=Employment.ON_LEAVE)

    desk.send(HrLeaveStarted(person_id=ANN, effective_on=date(2025, 1, 8)))

    assert [nudge_id_of(an_intent())] == [body["nudge_id"] for body in desk.read("cancelled")]


def test_erasure_drops_the_ledger_and_every_mark() -> None:
    """Nothing of the person stays, and what comes later brings nothing back."""
    desk = Desk()
    desk.send(an_intent())
    desk.send(an_intent(NudgeKey.LOG_SESSION))
    del desk.tables[PEOPLE.name][ANN]

    desk.send(HrErased(person_id=ANN))
    desk.send(an_intent(NudgeKey.OPEN_DEBATE))
    desk.send(a_withdrawal())
    desk.advance(timedelta(days=30))

    assert ({}, {}) == (desk.tables[CONTACTS.name], desk.tables[NUDGED.name])
