"""What two people of a pairing are asked, and which of their answers counts.

Decides: when each question was put; whether an answer is one to that question, and later than what the same person said before.
Never knows: what an answer leads to (proposals/answers), how a question reaches anybody (nudges/ledger).

Invariants
    proposals.Q1  An answer counts only if it was given after its question was put and later than the same person's last answer to it. So
        the same answers give the same result in whatever order they arrive, and a file that is read again changes nothing.
    proposals.Q2  A stamp stays while its question can be answered. A question that is put anew starts without stamps: what was said
        before it was put is too old anyway.
    proposals.Q3  Whoever asks to end answers every question: such an answer is held against all that the person has said since the pair
        began.

Source: house rule (facts are ordered by when they happened, not by when they came).
"""

from datetime import datetime
from enum import StrEnum

from engine.core.stamp import Stamp, is_later, stamp_of
from schemas.envelope import Event
from schemas.frozen import Frozen
from schemas.terms.ids import PersonId


class Question(StrEnum):
    """What two people can be asked."""

    PROPOSAL = "proposal"
    """This version of the proposal."""
    GOING_ON = "going_on"
    """Whether the pair is still right; open while the pair lives."""
    RESUMPTION = "resumption"
    """After a leave, or after a conflict that is gone."""
    CONFLICT = "conflict"
    RENEWAL = "renewal"
    CONVERSION = "conversion"
    ABSENCE = "absence"
    """Whether to wait for a partner who has been away for long."""


class Asked(Frozen, kw_only=True):
    """When a question was put to both."""

    question: Question
    at: datetime


class Said(Frozen, kw_only=True):
    """When one person last answered one question.

    What the answer was stands elsewhere, where it still matters.
    """

    person_id: PersonId
    question: Question
    stamp: Stamp


def counts(event: Event, said: tuple[Said, ...], person_id: PersonId, question: Question, put_at: datetime) -> bool:
    """Say whether an answer counts (proposals.Q1).

    Args:
        event: the answer.
        said: what both have said to the questions of the pairing.
        put_at: when this question was put.
    """
    return event.time >= put_at and is_later(event, last_said(said, person_id, question))


def is_last_word(event: Event, said: tuple[Said, ...], person_id: PersonId) -> bool:
    """Say whether an event is later than all answers of a person in a pairing (proposals.Q3)."""
    return all(is_later(event, one.stamp) for one in said if one.person_id == person_id)


def last_said(said: tuple[Said, ...], person_id: PersonId, question: Question) -> Stamp | None:
    """Return the stamp of somebody's last answer to a question."""
    return next((one.stamp for one in said if (one.person_id, one.question) == (person_id, question)), None)


def with_said(said: tuple[Said, ...], event: Event, person_id: PersonId, question: Question) -> tuple[Said, ...]:
    """Keep the stamp of an answer in the place of the same person's last one."""
    others = (one for one in said if (one.person_id, one.question) != (person_id, question))
    return in_order((*others, Said(person_id=person_id, question=question, stamp=stamp_of(event))))


def in_order(said: tuple[Said, ...]) -> tuple[Said, ...]:
    """Return stamps in the one order in which a row keeps them."""
    return tuple(sorted(said, key=lambda one: (one.person_id, one.question)))
