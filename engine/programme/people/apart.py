"""People whom a person is not to meet: exclusions, and forbids of coordinators.

Decides: what of it stands, whatever order it arrived in.
Never knows: what follows for proposals and pairs (participants/changes), where else the people are named (erasure/rules).

Both are kept where they were said (exclusions by programme, forbids by programme and pair) and hold in every programme while any of them
stands. They outlive withdrawal and departure, until erasure.

Invariants
    people.X1  An older word changes nothing; the stamp of one that was taken back stays.
    people.X2  What was said in one programme is taken back in that programme only.

Source: house rule.
"""

from engine.core.stamp import Stamp
from schemas.frozen import Frozen
from schemas.terms.ids import PersonId, ProgrammeId


class Exclusion(Frozen, kw_only=True):
    """People whom the person would rather not meet, as said in one programme. Confidential."""

    programme_id: ProgrammeId
    excluded_ids: tuple[PersonId, ...]
    """Sorted; none where it was taken back."""
    stamp: Stamp


class Forbid(Frozen, kw_only=True):
    """Whether the coordinator of a programme forbids to pair the person with somebody."""

    programme_id: ProgrammeId
    other_id: PersonId
    is_in_force: bool
    stamp: Stamp


Exclusions = tuple[Exclusion, ...]
Forbids = tuple[Forbid, ...]


def with_exclusion(known: Exclusions, said: Exclusion) -> Exclusions:
    """Take in an exclusion (people.X1, people.X2).

    The same tuple where it is older than what is known.
    """
    before = next((one for one in known if one.programme_id == said.programme_id), None)
    if before is not None and said.stamp <= before.stamp:
        return known
    others = (one for one in known if one is not before)
    return tuple(sorted((*others, said), key=lambda one: one.programme_id))


def with_forbid(known: Forbids, said: Forbid) -> Forbids:
    """Take in a forbid or its opposite (people.X1, people.X2).

    The same tuple where it is older than what is known.
    """
    place = said.programme_id, said.other_id
    before = next((one for one in known if (one.programme_id, one.other_id) == place), None)
    if before is not None and said.stamp <= before.stamp:
        return known
    others = (one for one in known if one is not before)
    return tuple(sorted((*others, said), key=lambda one: (one.programme_id, one.other_id)))


def excluded_ids(exclusions: Exclusions) -> tuple[PersonId, ...]:
    """Return whom the person excludes anywhere, sorted."""
    return tuple(sorted({person_id for one in exclusions for person_id in one.excluded_ids}))


def forbidden_ids(forbids: Forbids) -> tuple[PersonId, ...]:
    """Return with whom pairing the person is forbidden anywhere, sorted."""
    return tuple(sorted({one.other_id for one in forbids if one.is_in_force}))
