"""Rules of figures about people (engine/programme/insights/told_rules.py): what was published never gives a small group away."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.programme.insights.small_groups import Members
from engine.programme.insights.told_rules import Figure, FigureKind, Mark, Said, Told, due, group, is_changed
from tests.depth import deep

AT: Final = datetime(2025, 6, 1, tzinfo=UTC)
K: Final = 5


def people(count: int, first: int = 0) -> frozenset[str]:
    """Name so many people."""
    return frozenset(f"people/p{number:03}" for number in range(first, first + count))


def count_of(members: Members, of: Members | None = None) -> Figure:
    """Return a figure that counts a group."""
    return Figure(kind=FigureKind.GROUP, value=len(members), behind=group(members, of))


class Reader:
    """What has been told, as somebody would read it day by day."""

    def __init__(self) -> None:
        self.told = Told()
        self.said: dict[str, dict[str, Mark]] = {}
        self.at = AT

    def day(self, figures: Mapping[str, Figure], *public: Members) -> dict[str, int | float | None]:
        """Let a day pass; return what then stands."""
        self.at += timedelta(days=1)
        names = due(figures, self.said, self.told, public=public, k=K)
        for name in names:
            if is_changed(figures[name], self.said.get(name, {}), self.told.figures.get(name)):
                said = Said(value=figures[name].value, as_of=self.at, counted=figures[name].counted)
                self.told = Told(figures={**self.told.figures, name: said})
                self.said[name] = dict(figures[name].behind)
        return {name: said.value for name, said in self.told.figures.items()}


def test_f1_a_count_stands_until_enough_people_entered_or_left() -> None:
    """One more a day for five days: the sixth value is told at once, with the day on which it was."""
    reader = Reader()
    days = [reader.day({"n": count_of(people(10 + more))})["n"] for more in range(7)]

    assert [10, 10, 10, 10, 10, 15, 15] == days
    assert AT + timedelta(days=6) == reader.told.figures["n"].as_of


def test_f1_whoever_comes_while_another_leaves_counts_as_two() -> None:
    """The number is the same, the people are not: what is told is the number of then."""
    reader = Reader()
    reader.day({"n": count_of(people(10))})
    reader.day({"n": count_of(people(10, first=1))})

    assert AT + timedelta(days=1) == reader.told.figures["n"].as_of


def test_f2_neither_a_small_group_nor_its_complement_is_told() -> None:
    """Four of ten, six of ten whose four others stand out, ten of ten."""
    everybody = people(10)

    assert {} == Reader().day({"n": count_of(people(4))})
    assert {} == Reader().day({"n": count_of(people(6), everybody)})
    assert {"n": 10} == Reader().day({"n": count_of(everybody, everybody)})


def test_f3_a_group_within_one_that_was_told_differs_by_nobody_or_many() -> None:
    """Whoever reads both subtracts; the first in order is told."""
    both = {"all": count_of(people(20)), "some": count_of(people(18)), "few": count_of(people(9))}

    assert {"all": 20, "few": 9} == Reader().day(both)


def test_f3_what_everybody_can_count_is_as_good_as_told() -> None:
    """Six people are in pairs, which everybody sees: that seven take part would say that one waits."""
    assert {} == Reader().day({"enrolled": count_of(people(7))}, people(6))
    assert {"enrolled": 7} == Reader().day({"enrolled": count_of(people(7))}, people(7))


def test_f4_a_mean_needs_as_many_contributions_and_as_many_changes() -> None:
    """Five people said something; when one says something else, the mean of before stands."""
    reader = Reader()

    def mean(values: list[float]) -> Figure:
        behind = {f"people/p{number}": value for number, value in enumerate(values)}
        return Figure(kind=FigureKind.VALUES, value=sum(values) / len(values), behind=behind)

    told = [reader.day({"m": mean(values)}).get("m") for values in ([1.0] * 4, [1.0] * 5, [2.0, *[1.0] * 4], [3.0] * 5)]

    assert [None, 1.0, 1.0, 3.0] == told


def test_f5_a_share_is_told_only_beside_its_denominator() -> None:
    """Where the number of those who are ready is hidden, a share of them would tell it, for its other part is public."""
    everybody, ready = people(12), people(11)
    share = Figure(kind=FigureKind.GROUP, value=1.0, behind=group(ready, ready), of="ready")

    assert {"all": 12} == Reader().day({"all": count_of(everybody), "ready": count_of(ready, everybody), "share": share})


@settings(max_examples=deep(200))
@given(st.lists(st.tuples(st.sets(st.integers(0, 14)), st.sets(st.integers(0, 14))), min_size=1, max_size=8))
def test_no_two_figures_ever_told_differ_by_a_small_group(days: list[tuple[set[int], set[int]]]) -> None:
    """insights.F1 to insights.F3 over any days: a count, a part of it, and each of both with itself of the day when it was told before."""
    reader, before = Reader(), dict[str, frozenset[str]]()
    for some, more in days:
        part = frozenset(f"people/{number}" for number in some)
        whole = part | {f"people/{number}" for number in more}
        reader.day({"whole": count_of(whole), "part": count_of(part, whole)})
        now = {name: frozenset(one for one, mark in marks.items() if mark == "in") for name, marks in reader.said.items()}
        for name, members in now.items():
            assert not 0 < len(members) < K
            assert not 0 < len(members ^ before.get(name, frozenset())) < K
        if {"whole", "part"} <= set(now) and now["part"] <= now["whole"]:
            assert not 0 < len(now["whole"] - now["part"]) < K
        before = now
