"""Cells of a table that stay hidden, so that no number points at anybody.

Decides: which cells of a table with known totals are hidden.
Never knows: what a cell is about.

Invariants
    insights.H1  A cell of one to k − 1 members is hidden.
    insights.H2  On every line whose total is known, at least two cells and k members are hidden, if any, so no subtraction leaves a
        small group; where a line has too few members for that, all of it is hidden, and its total may not be shown either.

Order: of what could be hidden besides, the smallest goes, then the first by name.

Source: house rule; primary and complementary cell suppression as statistics offices do it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

C = TypeVar("C", bound=str)
Members = frozenset[str]


def hidden_cells(members: Mapping[C, Members], lines: Iterable[Collection[C]], k: int) -> frozenset[C]:
    """Return the cells to hide (insights.H1, insights.H2).

    Args:
        members: who is behind each cell; cells may share members.
        lines: cells whose total somebody could know.
    """
    known = [tuple(sorted(line)) for line in lines]
    hidden = {cell for cell, behind in members.items() if 0 < len(behind) < k}
    while more := next((more for line in known if (more := _also_hidden(line, members, hidden, k)) is not None), None):
        hidden.add(more)
    return frozenset(hidden)


def _also_hidden(line: tuple[C, ...], members: Mapping[C, Members], hidden: set[C], k: int) -> C | None:
    gone = [cell for cell in line if cell in hidden]
    is_safe = not gone or (len(gone) > 1 and len(frozenset[str]().union(*(members[cell] for cell in gone))) >= k)
    if is_safe:
        return None
    shown = [cell for cell in line if cell not in hidden and (members[cell] or len(gone) == 1)]
    return min(shown, key=lambda cell: (not members[cell], len(members[cell]), cell), default=None)


def counts_shown(counts: Mapping[C, int], lines: Iterable[Collection[C]], k: int) -> dict[C, int | None]:
    """Return the counts of a table whose cells share no members, None where hidden."""
    members = {cell: frozenset(f"{cell}/{number}" for number in range(count)) for cell, count in counts.items()}
    hidden = hidden_cells(members, lines, k)
    return {cell: None if cell in hidden else count for cell, count in counts.items()}
