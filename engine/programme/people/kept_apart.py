"""Exclusions and forbids in the person's own row: messages in, and who hears of them.

Decides: nothing; which word is later is people/apart.
Never knows: what a programme does about proposals and pairs (participants/changes).
"""

from typing import Final

from engine.core.effects import Effects, Record, Rows
from engine.core.stage import processor
from engine.programme.messages import PairAllowed, PairForbidden, PeopleExcluded
from engine.programme.people import roster
from engine.programme.people.apart import Exclusion, Forbid, with_exclusion, with_forbid
from engine.programme.people.mentions import erasure_in_force, mentions_told
from engine.programme.people.person import Person
from engine.programme.people.roster_line import Onset
from engine.programme.people.tables import PEOPLE
from schemas.frozen import replace
from schemas.terms.ids import PersonId


def on_excluded(rows: Rows, message: PeopleExcluded, record: Record) -> Effects:
    """Take in exclusions of the person; every programme of the person hears of them."""
    before = _person(rows, message.person_id)
    if before is None:
        return
    said = Exclusion(programme_id=message.programme_id, excluded_ids=message.excluded_ids, stamp=message.stamp)
    yield from _told(rows, before, replace(before, exclusions=with_exclusion(before.exclusions, said)), record)
    yield from mentions_told(rows.get(PEOPLE, before.person_id) or before, message.excluded_ids, message.stamp.time)


def on_forbidden_or_allowed(rows: Rows, message: PairForbidden | PairAllowed, record: Record) -> Effects:
    """Take in a coordinator's forbid, or its opposite."""
    before = _person(rows, message.person_id)
    if before is None:
        return
    said = Forbid(
        programme_id=message.programme_id,
        other_id=message.other_id,
        is_in_force=isinstance(message, PairForbidden),
        stamp=message.stamp,
    )
    yield from _told(rows, before, replace(before, forbids=with_forbid(before.forbids, said)), record)


def _person(rows: Rows, person_id: PersonId) -> Person | None:
    """Return the row of somebody, known to HR or not; None for somebody erased."""
    found = rows.get(PEOPLE, person_id)
    if found is not None or erasure_in_force(rows, person_id) is not None:
        return found
    return Person(person_id=person_id)


def _told(rows: Rows, before: Person, after: Person, record: Record) -> Effects:
    yield from roster.changed(rows, before, after, record.at, Onset(since_at=record.at))


PROCESSOR: Final = processor(on_excluded, on_forbidden_or_allowed)
