"""The heaviest matching of a small graph with odd cycles, exactly.

Decides: which vertices to pair so that the total weight is greatest; each vertex at most once.
Never knows: people, room, rounds (assigning/assignment turns those into vertices).

How: Edmonds' primal-dual method. Every vertex has a label; an edge is tight when its two labels add up to twice its weight. Alternating
trees grow from unmatched vertices over tight edges; an odd cycle is shrunk into a blossom that acts as one vertex with a label of its
own; labels move until something becomes tight. It ends when the labels of unmatched vertices are zero, which proves the optimum.

Invariants
    assigning.B1  No edge has less than nothing to tightness: labels are a feasible dual solution at every step.
    assigning.B2  Matched edges are tight, so no matching of the graph weighs more than the one returned.

Limits: work grows with the cube of the vertices; 300 of them take 3 to 10 seconds. Where the extra `fast` is installed,
compiled/blossom solves the same graph 30 to 40 times faster.

Source: Edmonds (1965); Galil, efficient algorithms for finding maximum matching in graphs (1986).
"""

from collections import deque
from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

Vertex = int
_NONE = 0


class _Mark(IntEnum):
    """Where a top-level vertex stands in the alternating trees."""

    FREE = -1
    OUTER = 0
    INNER = 1


class HeaviestMatching(Protocol):
    """A way to find the heaviest matching of a small graph; see `heaviest_matching`."""

    def __call__(self, vertex_count: int, weights: Mapping[tuple[int, int], int], /) -> tuple[tuple[int, int], ...]:
        """Match vertices so that the weights of the matched edges add up to the most."""


def heaviest_matching(vertex_count: int, weights: Mapping[tuple[int, int], int]) -> tuple[tuple[int, int], ...]:
    """Match vertices so that the weights of the matched edges add up to the most.

    Args:
        vertex_count: vertices are 0 to vertex_count − 1.
        weights: above zero, by (lower, higher) vertex.
    Returns: the matched edges, lower vertex first, sorted. If several matchings weigh the most, any of them; callers who care make
        weights differ.
    """
    assert all(weight > 0 for weight in weights.values()), "an edge is worth something"
    if not weights:
        return ()
    forest = _Forest(vertex_count, weights)
    while forest.augment_once():
        pass
    pairs = ((vertex - 1, forest.mates[vertex] - 1) for vertex in range(1, vertex_count + 1) if forest.mates[vertex])
    return tuple(sorted(pair for pair in pairs if pair[0] < pair[1]))


class _Forest:
    """Labels, blossoms and alternating trees. Vertices count from 1; blossoms follow; 0 is nobody."""

    def __init__(self, vertex_count: int, weights: Mapping[tuple[int, int], int]) -> None:
        size = vertex_count + vertex_count // 2 + 2
        self.n = self.top = vertex_count
        self.mates = [_NONE] * size
        self.labels = [max(weights.values())] * (vertex_count + 1) + [0] * (size - vertex_count - 1)
        self.outermost = [x if x <= vertex_count else _NONE for x in range(size)]
        """The blossom, or the vertex itself, that stands for each; nobody for unused numbers."""
        self.parents = [_NONE] * size
        self.marks = [_Mark.FREE] * size
        self.nearest = [_NONE] * size
        """For each top-level vertex, the outer vertex with the edge closest to tightness."""
        self.petals: list[list[Vertex]] = [[] for _ in range(size)]
        self.petal_with = [[x if x == v else _NONE for v in range(vertex_count + 1)] for x in range(size)]
        """By blossom and vertex: the petal that holds the vertex."""
        self.edges: list[list[tuple[Vertex, Vertex] | None]] = [[None] * size for _ in range(size)]
        """By top-level ends: the original edge closest to tightness between them."""
        self.weights: dict[tuple[Vertex, Vertex], int] = {}
        self.neighbours: list[list[Vertex]] = [[] for _ in range(vertex_count + 1)]
        self.seen = [0] * size
        self.searches = 0
        self.queue: deque[Vertex] = deque()
        for (a, b), weight in sorted(weights.items()):
            for u, v in ((a + 1, b + 1), (b + 1, a + 1)):
                self.weights[u, v] = 2 * weight
                self.edges[u][v] = (u, v)
                self.neighbours[u].append(v)

    def augment_once(self) -> bool:
        """Add one matched edge along an alternating path; False if the matching is the heaviest."""
        for x in range(1, self.top + 1):
            self.marks[x] = _Mark.FREE
            self.nearest[x] = _NONE
        self.queue.clear()
        for x in self._tops():
            if not self.mates[x]:
                self.parents[x] = _NONE
                self.marks[x] = _Mark.OUTER
                self._enqueue(x)
        if not self.queue:
            return False
        while True:
            if self._grow():
                return True
            if not self._relabel():
                return False
            if self._use_tight_edges():
                return True
            for b in range(self.n + 1, self.top + 1):
                if self.outermost[b] == b and self.marks[b] is _Mark.INNER and self.labels[b] == 0:
                    self._expand(b)

    def _tops(self) -> list[Vertex]:
        return [x for x in range(1, self.top + 1) if self.outermost[x] == x]

    def _gap(self, edge: tuple[Vertex, Vertex] | None) -> int:
        """Say how far an edge is from being tight."""
        assert edge is not None, "only edges that exist are asked about"
        return self.labels[edge[0]] + self.labels[edge[1]] - self.weights[edge]

    def _edge(self, x: Vertex, y: Vertex) -> tuple[Vertex, Vertex]:
        edge = self.edges[x][y]
        assert edge is not None, "the two were joined"
        return edge

    def _grow(self) -> bool:
        """Follow tight edges from outer vertices; True once an augmenting path was used."""
        while self.queue:
            u = self.queue.popleft()
            if self.marks[self.outermost[u]] is _Mark.INNER:
                continue
            for v in self.neighbours[u]:
                if self.outermost[u] == self.outermost[v]:
                    continue
                if self._gap((u, v)) == 0:
                    if self._found((u, v)):
                        return True
                else:
                    self._note_nearest(u, self.outermost[v])
        return False

    def _relabel(self) -> bool:
        """Move labels until something becomes tight; False when labels of unmatched vertices reach zero."""
        steps = [self.labels[b] // 2 for b in range(self.n + 1, self.top + 1) if self.outermost[b] == b and self.marks[b] is _Mark.INNER]
        for x in self._tops():
            if self.nearest[x] and self.marks[x] is not _Mark.INNER:
                gap = self._gap(self.edges[self.nearest[x]][x])
                steps.append(gap if self.marks[x] is _Mark.FREE else gap // 2)
        outer = [u for u in range(1, self.n + 1) if self.marks[self.outermost[u]] is _Mark.OUTER]
        lowest = min(self.labels[u] for u in outer)
        step = min(steps, default=lowest)
        if lowest <= step:
            return False
        for u in range(1, self.n + 1):
            self.labels[u] += {_Mark.OUTER: -step, _Mark.INNER: step, _Mark.FREE: 0}[self.marks[self.outermost[u]]]
        for b in range(self.n + 1, self.top + 1):
            if self.outermost[b] == b:
                self.labels[b] += {_Mark.OUTER: 2 * step, _Mark.INNER: -2 * step, _Mark.FREE: 0}[self.marks[b]]
        return True

    def _use_tight_edges(self) -> bool:
        self.queue.clear()
        for x in range(1, self.top + 1):
            near = self.nearest[x]
            if self.outermost[x] != x or not near or self.outermost[near] == x:
                continue
            edge = self._edge(near, x)
            if self._gap(edge) == 0 and self._found(edge):
                return True
        return False

    def _note_nearest(self, u: Vertex, x: Vertex) -> None:
        known = self.nearest[x]
        if not known or self._gap(self.edges[u][x]) < self._gap(self.edges[known][x]):
            self.nearest[x] = u

    def _find_nearest(self, x: Vertex) -> None:
        self.nearest[x] = _NONE
        for u in range(1, self.n + 1):
            if self.edges[u][x] is not None and self.outermost[u] != x and self.marks[self.outermost[u]] is _Mark.OUTER:
                self._note_nearest(u, x)

    def _enqueue(self, x: Vertex) -> None:
        if x <= self.n:
            self.queue.append(x)
            return
        for petal in self.petals[x]:
            self._enqueue(petal)

    def _set_outermost(self, x: Vertex, b: Vertex) -> None:
        self.outermost[x] = b
        for petal in self.petals[x] if x > self.n else ():
            self._set_outermost(petal, b)

    def _found(self, edge: tuple[Vertex, Vertex]) -> bool:
        """Use a tight edge from an outer vertex: grow a tree, shrink a blossom, or augment (True)."""
        u, v = self.outermost[edge[0]], self.outermost[edge[1]]
        if self.marks[v] is _Mark.FREE:
            mate = self.outermost[self.mates[v]]
            self.parents[v] = edge[0]
            self.marks[v], self.marks[mate] = _Mark.INNER, _Mark.OUTER
            self.nearest[v] = self.nearest[mate] = _NONE
            self._enqueue(mate)
        elif self.marks[v] is _Mark.OUTER:
            root = self._common_root(u, v)
            if not root:
                self._augment(u, v)
                self._augment(v, u)
                return True
            self._shrink(u, root, v)
        return False

    def _common_root(self, u: Vertex, v: Vertex) -> Vertex:
        """Find where the paths of two outer vertices to their roots meet; nobody if in two trees."""
        self.searches += 1
        while u or v:
            if u:
                if self.seen[u] == self.searches:
                    return u
                self.seen[u] = self.searches
                u = self.outermost[self.mates[u]]
                u = self.outermost[self.parents[u]] if u else _NONE
            u, v = v, u
        return _NONE

    def _augment(self, u: Vertex, v: Vertex) -> None:
        while True:
            inner = self.outermost[self.mates[u]]
            self._match(u, v)
            if not inner:
                return
            outer = self.outermost[self.parents[inner]]
            self._match(inner, outer)
            u, v = outer, inner

    def _match(self, u: Vertex, v: Vertex) -> None:
        """Match u with v; inside a blossom turn the matching so that the right petal looks outwards."""
        edge = self._edge(u, v)
        self.mates[u] = edge[1]
        if u <= self.n:
            return
        petal = self.petal_with[u][edge[0]]
        turn = self._even_index(u, petal)
        for index in range(turn):
            self._match(self.petals[u][index], self.petals[u][index ^ 1])
        self._match(petal, v)
        self.petals[u] = self.petals[u][turn:] + self.petals[u][:turn]

    def _even_index(self, b: Vertex, petal: Vertex) -> int:
        """Say where a petal stands, walking round in the direction that makes the number even."""
        index = self.petals[b].index(petal)
        if index % 2 == 0:
            return index
        self.petals[b][1:] = reversed(self.petals[b][1:])
        return len(self.petals[b]) - index

    def _shrink(self, u: Vertex, root: Vertex, v: Vertex) -> None:
        """Make one outer vertex of the odd cycle root … u – v … root."""
        b = self.n + 1
        while b <= self.top and self.outermost[b]:
            b += 1
        self.top = max(self.top, b)
        self.labels[b] = 0
        self.marks[b] = _Mark.OUTER
        self.mates[b] = self.mates[root]
        self.parents[b] = self.parents[root]
        self.petals[b] = [root, *reversed(self._path(u, root)), *self._path(v, root)]
        self._set_outermost(b, b)
        for x in range(1, self.top + 1):
            self.edges[b][x] = self.edges[x][b] = None
        self.petal_with[b] = [_NONE] * (self.n + 1)
        for petal in self.petals[b]:
            for x in range(1, self.top + 1):
                edge = self.edges[petal][x]
                if edge is not None and (self.edges[b][x] is None or self._gap(edge) < self._gap(self.edges[b][x])):
                    self.edges[b][x], self.edges[x][b] = edge, self.edges[x][petal]
            for vertex in range(1, self.n + 1):
                if self.petal_with[petal][vertex]:
                    self.petal_with[b][vertex] = petal
        self._find_nearest(b)

    def _path(self, x: Vertex, root: Vertex) -> list[Vertex]:
        """List the way from an outer vertex up to the root, root excluded; inner ones become outer."""
        found: list[Vertex] = []
        while x != root:
            inner = self.outermost[self.mates[x]]
            found += [x, inner]
            self._enqueue(inner)
            x = self.outermost[self.parents[inner]]
        return found

    def _expand(self, b: Vertex) -> None:
        """Undo an inner blossom whose label is zero; its even side stays in the tree."""
        for petal in self.petals[b]:
            self._set_outermost(petal, petal)
        entry = self.petal_with[b][self._edge(b, self.parents[b])[0]]
        turn = self._even_index(b, entry)
        petals = self.petals[b]
        for index in range(0, turn, 2):
            inner, outer = petals[index], petals[index + 1]
            self.parents[inner] = self._edge(outer, inner)[0]
            self.marks[inner], self.marks[outer] = _Mark.INNER, _Mark.OUTER
            self.nearest[inner] = _NONE
            self._find_nearest(outer)
            self._enqueue(outer)
        self.marks[entry] = _Mark.INNER
        self.parents[entry] = self.parents[b]
        for petal in petals[turn + 1 :]:
            self.marks[petal] = _Mark.FREE
            self._find_nearest(petal)
        self.outermost[b] = _NONE
        self.petals[b] = []
