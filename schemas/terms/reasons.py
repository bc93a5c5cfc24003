"""Why a coordinator commanded something: a code of this list is published in the audit, any other words are published nowhere."""

from enum import StrEnum


class CommandReason(StrEnum):
    """A reason that says nothing about anybody."""

    ASKED_FOR = "asked_for"
    AVAILABILITY = "availability"
    BALANCE = "balance"
    BUDGET = "budget"
    MISTAKE = "mistake"
    NO_LONGER_NEEDED = "no_longer_needed"
    PLANNED = "planned"
    REORGANISATION = "reorganisation"
    TRIAL = "trial"
    OTHER = "other"


_CODES = frozenset(reason.value for reason in CommandReason)


def published_reason(reason: str | None) -> CommandReason | None:
    """Return the code that a reason is; None for a remark, which may say anything about anybody."""
    return CommandReason(reason) if reason in _CODES else None
