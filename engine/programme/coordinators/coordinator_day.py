"""Daily notes to a coordinator: pairings are gathered, and one nudge a day names them.

There is one a day of each key.

Decides: when the coordinator hears of what has gathered, which pairings one nudge names, when a nudge that was sent is no longer true.
Never knows: what happened to a pairing (the rule that gathers it), whether it still holds (coordinators/coordinator_notes).

Invariants
    coordinators.D1  One nudge a day (UTC, the coordinator's zone) of one key; of conflicts one for each rule.
    coordinators.D2  The first of a day goes out at that instant with everything of the instant; what comes later that day, as the next day
        begins.
    coordinators.D3  No pairing is named twice in one nudge. One nudge names at most NAMED_MAX, the rest follow day by day; at most KEPT_MAX
        wait, and what would be more is not kept: the coordinator has heard of a thousand.
    coordinators.D4  A nudge is taken back as soon as nothing that it names is still so.

Source: docs/rules.md, Nudges.
"""

from datetime import date, datetime, timedelta
from typing import Final

from engine.programme.times.calendar import start_of_day
from schemas.frozen import Frozen, replace
from schemas.terms.codes import EligibilityCode, NudgeKey
from schemas.terms.ids import PairingId, ProgrammeId

NAMED_MAX: Final = 200
KEPT_MAX: Final = 1_000


class SentNote(Frozen, kw_only=True):
    """A nudge that was sent and may still be read."""

    occasion: str
    pairing_ids: tuple[PairingId, ...]
    """Of those it names, whatever is still so."""
    until: datetime
    """When it expires by itself."""


class Summary(Frozen, kw_only=True):
    """What has gathered of one key.

    Key: `<programme>/<nudge key>`, of conflicts with `/<rule>` besides.
    """

    programme_id: ProgrammeId
    key: NudgeKey
    code: EligibilityCode | None = None
    """The rule that the conflicts have in common."""
    pairing_ids: tuple[PairingId, ...] = ()
    """In the order in which they came."""
    told_on: date | None = None
    """The last day with a note."""
    wake_at: datetime | None = None
    """When the next note is due."""
    notes: tuple[SentNote, ...] = ()
    """Notes that are still open, one a day."""


def with_pairing(summary: Summary, pairing_id: PairingId, at: datetime) -> Summary:
    """Gather a pairing (coordinators.D2, coordinators.D3)."""
    if pairing_id in summary.pairing_ids or len(summary.pairing_ids) >= KEPT_MAX:
        return summary
    due_at = at if summary.told_on != at.date() else _tomorrow(at)
    return replace(summary, pairing_ids=(*summary.pairing_ids, pairing_id), wake_at=summary.wake_at or due_at)


def told(summary: Summary, still: tuple[PairingId, ...], at: datetime) -> tuple[tuple[PairingId, ...], Summary]:
    """Return what one nudge names, in order of ids, and what is left for the days to come.

    Args:
        still: of what has gathered, what is still so; the rest is forgotten.
    """
    named, rest = still[:NAMED_MAX], still[NAMED_MAX:]
    left = replace(summary, pairing_ids=rest, wake_at=_tomorrow(at) if rest else None)
    return tuple(sorted(named)), replace(left, told_on=at.date()) if named else left


def noted(summary: Summary, note: SentNote, at: datetime) -> Summary:
    """Remember a nudge that is sent, and forget those that have expired."""
    return replace(summary, notes=(*(known for known in summary.notes if known.until > at), note))


def settled(summary: Summary, pairing_id: PairingId) -> tuple[tuple[str, ...], Summary]:
    """Note that something is no longer so of a pairing.

    Returns: the occasions of the nudges that name nothing any more (coordinators.D4), and the summary without them.
    """
    kept = [replace(note, pairing_ids=tuple(one for one in note.pairing_ids if one != pairing_id)) for note in summary.notes]
    over = tuple(note.occasion for note in kept if not note.pairing_ids)
    return over, replace(summary, notes=tuple(note for note in kept if note.pairing_ids))


def _tomorrow(at: datetime) -> datetime:
    return start_of_day(at.date() + timedelta(days=1), None)
