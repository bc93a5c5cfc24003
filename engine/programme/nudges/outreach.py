"""Outreach: intents become requests, at a pace that spans all programmes of the person.

Every decision is taken in nudges/ledger; here messages, events and timers find their ledger, and decisions become effects.

A request leaves a mark under its nudge id, the hash of its natural key (key, person, pairing or programme, occasion). A mark stays for
ever, so an occasion is requested once whatever causes it again; the marks and the ledger go when the person is erased.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from engine.core.effects import Delete, Due, Effects, Emit, Put, Record, Refuse, Rows, RowsOfStep
from engine.core.identity import derived_id
from engine.core.stage import processor, woken
from engine.core.stamp import stamp_of
from engine.programme.coordinators.audit_day import AuditLine, HeldBack, public_reason, with_held_back
from engine.programme.coordinators.audit_days import forgotten, noted
from engine.programme.facts.person_facts import has_departed
from engine.programme.messages import EmissionBounded, Employment, NudgeHeldBack, NudgeIntended, NudgesReturned, NudgesWithdrawn
from engine.programme.nudges.choices import Choice, with_choice
from engine.programme.nudges.ledger import (
    ABSENT,
    Contact,
    Decision,
    Granted,
    Requested,
    Standing,
    Suppressed,
    admit,
    choose,
    current,
    decide,
    timed,
    without,
)
from engine.programme.nudges.outcomes import KEPT_OPEN, left_reported, reported
from engine.programme.nudges.outreach_rows import CONTACTS, CONTROLS, NUDGED, EmissionBound, Nudged
from engine.programme.nudges.withdrawal import recall, returned, withdraw
from engine.programme.people.person import Person, is_unsettled
from engine.programme.people.tables import PEOPLE
from schemas.base import NudgeReason
from schemas.envelope import SOURCE
from schemas.events.nudge import (
    NudgeActed,
    NudgeCancelled,
    NudgeDelivered,
    NudgeDismissed,
    NudgeFailed,
    NudgeOptedIn,
    NudgeOptedOut,
    NudgeRequested,
    NudgeSeen,
    NudgeSuppressed,
)
from schemas.frozen import replace
from schemas.nudges.catalogue import CATALOGUE, answers_to
from schemas.terms.codes import CancellationReason, ErrorCode, NudgeClass, NudgeKey, NudgeReasonCode, SuppressionReason
from schemas.terms.ids import COORDINATOR_PREFIX, ERASED, NudgeId, PairingId, PersonId, ProgrammeId
from schemas.topics import NUDGES

EMIT_FROM: Final = "emit_from"
EMPTY: Final = Contact()
"""The ledger of somebody who has none."""
TEMPLATE_VERSION: Final = 2
"""Of the parameters of every key; grows with a change that a template must know of."""

Reported = NudgeDelivered | NudgeSeen | NudgeActed | NudgeDismissed | NudgeFailed
OUTCOMES: Final[Mapping[type[Reported], str]] = MappingProxyType(
    {
        NudgeDelivered: "delivered",
        NudgeSeen: "seen",
        NudgeActed: "acted",
        NudgeDismissed: "dismissed",
        NudgeFailed: "failed",
    }
)
CLOSING: Final = (NudgeActed, NudgeDismissed)
"""What the person did about it.

What a channel did, or that somebody looked, settles nothing.
"""


def on_intended(rows: RowsOfStep, intent: NudgeIntended, record: Record) -> Effects:
    """Take an intent: decide a transactional one, let a behavioural one wait."""
    yield from _taken(rows, intent, record.at)


def _taken(rows: RowsOfStep, intent: NudgeIntended, at: datetime) -> Effects:
    _params(intent)  # parameters that don't fit their key fail here, where only this intent is lost
    nudge_id = nudge_id_of(intent, rows.source)
    if rows.get(NUDGED, _mark_key(intent.person_id, nudge_id)) is not None:
        return
    contact, person = _contact(rows, intent.person_id, at), _standing(rows, intent.person_id)
    if CATALOGUE[intent.key].class_ is NudgeClass.BEHAVIOURAL:
        decision = admit(contact, nudge_id, intent, person, at=at)
    else:
        decision = decide(contact, nudge_id, intent, person, at=at, emit_from=_emit_from(rows), lots=rows.drawn_percent)
    yield from _carried_out(rows, intent.person_id, decision, person, at)


def on_held_back(rows: RowsOfStep, message: NudgeHeldBack, record: Record) -> Effects:
    """Record an intent that never came."""
    person_id = message.intent.person_id
    suppressed = Suppressed(nudge_id=nudge_id_of(message.intent, rows.source), intent=message.intent, reason=message.reason)
    decision = Decision(contact=_contact(rows, person_id, record.at), suppressed=(suppressed,))
    yield from _carried_out(rows, person_id, decision, _standing(rows, person_id), record.at)


def on_withdrawn(rows: Rows, message: NudgesWithdrawn, record: Record) -> Effects:
    """Take nudges back: the action is done, or the pair is suspended."""
    decision = withdraw(_contact(rows, message.person_id, record.at), message)
    yield from _carried_out(rows, message.person_id, decision, _standing(rows, message.person_id), record.at)


def on_returned(rows: RowsOfStep, message: NudgesReturned, record: Record) -> Effects:
    """Ask again for what was set aside while a conflict came and went."""
    decision, again = returned(_contact(rows, message.person_id, record.at), message, at=record.at)
    yield from _carried_out(rows, message.person_id, decision, _standing(rows, message.person_id), record.at)
    for intent in again:
        yield from _taken(rows, intent, record.at)


def on_bounded(_rows: Rows, bounded: EmissionBounded, _record: Record) -> Effects:
    """Remember from when on nudges leave."""
    yield Put(CONTROLS, EMIT_FROM, EmissionBound(emit_from=bounded.emit_from))


def on_outcome(rows: Rows, data: Reported, record: Record) -> Effects:
    """Hear what became of a nudge.

    What the person did about it closes it, unless it is about a proposal; until then it can still be recalled.
    """
    if rows.get(NUDGED, _mark_key(data.person_id, data.nudge_id)) is None:
        yield Refuse(ErrorCode.UNKNOWN_NUDGE, "nudge_id: no such nudge was requested for this person")
        return
    contact = _contact(rows, data.person_id, record.at)
    found = next((request for request in contact.requested if request.nudge_id == data.nudge_id), None)
    if found is None:
        return
    yield from reported(data.person_id, found, OUTCOMES[type(data)], record.at)
    if isinstance(data, CLOSING) and found.key not in KEPT_OPEN:
        decision = Decision(contact=without(contact, (found,)))
        yield from _carried_out(rows, data.person_id, decision, _standing(rows, data.person_id), record.at)


def on_opted_out(rows: Rows, data: NudgeOptedOut, record: Record) -> Effects:
    """Stop a category.

    What waits is suppressed when its turn comes. What nobody can have heard yet is cancelled.
    """
    contact, changed = _chosen(rows, data, record, is_opted_out=True)
    if changed is contact:
        return
    yield from left_reported(data.person_id, contact, data.category, record.at)
    decision = recall(changed, at=record.at, category=data.category)
    yield from _carried_out(rows, data.person_id, decision, _standing(rows, data.person_id), record.at)


def on_opted_in(rows: Rows, data: NudgeOptedIn, record: Record) -> Effects:
    """Let a category in again."""
    contact, changed = _chosen(rows, data, record, is_opted_out=False)
    if changed is not contact:
        yield from _carried_out(rows, data.person_id, Decision(contact=changed), _standing(rows, data.person_id), record.at)


def _chosen(rows: Rows, data: NudgeOptedOut | NudgeOptedIn, record: Record, *, is_opted_out: bool) -> tuple[Contact, Contact]:
    """Return the ledger before and after a choice of category.

    The same one where a later choice is known.
    """
    contact = _contact(rows, data.person_id, record.at)
    choices = with_choice(contact.choices, Choice(category=data.category, is_opted_out=is_opted_out, stamp=stamp_of(record.event)))
    return contact, contact if choices is contact.choices else replace(contact, choices=choices)


def person_changed(rows: Rows, person_id: PersonId, at: datetime) -> Effects:
    """Recall what somebody away has not heard yet, and set the timer by the zone in force.

    For the roster, whenever the standing of a person changes.
    """
    if rows.get(CONTACTS, person_id) is None:
        return
    contact, person = _contact(rows, person_id, at), _standing(rows, person_id)
    decision = recall(contact, at=at) if person.employment in ABSENT else Decision(contact=contact)
    yield from _carried_out(rows, person_id, decision, person, at)


def erased(rows: Rows, person_id: PersonId, at: datetime) -> Effects:
    """Forget a person: end what waits, recall what was not heard, drop ledger and marks.

    For the erasure. What is published names nobody, not even by its cause, whose id may hold the person's; a nudge has an id of its own.
    """
    contact = _contact(rows, person_id, at)
    for waiting in contact.waiting:
        ended = Suppressed(nudge_id=waiting.nudge_id, intent=waiting.intent, reason=SuppressionReason.AWAY)
        yield from reported(person_id, ended.intent, f"suppressed:{ended.reason}", at)
    for request in recall(contact, at=at).cancelled:
        yield from _untraceable(_cancelled(ERASED, request, at))
    yield from forgotten(rows, person_id, at)
    yield Delete(CONTACTS, person_id)
    for key, _ in list(rows.scan(NUDGED, f"{person_id}/")):
        yield Delete(NUDGED, key)


def _untraceable(effects: Effects) -> Effects:
    for effect in effects:
        yield replace(effect, is_traceable=False) if isinstance(effect, Emit) else effect


def wake(rows: RowsOfStep, contact: Contact, due: Due) -> Effects:
    """Choose the next behavioural nudge of one person, or drop what has expired."""
    person_id, at = PersonId(due.key), due.at
    person = _standing(rows, person_id)
    decision = choose(current(contact, at), person, at=at, emit_from=_emit_from(rows), lots=rows.drawn_percent)
    yield from _carried_out(rows, person_id, decision, person, at)


def nudge_id_of(intent: NudgeIntended, source: str = SOURCE) -> NudgeId:
    """Name a nudge by its natural key, within one installation.

    The natural key is key, person, pairing (or programme) and occasion.
    """
    own = () if source == SOURCE else (source,)
    return NudgeId(derived_id("nudge", intent.key, intent.person_id, intent.pairing_id or intent.programme_id, intent.occasion, *own))


def _contact(rows: Rows, person_id: PersonId, at: datetime) -> Contact:
    return current(rows.get(CONTACTS, person_id) or EMPTY, at)


def _standing(rows: Rows, person_id: PersonId) -> Standing:
    """Read the roster's row.

    Without one a coordinator is there, and anybody else is away: erased, or never known.
    """
    if person_id.startswith(COORDINATOR_PREFIX):
        return Standing()
    person = rows.get(PEOPLE, person_id)
    return Standing(employment=Employment.ERASED) if person is None else standing_of(person)


def standing_of(person: Person) -> Standing:
    """Return what decides whether and when nudges reach a person."""
    # Whoever left and is to come back some day is gone until then, not awaited like somebody new.
    is_gone = person.employment is Employment.EXPECTED and has_departed(person.history)
    employment = Employment.DEPARTED if is_gone else person.employment
    return Standing(
        # After a departure that may be taken back, nothing is recalled and nothing leaves: all waits, as before the first day.
        employment=Employment.EXPECTED if is_unsettled(person) else employment,
        timezone=person.timezone or "UTC",
        locale=person.languages[0] if person.languages else "en",
        leave_ended_at=person.leave_ended_at,
    )


def _emit_from(rows: Rows) -> datetime | None:
    found = rows.get(CONTROLS, EMIT_FROM)
    return found.emit_from if found is not None else None


def _carried_out(rows: Rows, person_id: PersonId, decision: Decision, person: Standing, at: datetime) -> Effects:
    """Turn a decision into effects.

    The ledger is written only if it changed, and goes when it is empty.
    """
    for suppressed in decision.suppressed:
        yield from _suppressed(rows, suppressed, person, at)
    for request in decision.cancelled:
        yield from _cancelled(person_id, request, at)
    if decision.granted is not None:
        yield from _requested(decision.granted, person, at)
    stored = rows.get(CONTACTS, person_id)
    contact = timed(_remembering(decision, person, at), person, at)
    if contact != current(stored or EMPTY, at):  # what time alone has settled is no reason to write
        yield Put(CONTACTS, person_id, contact) if contact != EMPTY else Delete(CONTACTS, person_id)


def _requested(granted: Granted, person: Standing, at: datetime) -> Effects:
    intent, rule = granted.intent, CATALOGUE[granted.intent.key]
    data = NudgeRequested(
        nudge_id=granted.nudge_id,
        person_id=intent.person_id,
        key=intent.key,
        class_=rule.class_,
        category=rule.category,
        params=_params(intent),
        pairing_id=intent.pairing_id,
        programme_id=intent.programme_id,
        not_before=granted.not_before,
        expires_at=intent.expires_at,
        timezone=person.timezone,
        locale=person.locale,
        priority=rule.priority,
        cancellation_key=_cancellation_key(intent.key, intent.programme_id, intent.pairing_id),
        template_version=TEMPLATE_VERSION,
        reasons=tuple(NudgeReason(code=NudgeReasonCode(reason.code), params=reason.params) for reason in intent.reasons),
        data_used=intent.data_used,
        policy_version=intent.terms.policy_version,
    )
    yield Emit(topic=NUDGES, key=intent.person_id, data=data, subjects=(granted.nudge_id,), expires_at=intent.expires_at)
    yield Put(NUDGED, _mark_key(intent.person_id, granted.nudge_id), Nudged(requested_at=at))
    yield from reported(intent.person_id, intent, "requested", at, not_before=granted.not_before)


def _suppressed(rows: Rows, suppressed: Suppressed, person: Standing, at: datetime) -> Effects:
    """Tell the programme the true reason at once, and everybody else its public part later.

    That is as the day ends.

    Of somebody without a row, who was erased or never known, nothing is published.
    """
    intent = suppressed.intent
    if person.employment is not Employment.ERASED:
        body = (("key", intent.key.value), ("reason", public_reason(suppressed.reason).value))
        yield from noted(rows, intent.person_id, AuditLine(type=NudgeSuppressed.TYPE, body=body), at)
    if suppressed.heard_at is not None:
        yield Put(NUDGED, _mark_key(intent.person_id, suppressed.nudge_id), Nudged(requested_at=at))
    yield from reported(intent.person_id, intent, f"suppressed:{suppressed.reason}", at, not_before=suppressed.heard_at)


def _remembering(decision: Decision, person: Standing, at: datetime) -> Contact:
    """Note in the person's own ledger what was held back, and why.

    A ledger that is gone doesn't come back for it.
    """
    if not decision.suppressed or person.employment is Employment.ERASED:
        return decision.contact
    held_back = tuple(
        HeldBack(key=one.intent.key, programme_id=one.intent.programme_id, reason=one.reason, at=at) for one in decision.suppressed
    )
    return replace(decision.contact, held_back=with_held_back(decision.contact.held_back, held_back))


def _cancelled(person_id: PersonId, request: Requested, at: datetime) -> Effects:
    data = NudgeCancelled(
        nudge_id=request.nudge_id,
        person_id=person_id,
        cancellation_key=_cancellation_key(request.key, request.programme_id, request.pairing_id),
        reason=CancellationReason.NO_LONGER_NEEDED,
    )
    yield Emit(topic=NUDGES, key=person_id, data=data, subjects=(request.nudge_id,))
    yield from reported(person_id, request, "cancelled", at)


def _params(intent: NudgeIntended) -> Any:
    """Read the parameters as the key's own model, with every answer written down."""
    answers = answers_to(intent.key, intent.person_id, intent.params)
    return CATALOGUE[intent.key].params.model_validate({**intent.params, "answers": answers or None})


def _cancellation_key(key: NudgeKey, programme_id: ProgrammeId, pairing_id: PairingId | None) -> str:
    return f"{key}:{pairing_id or programme_id}"


def _mark_key(person_id: PersonId, nudge_id: NudgeId) -> str:
    return f"{person_id}/{nudge_id}"


PROCESSOR: Final = processor(
    on_intended,
    on_held_back,
    on_withdrawn,
    on_returned,
    on_bounded,
    on_outcome,
    on_opted_out,
    on_opted_in,
    wakes=woken(CONTACTS, wake),
)
