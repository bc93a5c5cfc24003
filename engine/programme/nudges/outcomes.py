"""Outcomes of nudges: metrics count each, and programmes hear of those their rules need.

A programme hears that something was requested or held back: its insights count that, and some of its rules wait for it. What a channel or a
person did about a request changes nothing there, and goes no further. A coordinator's nudges are in no figure, so nobody waits for those.
"""

from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Note, Send, StageName
from engine.programme.messages import NudgeIntended, NudgeOutcome
from engine.programme.nudges.choices import is_optional
from engine.programme.nudges.ledger import Contact, Requested
from schemas.terms.codes import NudgeCategory, NudgeKey
from schemas.terms.ids import COORDINATOR_PREFIX, PersonId

REQUESTED: Final = "requested"
SUPPRESSED: Final = "suppressed:"
"""What the outcome of something held back begins with; the reason follows."""
KEPT_OPEN: Final = frozenset({NudgeKey.PROPOSAL_READY, NudgeKey.ANSWER_PROPOSAL})
"""Keys that only the decision closes, for both alike.

So nobody sees which of the two has answered.
"""


def reported(
    person_id: PersonId, nudge: NudgeIntended | Requested, outcome: str, at: datetime, *, not_before: datetime | None = None
) -> Effects:
    """Count what became of one nudge, and tell the programme if it goes by that.

    Of what was held back the metrics hear as the day ends (observation): at the instant itself they would say whose act it follows.

    Args:
        not_before: from when the person can hear of a request, or could hear of one of a history that is taken in later.
    """
    is_held_back = outcome.startswith(SUPPRESSED)
    if not is_held_back:
        yield Note("bothways_nudges_total", labels={"key": nudge.key.value, "outcome": outcome})
    if person_id.startswith(COORDINATOR_PREFIX) or not (is_held_back or outcome == REQUESTED):
        return
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
    """Tell each programme, once for each key, that somebody opted out of the category.

    It has such a nudge in the ledger.
    """
    about = {(nudge.programme_id, nudge.key) for nudge in contact.requested} | {
        (waiting.intent.programme_id, waiting.intent.key) for waiting in contact.waiting
    }
    for programme_id, key in sorted(about):
        if is_optional(key, category):
            message = NudgeOutcome(programme_id=programme_id, person_id=person_id, key=key, outcome="opted_out", at=at)
            yield Send(StageName.PROGRAMMES, programme_id, message)
