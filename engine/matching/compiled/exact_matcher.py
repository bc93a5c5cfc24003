"""`matcher: exact`: pairs by minimum-cost flow (OR-tools), for programmes that want the optimum itself.

A graph in two sides is solved to the optimum; tie hashes stand below the weights, so there is one optimum and it is the same everywhere.
In a graph with odd cycles the flow solves the double cover and each recolouring; small components are solved by the domain's blossom
method, larger ones come as near to their bound as rounding allows.
"""

from functools import partial
from typing import Any

import numpy as np

from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.matching.compiled.assignment import Graph, Solver, maximal
from engine.matching.compiled.choosing import choose_pairs
from engine.matching.compiled.judging import Array

_TIE_BITS = 18


def choose_exactly(task: RoundTask) -> ChosenPairs:
    """Choose the pairs of a round by flow."""
    return choose_pairs(task, solver=Solver(across, cover))


def across(graph: Graph, numbers: Array, side: Array, room: Array) -> tuple[Array, int]:
    """Solve a graph whose every edge joins the two sides, to the optimum."""
    lo, hi = graph.lo[numbers], graph.hi[numbers]
    is_turned = side[lo].astype(np.bool_)
    left, right = np.where(is_turned, hi, lo), np.where(is_turned, lo, hi)
    used = _flow(left, right, _unique_weights(graph, numbers), room)
    return numbers[maximal(lo, hi, room, used)], int(graph.weight[numbers[used]].sum(dtype=np.int64))


def cover(graph: Graph, numbers: Array, room: Array) -> tuple[Array, Array, int]:
    """Solve the double cover of a graph: for each edge how many of its two directions are used, and twice the bound."""
    lo, hi = graph.lo[numbers], graph.hi[numbers]
    weights = np.tile(_unique_weights(graph, numbers), 2)
    used = _flow(np.concatenate([lo, hi]), np.concatenate([hi, lo]), weights, room)
    forth, back = used[: len(numbers)], used[len(numbers) :]
    return forth, back, int(graph.weight[numbers].astype(np.int64) @ (forth.astype(np.int64) + back))


def _unique_weights(graph: Graph, numbers: Array) -> Array:
    ties = (graph.tie[numbers] >> np.uint64(64 - _TIE_BITS)).astype(np.int64)
    return (graph.weight[numbers].astype(np.int64) << 20) + ties


def _flow(left: Array, right: Array, weights: Array, room: Array) -> Array:
    from ortools.graph.python import min_cost_flow

    lefts, left_nodes = np.unique(left, return_inverse=True)
    rights, right_nodes = np.unique(right, return_inverse=True)
    source, sink = len(lefts) + len(rights), len(lefts) + len(rights) + 1
    network = min_cost_flow.SimpleMinCostFlow()
    add = partial(_add, network)
    add(np.full(len(lefts), source), np.arange(len(lefts)), room[lefts], 0)
    arcs = add(left_nodes, right_nodes + len(lefts), np.ones(len(left), np.int64), -weights)
    add(np.arange(len(rights)) + len(lefts), np.full(len(rights), sink), room[rights], 0)
    units = int(room[lefts].sum())
    add(np.array([source]), np.array([sink]), np.array([units]), 0)
    network.set_nodes_supplies(np.array([source, sink]), np.array([units, -units]))
    status = network.solve()
    assert status == network.OPTIMAL, status
    return np.asarray(network.flows(arcs)) > 0


def _add(network: Any, tails: Array, heads: Array, capacities: Array, costs: Any) -> Array:
    costs = np.broadcast_to(np.asarray(costs, np.int64), tails.shape)
    return np.asarray(
        network.add_arcs_with_capacity_and_unit_cost(
            tails.astype(np.int32), heads.astype(np.int32), capacities.astype(np.int64), np.ascontiguousarray(costs)
        )
    )
