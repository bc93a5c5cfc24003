"""A person's heaviest options, kept in a heap on arrays."""

from typing import Any

import numpy as np

from engine.matching.compiled.compiling import njit
from engine.matching.compiled.judging import Array


@njit(cache=True, nogil=True, inline="always")
def is_lighter(weights: Array, distances: Array, others: Array, one: int, two: int) -> bool:
    """Say whether one option comes after another: less weight, then further on the ring, then the higher number."""
    if weights[one] != weights[two]:
        return bool(weights[one] < weights[two])
    if distances[one] != distances[two]:
        return bool(distances[one] > distances[two])
    return bool(others[one] > others[two])


@njit(cache=True, nogil=True, inline="always")
def _swap(values: Array, one: int, two: int) -> None:
    values[one], values[two] = values[two], values[one]


@njit(cache=True, nogil=True)
def _sift_up(weights: Array, distances: Array, others: Array, scores: Array, at: int) -> None:
    while at > 0:
        parent = (at - 1) // 2
        if not is_lighter(weights, distances, others, at, parent):
            return
        _swap(weights, at, parent)
        _swap(distances, at, parent)
        _swap(others, at, parent)
        _swap(scores, at, parent)
        at = parent


@njit(cache=True, nogil=True)
def _sift_down(weights: Array, distances: Array, others: Array, scores: Array, size: int) -> None:
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        if child + 1 < size and is_lighter(weights, distances, others, child + 1, child):
            child += 1
        if not is_lighter(weights, distances, others, child, at):
            return
        _swap(weights, at, child)
        _swap(distances, at, child)
        _swap(others, at, child)
        _swap(scores, at, child)
        at = child


@njit(cache=True, nogil=True)
def keep(heap: Any, size: int, limit: int, option: Any) -> int:
    """Put an option among the heaviest, if it belongs there; say how many there are.

    Args:
        heap: weights, distances, others, scores; the lightest option first; one place more than the limit.
        size: how many options are kept.
        limit: how many may be kept.
        option: weight, distance, other, score.
    """
    weights, distances, others, scores = heap
    weight, distance, other, score = option
    at = min(size, limit)
    weights[at], distances[at], others[at], scores[at] = weight, distance, other, score
    if size < limit:
        _sift_up(weights, distances, others, scores, at)
        return size + 1
    if is_lighter(weights, distances, others, 0, at):
        weights[0], distances[0], others[0], scores[0] = weight, distance, other, score
        _sift_down(weights, distances, others, scores, size)
    return size


@njit(cache=True, nogil=True)
def new_heap(limit: int) -> Any:
    """Make room for a person's options."""
    return np.zeros(limit + 1, np.int64), np.zeros(limit + 1, np.uint64), np.zeros(limit + 1, np.int64), np.zeros(limit + 1, np.int64)
