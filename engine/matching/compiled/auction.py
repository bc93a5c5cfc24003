"""The auction of assigning/auction on arrays: the same bids in the same order."""

from typing import Any, Final

import numpy as np

from engine.matching.assigning.auction import EPSILON_GROWTH, LOOKS_BASE, LOOKS_PER_SLOT
from engine.matching.compiled.compiling import njit
from engine.matching.compiled.judging import Array

WEIGHT_MAX: Final = 1 << 26
"""Prices have 32 bits: half the memory, and twice as many of them in the processor's cache."""


def auction(left: Array, right: Array, weights: Array, room: Array, *, is_both_ways: bool = False) -> tuple[Array, Array, int]:
    """Let bidders outbid each other until all are content.

    Args:
        left: position of each edge's bidder; each bidder's edges heaviest first.
        right: position of each edge's object.
        weights: weight of each edge.
        room: by position: units of a bidder, slots of an object.
        is_both_ways: let the right ends bid for the left ones too, as another unit of each person: the double cover.
    Returns: which edges the left ends hold, which the right ends hold, and the value of the dual solution that the prices give.
    """
    assert weights.max(initial=0) < WEIGHT_MAX, "no score with its bonuses is anywhere near"
    # A bidder's edges stand side by side: looking at them is what an auction does all the time.
    begins, numbers, items, values = _by_bidder(left, right, weights.astype(np.int32), len(room), is_both_ways)
    is_item = np.zeros(len(room), np.bool_)
    is_item[right] = True
    if is_both_ways:
        is_item[left] = True
    slots_at = np.zeros(len(room) + 1, np.int64)
    np.cumsum(np.where(is_item, room, 0), out=slots_at[1:])
    held, floors = _bid(begins, items, values, room, slots_at)
    dual = int((room[is_item] * floors[is_item].astype(np.int64)).sum()) + _surplus(begins, items, values, room, floors)
    forth, back = np.zeros(len(left), np.bool_), np.zeros(len(left) if is_both_ways else 0, np.bool_)
    _told(numbers[held], forth, back)
    return forth, back, dual


@njit(cache=True, nogil=True)
def _by_bidder(left: Array, right: Array, weights: Array, size: int, is_both_ways: bool) -> Any:
    """Put each bidder's edges side by side: where they begin, their numbers, objects and weights; turned edges have numbers below 0."""
    begins = np.zeros(size + 1, np.int64)
    for number in range(len(left)):
        begins[left[number] + 1] += 1
        if is_both_ways:
            begins[right[number] + 1] += 1
    for bidder in range(size):
        begins[bidder + 1] += begins[bidder]
    ends = begins.copy()
    numbers, items, values = np.empty(begins[size], np.int32), np.empty(begins[size], np.int32), np.empty(begins[size], np.int32)
    for number in range(len(left)):
        at = ends[left[number]]
        numbers[at], items[at], values[at] = number, right[number], weights[number]
        ends[left[number]] += 1
        if is_both_ways:
            at = ends[right[number]]
            numbers[at], items[at], values[at] = ~number, left[number], weights[number]
            ends[right[number]] += 1
    return begins, numbers, items, values


@njit(cache=True, nogil=True)
def _told(numbers: Array, forth: Array, back: Array) -> None:
    for number in numbers:
        if number >= 0:
            forth[number] = True
        else:
            back[~number] = True


@njit(cache=True, nogil=True)
def _bid(begins: Array, items: Array, weights: Array, room: Array, slots_at: Array) -> Any:
    size = len(room)
    prices, holders = np.zeros(slots_at[size], np.int32), np.full(slots_at[size], -1, np.int32)
    owners = np.empty(slots_at[size], np.int32)
    floors, units, held = np.zeros(size, np.int32), room.copy(), np.zeros(len(items), np.bool_)
    queue, queued = np.empty(size + 1, np.int32), np.zeros(size, np.bool_)
    head = waiting = 0
    for bidder in range(size):
        if begins[bidder + 1] > begins[bidder]:
            queue[waiting] = bidder
            queued[bidder] = True
            waiting += 1
    looks_before_growth = LOOKS_BASE + LOOKS_PER_SLOT * slots_at[size]
    epsilon, looks_left = 1, looks_before_growth
    while waiting:
        bidder = queue[head]
        head = (head + 1) % len(queue)
        waiting -= 1
        queued[bidder] = False
        while units[bidder] > 0:
            number, raise_by, looks = _best((begins[bidder], begins[bidder + 1]), items, weights, held, floors)
            looks_left -= looks
            if number < 0:
                break
            item = items[number]
            slot = _cheapest(prices, slots_at[item], slots_at[item + 1])
            displaced, loser = holders[slot], owners[slot]
            prices[slot] += raise_by + epsilon
            holders[slot], owners[slot] = number, bidder
            floors[item] = prices[_cheapest(prices, slots_at[item], slots_at[item + 1])]
            held[number] = True
            units[bidder] -= 1
            if displaced >= 0:
                held[displaced] = False
                units[loser] += 1
                if not queued[loser]:
                    queue[(head + waiting) % len(queue)] = loser
                    queued[loser] = True
                    waiting += 1
            if looks_left <= 0:
                epsilon, looks_left = EPSILON_GROWTH * epsilon, looks_before_growth
    return held, floors


@njit(cache=True, nogil=True, inline="always")
def _cheapest(prices: Array, first: int, end: int) -> int:
    """Find the first of the cheapest slots."""
    slot = first
    for at in range(first + 1, end):
        if prices[at] < prices[slot]:
            slot = at
    return slot


@njit(cache=True, nogil=True)
def _best(mine: Any, items: Array, weights: Array, held: Array, floors: Array) -> Any:
    """Find the edge worth most above its price, its advantage over the second best, and how many were looked at; -1 for none."""
    first, end = mine
    best, second, looks = np.int64(0), np.int64(0), 0
    best_number = -1
    for number in range(first, end):
        if weights[number] <= second:
            break
        looks += 1
        if held[number]:
            continue
        value = np.int64(weights[number]) - np.int64(floors[items[number]])
        if value > best:
            best, second = value, best
            best_number = number
        elif value > second:
            second = value
    return best_number, best - second, looks


@njit(cache=True, nogil=True)
def _surplus(begins: Array, items: Array, weights: Array, room: Array, floors: Array) -> int:
    """Add up what bidders would gain at the final prices, each from as many objects as it has units."""
    total = 0
    for bidder in range(len(room)):
        first, end = begins[bidder], begins[bidder + 1]
        if room[bidder] == 1:
            most: Any = 0
            for number in range(first, end):
                most = max(most, np.int64(weights[number]) - np.int64(floors[items[number]]))
            total += most
            continue
        if first == end:
            continue
        gains = np.empty(end - first, np.int64)
        for number in range(first, end):
            gains[number - first] = max(0, np.int64(weights[number]) - np.int64(floors[items[number]]))
        gains.sort()
        for at in range(max(0, end - first - room[bidder]), end - first):
            total += gains[at]
    return total
