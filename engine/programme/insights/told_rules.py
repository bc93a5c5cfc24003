"""Rules for figures about people: when one may be published anew.

No two figures that were published may give a small group away.

Decides: which figures may be published now, beside what is published and what everybody can count.
Never knows: what a figure is about; who reads it.

Everybody can read every figure as it was last published, all together. So a figure remembers the people behind it, and stands as it is
until enough people have changed it. A figure that could never be published is null.

Invariants
    insights.F1  Of a group or a table, the people who entered or left each cell, or the whole, are none or at least k since it was last
        published. So the numerator, the denominator and their difference of a ratio each change by nobody or by k.
    insights.F2  Every cell of a group, and the whole of a table, has none or at least k people.
    insights.F3  Of groups that lie within one another, across figures and within what is public, none differs from another by one to k − 1.
    insights.F4  Of values (a mean, a quantile), at least k contribute, and none or at least k contributions changed since they were last
        published.
    insights.F5  A ratio is published only while the figure of its denominator stands for the same people.

How conflicts are resolved: figures are judged in the order in which they are given; an earlier one is published, a later one that
would give a small group away beside it is not.

Source: house rule; primary and complementary suppression, and the difference between two publications, as statistics offices do it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from engine.programme.insights.small_groups import Members
from schemas.frozen import Frozen, field

Value = int | float | None
Mark = str | float
"""What somebody contributes: the name of a cell, or a value."""
Marks = Mapping[str, Mark]
"""Contributor → mark. Contributors are `people/<id>` or `pairs/<id>`."""
IN: Final = "in"
OUT: Final = "out"
"""The two cells of a share: in its numerator, or in its denominator only."""


class FigureKind(StrEnum):
    """How a figure follows from those behind it."""

    GROUP = "group"
    """How many there are in a cell, or their share."""
    TABLE = "table"
    """How many there are in each cell; small cells are hidden within it."""
    VALUES = "values"
    """A mean, a quantile, a sum of what each one contributes."""


class Figure(Frozen, kw_only=True):
    """A figure as it would be published now."""

    kind: FigureKind
    value: Value = None
    behind: Marks = field(default_factory=dict)
    counted: tuple[int, ...] = ()
    """Contributions that nobody's name is kept of: they only grow."""
    of: str | None = None
    """The figure that tells the denominator (insights.F5)."""


class Said(Frozen, kw_only=True):
    """A figure as it was last published."""

    value: Value
    as_of: datetime
    """Since when it stands: when it was last published with somebody changed."""
    counted: tuple[int, ...] = ()


class Told(Frozen, kw_only=True):
    """What a programme has published, by figure."""

    figures: dict[str, Said] = field(default_factory=dict)

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


class ToldOf(Frozen, kw_only=True):
    """The mark of one contributor in each figure, when it was last published.

    Key: `<programme>/<contributor>`.
    """

    marks: dict[str, Mark]

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


def group(members: Iterable[str], of: Iterable[str] | None = None) -> dict[str, Mark]:
    """Return the marks of a share: who is in its numerator, and who in its denominator only."""
    inside = frozenset(members)
    return {**dict.fromkeys(frozenset(of or ()) - inside, OUT), **dict.fromkeys(inside, IN)}


def due(figures: Mapping[str, Figure], said: Mapping[str, Marks], told: Told, *, public: Iterable[Members], k: int) -> list[str]:
    """Name the figures that may be published now, in their order.

    Args:
        said: of each figure that was published, the marks of then.
        public: groups that everybody can count from what is published anyway.
    """
    standing: dict[str, tuple[Members, ...]] = {name: _groups(marks) for name, marks in said.items() if _is_group(figures, name, marks)}
    known = [members for members in public if members]
    found: list[str] = []
    for name, figure in figures.items():
        groups = _told_groups(figure)
        others = (members for other, sets in standing.items() if other != name for members in sets)
        if (
            _is_large(figure, k)
            and _is_changed_enough(figure, said.get(name, {}), told.figures.get(name), k)
            and _is_apart(groups, [*known, *others], k)
            and (figure.of is None or _whole(figure.behind) == frozenset(_inside(standing, figure.of)))
        ):
            found.append(name)
            standing[name] = groups
    return found


def _is_group(figures: Mapping[str, Figure], name: str, marks: Marks) -> bool:
    """Say whether a figure that was published is a group.

    Figures of another occasion are, unless their marks are numbers.
    """
    if name in figures:
        return figures[name].kind is not FigureKind.VALUES
    return all(isinstance(mark, str) for mark in marks.values())


def _inside(standing: Mapping[str, tuple[Members, ...]], name: str) -> Members:
    sets = standing.get(name, ())
    return sets[0] if sets else frozenset()


def _cells(marks: Marks) -> dict[Mark, set[str]]:
    cells: dict[Mark, set[str]] = {}
    for contributor, mark in marks.items():
        cells.setdefault(mark, set()).add(contributor)
    return cells


def _whole(marks: Marks) -> Members:
    return frozenset(marks)


def _groups(marks: Marks) -> tuple[Members, ...]:
    """Return the groups that a figure tells of: who is in it first, then the rest, then all."""
    cells = _cells(marks)
    if set(cells) <= {IN, OUT}:
        return frozenset(cells.get(IN, ())), frozenset(cells.get(OUT, ())), frozenset(marks)
    return (frozenset(marks),)


def _told_groups(figure: Figure) -> tuple[Members, ...]:
    return () if figure.kind is FigureKind.VALUES else _groups(figure.behind)


def _is_large(figure: Figure, k: int) -> bool:
    """Say whether enough people are behind a figure to publish it (insights.F2, insights.F4)."""
    if figure.kind is FigureKind.VALUES:
        return figure.value is not None and not 0 < len(figure.behind) + sum(figure.counted) < k
    sizes = [len(members) for members in _told_groups(figure)]
    return (figure.kind is FigureKind.TABLE or figure.value is not None) and all(not 0 < size < k for size in sizes)


def _is_changed_enough(figure: Figure, before: Marks, said: Said | None, k: int) -> bool:
    """insights.F1, insights.F4: whether nobody changed, or so many that nobody stands out."""
    changes: list[int]
    if figure.kind is FigureKind.VALUES:
        names = {name for name in {*before, *figure.behind} if before.get(name) != figure.behind.get(name)}
        counted = said.counted if said is not None else ()
        changes = [len(names) + sum(abs(now - was) for now, was in _zipped(figure.counted, counted))]
    else:
        was, now = _cells(before), _cells(figure.behind)
        changes = [len(was.get(cell, set()) ^ now.get(cell, set())) for cell in {*was, *now}]
        changes.append(len(_whole(before) ^ _whole(figure.behind)))
    return all(not 0 < change < k for change in changes)


def _zipped(now: tuple[int, ...], was: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    return zip(now, (*was, *(0,) * (len(now) - len(was))), strict=False)


def _is_apart(groups: Iterable[Members], others: Iterable[Members], k: int) -> bool:
    """Say whether each group differs enough from those around it (insights.F3).

    Groups count that somebody can know and that lie within one another.
    """
    told = [members for members in others if members]
    return all(
        not (members <= other or other <= members) or not 0 < len(members ^ other) < k for members in groups if members for other in told
    )


def is_changed(figure: Figure, before: Marks, said: Said | None) -> bool:
    """Say whether anybody changed since a figure was last published."""
    return said is None or dict(before) != dict(figure.behind) or said.counted != figure.counted
