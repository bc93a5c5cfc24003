"""The heaviest matching of a small graph with odd cycles: what assigning/blossom finds, by the library rustworkx.

Both ways find a heaviest matching. A caller whose weights leave one heaviest choice of pairs gets the same pairs from both.
"""

from collections.abc import Mapping

from rustworkx import PyGraph, max_weight_matching


def heaviest_by_rustworkx(vertex_count: int, weights: Mapping[tuple[int, int], int], /) -> tuple[tuple[int, int], ...]:
    """Match vertices so that the weights of the matched edges add up to the most; see assigning/blossom.

    Limits: rustworkx computes with 128 bits.
    """
    graph: PyGraph[None, int] = PyGraph(multigraph=False)
    graph.add_nodes_from([None] * vertex_count)
    graph.add_edges_from([(low, high, weight) for (low, high), weight in weights.items()])
    matched = max_weight_matching(graph, weight_fn=int)
    return tuple(sorted((min(pair), max(pair)) for pair in matched))
