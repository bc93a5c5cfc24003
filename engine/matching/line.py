"""The reporting line of a person: everybody above them, nearest first.

Decides: what a person's line is, given the manager's; whether a line of power joins two people.
Never knows: how a change of manager travels from key to key (people/roster), what a pairing does about it (pairs/pairing).

Invariants
    matching.L1  A line never holds its own person.
    matching.L2  A line never holds anybody twice.
    matching.L3  A line has at most LINE_LENGTH_MAX entries; a longer one keeps the nearest.

How conflicts are resolved: HR feeds contain cycles (a manages b, b manages a). A line is cut before the first repeat, so every
change settles after at most one round through the cycle, and `is_cyclic` reports the cycle as a finding about the data.

Source: house rule; practitioners of reverse mentoring ask for pairs outside the line of power.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from schemas.frozen import Frozen
from schemas.terms.ids import ERASED, PersonId

LINE_LENGTH_MAX: Final = 64
"""Deeper than any real organisation; bounds the row and the work of one change."""


class ReportingLine(Frozen, kw_only=True):
    """Everybody above one person."""

    above: tuple[PersonId, ...] = ()
    """Manager first, then the manager's manager, and so on."""
    is_cyclic: bool = False
    """The feed named somebody twice on the way up; the line stops before the repeat."""

    @property
    def manager_id(self) -> PersonId | None:
        """The person directly above, if any."""
        return self.above[0] if self.above else None


class PowerRelation(StrEnum):
    """How power joins two people. Values are reason codes: stable once published."""

    REPORTING_LINE = "reporting_line"
    SAME_MANAGER = "same_manager"


def line_under(person_id: PersonId, manager_id: PersonId | None, manager_line: Sequence[PersonId]) -> ReportingLine:
    """Put a person under a manager.

    Args:
        person_id: the person whose line it is.
        manager_id: the manager now in force; None for somebody at the top, whose line is empty.
        manager_line: the manager's own line, nearest first; empty while it isn't known.
    Returns: the person's line, cut before the first repeat (matching.L1, matching.L2) and at LINE_LENGTH_MAX (matching.L3).
    """
    if manager_id is None:
        return ReportingLine()
    above: list[PersonId] = []
    met = {person_id}
    for candidate_id in (manager_id, *manager_line):
        if candidate_id == ERASED and ERASED in met:
            continue  # several people were erased, and nobody stands twice
        if candidate_id in met:
            return ReportingLine(above=tuple(above[:LINE_LENGTH_MAX]), is_cyclic=True)
        met.add(candidate_id)
        above.append(candidate_id)
    return ReportingLine(above=tuple(above[:LINE_LENGTH_MAX]))


def power_between(
    first_id: PersonId,
    first: ReportingLine,
    second_id: PersonId,
    second: ReportingLine,
    *,
    same_manager_allowed: bool,
) -> PowerRelation | None:
    """Name the line of power that joins two people, if one does.

    Symmetric: swapping the two people gives the same answer.

    Args:
        first_id: one of the two.
        first: the line of that person.
        second_id: the other.
        second: the line of the other.
        same_manager_allowed: whether policy lets two people with one manager meet.
    Returns: the stronger relation first (`reporting_line` before `same_manager`), or None. Two people without a manager
        don't share one.
    """
    if second_id in first.above or first_id in second.above:
        return PowerRelation.REPORTING_LINE
    is_shared = first.manager_id is not None and first.manager_id == second.manager_id
    if is_shared and not same_manager_allowed:
        return PowerRelation.SAME_MANAGER
    return None
