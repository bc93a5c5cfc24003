"""Outcomes of nudges, told to the programme behind each: its insights count them, and some of its rules wait for one."""

from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Send, StageName
from engine.programme.messages import NudgeIntended, NudgeOutcome
from engine.programme.nudges.choices import is_optional
from engine.programme.nudges.ledger import Contact, Requested
from schemas.terms.codes import NudgeCategory, NudgeKey
from schemas.terms.ids import PersonId

KEPT_OPEN: Final = frozenset({NudgeKey.PROPOSAL_READY, NudgeKey.ANSWER_PROPOSAL})
"""Closed by the decision alone: what is taken back then is the same for both, so nobody sees which of the two has answered."""


def reported(
    person_id: PersonId, nudge: NudgeIntended | Requested, outcome: str, at: datetime, *, not_before: datetime | None = None
) -> Effects:
    """Tell the programme what became of one nudge.

    Args:
        not_before: from when the person can hear of a request, or could hear of one of a history that is taken in later.
    """
    message = NudgeOutcome(
        programme_id=nudge.programme_id,
        person_id=person_id,
        key=nudge.key,
        outcome=outcome,
        at=at,
        pairing_id=nudge.pairing_id,
        occasion=nudge.occasion,
        not_before=not_before,
    )
    yield Send(StageName.PROGRAMMES, nudge.programme_id, message)


def left_reported(person_id: PersonId, contact: Contact, category: NudgeCategory, at: datetime) -> Effects:
    """Tell each programme once for each key that somebody with such a nudge in the ledger has opted out of the category."""
    about = {(nudge.programme_id, nudge.key) for nudge in contact.requested} | {
        (waiting.intent.programme_id, waiting.intent.key) for waiting in contact.waiting
    }
    for programme_id, key in sorted(about):
        if is_optional(key, category):
            message = NudgeOutcome(programme_id=programme_id, person_id=person_id, key=key, outcome="opted_out", at=at)
            yield Send(StageName.PROGRAMMES, programme_id, message)
