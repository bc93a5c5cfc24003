"""Ledgers of nudges and what is decided on them, for the tests of rationing and of what is taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.core.identity import drawn_percent
from engine.core.stamp import Stamp
from engine.programme.messages import NudgeIntended
from engine.programme.nudges.ledger import (
    Contact,
    Decision,
    Standing,
    admit,
    choose,
    decide,
)
from schemas.terms.codes import NudgeKey, SuppressionReason
from schemas.terms.ids import NudgeId, PairingId, PersonId, ProgrammeId
from tests.outreach_terms import TERMS

WEDNESDAY_10 = datetime(2025, 1, 8, 10, tzinfo=UTC)
HERE = Standing()
SAID = Stamp(WEDNESDAY_10, 0, "said")


def an_intent(
    key: NudgeKey = NudgeKey.PAIRING_STARTED, *, days: float = 14, since: datetime = WEDNESDAY_10, **changes: Any
) -> NudgeIntended:
    """Return an intent that is valid for some days from Wednesday at ten."""
    fields: dict[str, Any] = {
        "person_id": PersonId("ann"),
        "programme_id": ProgrammeId("p"),
        "pairing_id": PairingId("p.00"),
        "key": key,
        "occasion": "1",
        "params": {},
        "expires_at": since + timedelta(days=days),
        "terms": TERMS,
    }
    return NudgeIntended(**(fields | changes))


def decided(intent: NudgeIntended, contact: Contact | None = None, person: Standing = HERE, at: datetime = WEDNESDAY_10) -> Decision:
    """Decide a transactional intent."""
    return decide(contact or Contact(), NudgeId("n"), intent, person, at=at, emit_from=None, lots=nobody)


def waiting_for(*intents: NudgeIntended, at: datetime = WEDNESDAY_10) -> Contact:
    """Return a ledger in which the intents wait, each a second after the one before, with ids 1, 2, 3."""
    contact = Contact()
    for number, intent in enumerate(intents, 1):
        contact = admit(contact, NudgeId(str(number)), intent, HERE, at=at + timedelta(seconds=number - 1)).contact
    return contact


def nobody(_subject: str) -> int:
    """Draw the lot that holds nobody out, unless everybody is."""
    return 99


def salted(subject: str) -> int:
    """Draw as an installation does."""
    return drawn_percent(subject, b"test")


def reasons(decision: Decision) -> list[SuppressionReason]:
    """Return why intents were suppressed."""
    return [suppressed.reason for suppressed in decision.suppressed]


def chosen(contact: Contact, *, at: datetime = WEDNESDAY_10 + timedelta(minutes=5), person: Standing = HERE) -> Decision:
    """Choose among what waits."""
    return choose(contact, person, at=at, emit_from=None, lots=nobody)
