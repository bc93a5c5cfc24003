"""Silence: after proposals in vain a person is asked whether they still take part.

The rule doesn't tell silence from a no.

Decides: after which proposals somebody is asked, what answers the question, what becomes of it unanswered.
Never knows: what anybody answered to a proposal. So no question, pause or proposal tells an answer from none.

Invariants
    participants.S1  Two proposals in a row that reached `expires_at`, whatever was answered, lead to one question; any other end of a
        proposal begins the count anew.
    participants.S2  While the question is open the person is not proposed. It is answered by an act of the person's own that is later than
        the question; then the count begins anew. What was said before the question plays no part, nor does what is said to a proposal, at
        any time.
    participants.S3  A question that nobody could hear was never put; the next proposal that reaches its end leads to another.
    participants.S4  PAUSE_DAYS after the person could hear of the question it becomes a pause like any other.

Source: house rule.
"""

from datetime import datetime, timedelta
from typing import Final

from schemas.frozen import Frozen, replace

EXPIRED_MAX: Final = 2
PAUSE_DAYS: Final = 30


class Silence(Frozen, kw_only=True):
    """What a programme knows of the proposals in vain of one person."""

    expired_count: int = 0
    """Proposals in a row, the last ones, that reached their end; at most EXPIRED_MAX."""
    asked_at: datetime | None = None
    """When the open question was put."""

    @property
    def is_open(self) -> bool:
        """Whether a question waits for an act of the person."""
        return self.asked_at is not None


UNBROKEN: Final = Silence()


def after_expiry(silence: Silence, at: datetime) -> Silence:
    """Count a proposal that reached its end, and ask after the second one (participants.S1)."""
    count = min(silence.expired_count + 1, EXPIRED_MAX)
    asked_at = silence.asked_at or (at if count == EXPIRED_MAX else None)
    return Silence(expired_count=count, asked_at=asked_at)


def after_other_end(silence: Silence) -> Silence:
    """Begin the count anew: a proposal ended otherwise (participants.S1)."""
    return replace(silence, expired_count=0)


def is_answered(silence: Silence, acted_at: datetime) -> bool:
    """Say whether an act answers the question (participants.S2)."""
    return silence.asked_at is not None and acted_at > silence.asked_at


def unheard(silence: Silence) -> Silence:
    """Take a question back that nobody could hear (participants.S3)."""
    return replace(silence, asked_at=None)


def pauses_at(not_before: datetime) -> datetime:
    """Return when a question becomes a pause (participants.S4).

    Args:
        not_before: from when the person could hear of it.
    """
    return not_before + timedelta(days=PAUSE_DAYS)
