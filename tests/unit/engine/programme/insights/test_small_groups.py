"""What stays hidden, so that no subtraction leaves a small group."""

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.insights.small_groups import counts_shown, hidden_cells

K = 5


def test_a_small_cell_takes_the_smallest_other_cell_with_it() -> None:
    """insights.H2: one gap alone would follow from the sum."""
    assert {"a": None, "b": None, "c": 20} == counts_shown({"a": 3, "b": 7, "c": 20}, [("a", "b", "c")], K)


def test_two_small_cells_are_enough_when_together_they_are_large() -> None:
    """insights.H2: two gaps that come to k hide one another."""
    assert {"a": None, "b": None, "c": 20} == counts_shown({"a": 3, "b": 2, "c": 20}, [("a", "b", "c")], K)


def test_two_small_cells_need_a_third_when_together_they_are_small() -> None:
    """insights.H2: their sum follows from the total, and a sum of one to k − 1 is a small group."""
    assert {"a": None, "b": None, "c": None, "d": 9} == counts_shown({"a": 1, "b": 1, "c": 6, "d": 9}, [("a", "b", "c", "d")], K)


def test_cells_of_zero_and_of_k_are_shown() -> None:
    """insights.H1: nobody and k people are no small group."""
    assert {"a": 0, "b": 5} == counts_shown({"a": 0, "b": 5}, [("a", "b")], K)


def test_members_that_cells_share_count_once() -> None:
    """insights.H2: two families taught by the same three pairs hide three pairs, not six."""
    members = {"a": frozenset("xyz"), "b": frozenset("xyz"), "c": frozenset("lmnop"), "d": frozenset("lmnopq")}

    assert frozenset({"a", "b", "c"}) == hidden_cells(members, [tuple("abcd")], K)


@given(
    counts=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 12), min_size=1),
    cuts=st.lists(st.sets(st.sampled_from("abcdefgh"), min_size=1), max_size=3),
)
def test_no_line_gives_a_small_group_away(counts: dict[str, int], cuts: list[set[str]]) -> None:
    """insights.H1, insights.H2: on each line what is hidden is nothing, or two cells and k members, or everything that there is."""
    lines = [[cell for cell in cut if cell in counts] for cut in [*cuts, set(counts)]]

    shown = counts_shown(counts, lines, K)

    assert all(count is None or count == 0 or count >= K for count in shown.values())
    for line in lines:
        gone = [counts[cell] for cell in line if shown[cell] is None]
        is_everything = all(shown[cell] is None or counts[cell] == 0 for cell in line)
        assert not gone or (len(gone) > 1 and sum(gone) >= K) or is_everything
