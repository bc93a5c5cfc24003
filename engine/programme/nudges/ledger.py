"""The ledger of nudges of one person: intents that wait, requests, and the next one.

Decides: whether an intent becomes a request, and for when; which waiting one is next; what a withdrawal takes back; when to look again.
Never knows: why a programme wants the person to hear something, through which channel it goes, what it says.

An intent is transactional (decided when it comes) or behavioural (waits here until it is chosen). Both pass the same checks, in this
order, and the first that fails names the reason of the suppression:

    expired_waiting   its time is over
    away              the person is on leave, departed, erased, not here yet, or within the soft landing after a leave
    opted_out         the person wants none of this category; transactional nudges of `pairing` can't be opted out of
    held_out          behavioural only: (person, key), or (pairing, key) so that both sides of a pair are alike, is in the group that
                      shows what happens without it
    backfill          engine time is before the bound below which history makes no nudges
    quiet             there is no waking instant before it expires
    daily_cap         nor one on a local day that has room left

Invariants
    nudges.O1  Two behavioural nudges of a person are at least BEHAVIOURAL_GAP apart in `not_before`, counted in UTC hours.
    nudges.O2  No local date of `not_before` has more nudges than the cap of the one that came last; a cancellation gives nothing back.
    nudges.O3  No `not_before` is in the quiet hours of its own programme, in the person's zone at the time of the request.
    nudges.O4  An intent ends once: requested, suppressed, or it still waits. A suppressed one takes neither the weekly slot nor a day's
        room.
    nudges.O5  At most WAITING_MAX intents wait and REQUESTED_MAX requests can be recalled.
    nudges.O6  What a quiet time or the person's hours held back is spread over the first hour after it by a hash of its id (times.K2).

How conflicts are resolved: the highest priority goes first, then the oldest, then the smallest nudge id. An intent may be chosen only
SETTLE after it came, so that what comes with it, or takes it back, is seen first. Of several that coalesce, the newest stays.

Source: house rule; the hold-out follows randomised encouragement designs.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Final

from engine.programme.coordinators.audit_day import HeldBack
from engine.programme.messages import Employment, NudgeIntended, OutreachTerms
from engine.programme.nudges.choices import Choices, is_left
from engine.programme.times.calendar import Quiet, local_date
from engine.programme.times.waking import Slot, Waking, heard_at
from schemas.frozen import Frozen, replace
from schemas.nudges.catalogue import CATALOGUE, LatePolicy
from schemas.terms.codes import NudgeClass, NudgeKey, SuppressionReason
from schemas.terms.ids import NudgeId, PairingId, ProgrammeId

SETTLE: Final = timedelta(seconds=60)
BEHAVIOURAL_GAP: Final = timedelta(hours=168)
WAITING_MAX: Final = 64
"""Beyond it the lowest priority goes, the oldest of those first."""
REQUESTED_MAX: Final = 256
"""Beyond it the request that expires first can no longer be recalled."""
ABSENT: Final = frozenset({Employment.ON_LEAVE, Employment.DEPARTED, Employment.ERASED})
Lots = Callable[[str], int]
_ANY_ZONE: Final = timedelta(days=2)
"""Local dates of two zones at one instant are never this far apart."""


class Standing(Frozen, kw_only=True):
    """What outreach needs to know of a person.

    The defaults are a coordinator's: always there, in UTC.
    """

    employment: Employment = Employment.ACTIVE
    timezone: str = "UTC"
    locale: str = "en"
    leave_ended_at: datetime | None = None

    @property
    def is_yet_to_come(self) -> bool:
        """Whether the first day is still ahead: what waits for this person waits for that day."""
        return self.employment is Employment.EXPECTED

    def is_away(self, at: datetime, soft_landing_days: int) -> bool:
        """Say whether the person is to be left alone; the soft landing is half-open."""
        if self.employment in ABSENT or self.is_yet_to_come:
            return True
        return self.leave_ended_at is not None and at < self.leave_ended_at + timedelta(days=soft_landing_days)


class Waiting(Frozen, kw_only=True):
    """A behavioural intent that waits for its turn."""

    nudge_id: NudgeId
    intent: NudgeIntended
    arrived_at: datetime

    @property
    def rank(self) -> tuple[int, datetime, NudgeId]:
        """Sorts the next one to the front."""
        return -CATALOGUE[self.intent.key].priority, self.arrived_at, self.nudge_id


class Requested(Frozen, kw_only=True):
    """A request that can still be recalled."""

    nudge_id: NudgeId
    programme_id: ProgrammeId
    pairing_id: PairingId | None
    key: NudgeKey
    occasion: str
    not_before: datetime
    expires_at: datetime
    intent: NudgeIntended | None = None
    """Of a live pair: what to ask for again if the pair is soon what it was.

    It names the partner, so it goes when the pair ends.
    """


class SetAside(Frozen, kw_only=True):
    """An intent about a pair that may or may not go on."""

    nudge_id: NudgeId
    intent: NudgeIntended
    arrived_at: datetime | None
    """When it began to wait; None of what had been requested, and cancelled."""


class DayCount(Frozen, kw_only=True):
    """How many nudges were requested for one local date."""

    day: date
    requested_count: int


class Contact(Frozen, kw_only=True):
    """The ledger of one person, or of a programme's coordinator."""

    waiting: tuple[Waiting, ...] = ()
    requested: tuple[Requested, ...] = ()
    aside: tuple[SetAside, ...] = ()
    behavioural_at: datetime | None = None
    """`not_before` of the last behavioural nudge."""
    day_counts: tuple[DayCount, ...] = ()
    choices: Choices = ()
    """The last choice of each category, sorted."""
    held_back: tuple[HeldBack, ...] = ()
    """The last nudges that never left, oldest first."""
    wake_at: datetime | None = None


class Suppressed(Frozen, kw_only=True):
    """An intent that will never be a request."""

    nudge_id: NudgeId
    intent: NudgeIntended
    reason: SuppressionReason
    heard_at: datetime | None = None
    """Of history that is taken in later: from when the person could hear of it then.

    Rules count it as told.
    """


class Granted(Frozen, kw_only=True):
    """An intent that becomes a request."""

    nudge_id: NudgeId
    intent: NudgeIntended
    not_before: datetime


class Decision(Frozen, kw_only=True):
    """The result of one look at the ledger."""

    contact: Contact
    granted: Granted | None = None
    suppressed: tuple[Suppressed, ...] = ()
    cancelled: tuple[Requested, ...] = ()


def check(contact: Contact) -> None:
    """Assert what must hold before the row is written."""
    assert len(contact.waiting) <= WAITING_MAX and len(contact.requested) <= REQUESTED_MAX, "nudges.O5"
    assert len({waiting.nudge_id for waiting in contact.waiting}) == len(contact.waiting), "each intent waits once"
    assert (contact.wake_at is None) == (not contact.waiting), "the timer is set while anything waits"


def current(contact: Contact, at: datetime) -> Contact:
    """Drop what time has settled: requests that expired, counts of past days."""
    requested = tuple(request for request in contact.requested if request.expires_at > at)
    day_counts = tuple(count for count in contact.day_counts if count.day >= at.date() - _ANY_ZONE)
    if len(requested) == len(contact.requested) and len(day_counts) == len(contact.day_counts):
        return contact
    return replace(contact, requested=requested, day_counts=day_counts)


def decide(
    contact: Contact,
    nudge_id: NudgeId,
    intent: NudgeIntended,
    standing: Standing,
    *,
    at: datetime,
    emit_from: datetime | None,
    lots: Lots,
    wanted_at: datetime | None = None,
) -> Decision:
    """Decide a transactional intent at once, or a behavioural one when its turn has come.

    Args:
        lots: draws a number from 0 to 99 for a subject, by a hash keyed with the salt.
        wanted_at: from when on it waited for a waking instant; None if that is now.
    """
    against = _verdict(contact, intent, standing, at=at, emit_from=emit_from, lots=lots)
    if against is not None and against is not SuppressionReason.BACKFILL:
        return Decision(contact=contact, suppressed=(Suppressed(nudge_id=nudge_id, intent=intent, reason=against),))
    found = _with_room(contact, nudge_id, intent, standing, at=at, wanted_at=wanted_at or at)
    if isinstance(found, SuppressionReason):
        return Decision(contact=contact, suppressed=(Suppressed(nudge_id=nudge_id, intent=intent, reason=against or found),))
    if against is not None:
        return Decision(contact=contact, suppressed=(Suppressed(nudge_id=nudge_id, intent=intent, reason=against, heard_at=found),))
    granted = Granted(nudge_id=nudge_id, intent=_with_days_ahead(intent, found, standing), not_before=found)
    return Decision(contact=_recorded(contact, granted, standing), granted=granted)


def admit(contact: Contact, nudge_id: NudgeId, intent: NudgeIntended, person: Standing, *, at: datetime) -> Decision:
    """Let a behavioural intent wait.

    One that is over already does not, nor one for somebody erased, whose ledger must not come back.

    One that waits already under the same id stays as it is, unless the key coalesces: then the newest of the same key, programme and
    pairing takes the place of the others, whatever their occasion.
    """
    if intent.expires_at <= at or person.employment is Employment.ERASED:
        reason = SuppressionReason.EXPIRED_WAITING if intent.expires_at <= at else SuppressionReason.AWAY
        return Decision(contact=contact, suppressed=(Suppressed(nudge_id=nudge_id, intent=intent, reason=reason),))
    if CATALOGUE[intent.key].late is LatePolicy.COALESCE:
        replaced = tuple(waiting for waiting in contact.waiting if _says_the_same(waiting.intent, intent))
    elif any(waiting.nudge_id == nudge_id for waiting in contact.waiting):
        return Decision(contact=contact)
    else:
        replaced = ()
    newest = Waiting(nudge_id=nudge_id, intent=intent, arrived_at=at)
    waiting = [*(one for one in contact.waiting if one not in replaced), newest]
    waiting.sort(key=lambda one: (CATALOGUE[one.intent.key].priority, one.arrived_at, one.nudge_id))
    overflow = max(0, len(waiting) - WAITING_MAX)
    changed = replace(contact, waiting=tuple(sorted(waiting[overflow:], key=lambda one: one.rank)))
    return Decision(contact=changed, suppressed=suppressed_by((*replaced, *waiting[:overflow]), SuppressionReason.SUPERSEDED))


def choose(contact: Contact, person: Standing, *, at: datetime, emit_from: datetime | None, lots: Lots) -> Decision:
    """Drop what has expired, then choose the first waiting intent that passes the checks.

    The weekly slot has to be free.

    Time: `at` may be later than the timer was due; an intent whose programme is quiet now waits on, and so do all before the first day.
    Order: by rank; one that is suppressed takes no slot, so the next is tried at once.
    Limits: at most WAITING_MAX checks.
    """
    over = tuple(waiting for waiting in contact.waiting if waiting.intent.expires_at <= at)
    suppressed = list(suppressed_by(over, SuppressionReason.EXPIRED_WAITING))
    contact = replace(contact, waiting=tuple(waiting for waiting in contact.waiting if waiting not in over))
    for waiting in sorted(contact.waiting, key=lambda waiting: waiting.rank):
        if person.is_yet_to_come or _due(contact, waiting, person, at) > at:
            continue
        wanted_at = _earliest(contact, waiting)
        contact = replace(contact, waiting=tuple(other for other in contact.waiting if other != waiting))
        decided = decide(contact, waiting.nudge_id, waiting.intent, person, at=at, emit_from=emit_from, lots=lots, wanted_at=wanted_at)
        if decided.granted is not None:
            return replace(decided, suppressed=tuple(suppressed))
        suppressed.extend(decided.suppressed)
    return Decision(contact=contact, suppressed=tuple(suppressed))


def without(contact: Contact, settled: Iterable[Requested]) -> Contact:
    """Close requests: they had an outcome."""
    closed = {request.nudge_id for request in settled}
    if not closed:
        return contact
    return replace(contact, requested=tuple(request for request in contact.requested if request.nudge_id not in closed))


def timed(contact: Contact, person: Standing, at: datetime) -> Contact:
    """Set the timer to the first instant at which an intent can be chosen or expires."""
    wake_at = min((_due(contact, waiting, person, at) for waiting in contact.waiting), default=None)
    return contact if wake_at == contact.wake_at else replace(contact, wake_at=wake_at)


def is_held_out(intent: NudgeIntended, lots: Lots) -> bool:
    """Say whether an intent is in the held-out group of its key: by lot, the same for ever."""
    if CATALOGUE[intent.key].class_ is not NudgeClass.BEHAVIOURAL:
        return False
    about = f"pairing/{intent.pairing_id}" if intent.pairing_id is not None else f"person/{intent.person_id}"
    return lots(f"holdout/{about}/{intent.key}") < intent.terms.holdout_percent


def _verdict(
    contact: Contact, intent: NudgeIntended, person: Standing, *, at: datetime, emit_from: datetime | None, lots: Lots
) -> SuppressionReason | None:
    """Check an intent in the order of the module's docstring, without its instant.

    Returns: what is against it, if anything.
    """
    terms = intent.terms
    if intent.expires_at <= at:
        return SuppressionReason.EXPIRED_WAITING
    if person.is_away(at, terms.soft_landing_days):
        return SuppressionReason.AWAY
    if is_left(contact.choices, intent.key):
        return SuppressionReason.OPTED_OUT
    if is_held_out(intent, lots):
        return SuppressionReason.HELD_OUT
    if emit_from is not None and at < emit_from:
        return SuppressionReason.BACKFILL
    return None


def _with_room(
    contact: Contact, nudge_id: NudgeId, intent: NudgeIntended, person: Standing, *, at: datetime, wanted_at: datetime
) -> datetime | SuppressionReason:
    """Find a waking instant on a local date with room under the cap.

    Only dates that are already counted can be full.
    """
    full = {count.day for count in contact.day_counts if count.requested_count >= intent.terms.daily_cap}
    slot = Slot(name=nudge_id, at=at, wanted_at=wanted_at, expires_at=intent.expires_at, about_at=intent.about_at)
    return heard_at(_waking(intent.terms, person), slot, full)


def _with_days_ahead(intent: NudgeIntended, not_before: datetime, person: Standing) -> NudgeIntended:
    """Say in a reminder how many local days ahead it comes."""
    if intent.about_at is None:
        return intent
    days = local_date(intent.about_at, person.timezone) - local_date(not_before, person.timezone)
    return replace(intent, params={**intent.params, "days_ahead": days.days})


def _recorded(contact: Contact, granted: Granted, person: Standing) -> Contact:
    """Write a request into the ledger."""
    intent = granted.intent
    request = Requested(
        nudge_id=granted.nudge_id,
        programme_id=intent.programme_id,
        pairing_id=intent.pairing_id,
        key=intent.key,
        occasion=intent.occasion,
        not_before=granted.not_before,
        expires_at=intent.expires_at,
        intent=intent if intent.pairing_id is not None and intent.key is not NudgeKey.PAIRING_ENDED else None,
    )
    requested = sorted((*contact.requested, request), key=lambda open_: (open_.expires_at, open_.nudge_id))
    counts = {count.day: count.requested_count for count in contact.day_counts}
    day = local_date(granted.not_before, person.timezone)
    counts[day] = counts.get(day, 0) + 1
    is_behavioural = CATALOGUE[intent.key].class_ is NudgeClass.BEHAVIOURAL
    return replace(
        contact,
        requested=tuple(requested[-REQUESTED_MAX:]),
        behavioural_at=granted.not_before if is_behavioural else contact.behavioural_at,
        day_counts=tuple(DayCount(day=day, requested_count=count) for day, count in sorted(counts.items())),
    )


def _due(contact: Contact, waiting: Waiting, person: Standing, at: datetime) -> datetime:
    """Return when a waiting intent can be chosen, or when it expires if that comes first."""
    if person.is_yet_to_come:
        return waiting.intent.expires_at
    expires_at = waiting.intent.expires_at
    opened_at = _waking(waiting.intent.terms, person).opening(max(_earliest(contact, waiting), at), expires_at)
    return expires_at if opened_at is None else min(opened_at, expires_at)


def _earliest(contact: Contact, waiting: Waiting) -> datetime:
    settled_at = waiting.arrived_at + SETTLE
    return settled_at if contact.behavioural_at is None else max(settled_at, contact.behavioural_at + BEHAVIOURAL_GAP)


def _waking(terms: OutreachTerms, person: Standing) -> Waking:
    quiet = Quiet(from_clock=terms.quiet_from, to_clock=terms.quiet_to, weekend=terms.weekend, holidays=terms.holidays)
    return Waking(zone=person.timezone, quiet=quiet, hours=terms.hours)


def _says_the_same(one: NudgeIntended, other: NudgeIntended) -> bool:
    return (one.key, one.programme_id, one.pairing_id) == (other.key, other.programme_id, other.pairing_id)


def suppressed_by(waiting: Iterable[Waiting | SetAside], reason: SuppressionReason) -> tuple[Suppressed, ...]:
    """End intents that never left, for one reason."""
    return tuple(Suppressed(nudge_id=one.nudge_id, intent=one.intent, reason=reason) for one in waiting)
