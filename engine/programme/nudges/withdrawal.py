"""Nudges that are taken back, for good or until it is known whether a pair goes on.

Decides: which ones a withdrawal names; what is set aside, and what becomes of it.
Never knows: why something is taken back.

Source: house rule (a conflict that is soon gone leaves no trace).
"""

from datetime import datetime

from engine.programme.messages import NudgeIntended, NudgesReturned, NudgesWithdrawn
from engine.programme.nudges.choices import is_optional
from engine.programme.nudges.ledger import WAITING_MAX, Contact, Decision, Requested, SetAside, Waiting, suppressed_by, without
from schemas.frozen import replace
from schemas.terms.codes import NudgeCategory, SuppressionReason


def withdraw(contact: Contact, message: NudgesWithdrawn) -> Decision:
    """Take back what a withdrawal names.

    What waits is suppressed. What was requested is cancelled, unless a correction is behind it.

    Of a pair that may soon be what it was, nothing is suppressed yet, and what is cancelled is remembered. What stays requested is never
    asked for again.
    """
    named = tuple(waiting for waiting in contact.waiting if _names(message, waiting.intent))
    cancelled = tuple(request for request in contact.requested if _names(message, request) and not message.is_correction)
    settled = tuple(aside for aside in contact.aside if _names(message, aside.intent))
    changed = replace(contact, waiting=tuple(waiting for waiting in contact.waiting if waiting not in named))
    if message.is_settling:
        told = tuple(SetAside(nudge_id=one.nudge_id, intent=one.intent, arrived_at=one.arrived_at) for one in named)
        asked = tuple(SetAside(nudge_id=one.nudge_id, intent=one.intent, arrived_at=None) for one in cancelled if one.intent is not None)
        changed = replace(changed, aside=(*contact.aside, *told, *asked))
        return Decision(contact=without(changed, cancelled), cancelled=cancelled)
    kept = tuple(replace(one, intent=None) if one.intent is not None and _names(message, one) else one for one in contact.requested)
    changed = replace(changed, aside=tuple(aside for aside in contact.aside if aside not in settled), requested=kept)
    reason = SuppressionReason.CONFLICT if message.is_conflict else SuppressionReason.DONE
    never = tuple(aside for aside in settled if aside.arrived_at is not None)
    return Decision(contact=without(changed, cancelled), suppressed=suppressed_by((*named, *never), reason), cancelled=cancelled)


def returned(contact: Contact, message: NudgesReturned, *, at: datetime) -> tuple[Decision, tuple[NudgeIntended, ...]]:
    """Take up again what was set aside of a pair that is what it was.

    Returns: the ledger in which what had waited waits on; and what had been requested and still holds, each as a new occasion.
    """
    found = tuple(aside for aside in contact.aside if aside.intent.pairing_id == message.pairing_id)
    waited = [aside for aside in found if aside.arrived_at is not None]
    again = tuple(
        replace(aside.intent, occasion=f"{aside.intent.occasion}/{message.occasion}")
        for aside in found
        if aside.arrived_at is None and aside.intent.expires_at > at
    )
    back = (
        Waiting(nudge_id=aside.nudge_id, intent=aside.intent, arrived_at=aside.arrived_at or at)
        for aside in waited
        if all(waiting.nudge_id != aside.nudge_id for waiting in contact.waiting)
    )
    waiting = sorted((*contact.waiting, *back), key=lambda one: one.rank)
    changed = replace(contact, waiting=tuple(waiting[:WAITING_MAX]), aside=tuple(aside for aside in contact.aside if aside not in found))
    return Decision(contact=changed, suppressed=suppressed_by(waiting[WAITING_MAX:], SuppressionReason.SUPERSEDED)), again


def recall(contact: Contact, *, at: datetime, category: NudgeCategory | None = None) -> Decision:
    """Cancel requests that nobody can have heard yet: of one category, or all of them."""
    cancelled = tuple(
        request for request in contact.requested if request.not_before > at and (category is None or is_optional(request.key, category))
    )
    return Decision(contact=without(contact, cancelled), cancelled=cancelled)


def _names(message: NudgesWithdrawn, nudge: NudgeIntended | Requested) -> bool:
    """Say whether a withdrawal means this nudge.

    Without a pairing it means the programme; without keys, all; without an occasion, all.
    """
    return (
        nudge.programme_id == message.programme_id
        and message.pairing_id in {None, nudge.pairing_id}
        and (not message.keys or nudge.key in message.keys)
        and nudge.key not in message.spared
        and message.occasion in {None, nudge.occasion}
    )
