"""The auction of domain/auction on arrays: the same bids in the same order."""

from typing import Any

import numpy as np
from numba import njit

from engine.domain.auction import EPSILON_GROWTH, LOOKS_BASE, LOOKS_PER_SLOT
from engine.fast.judging import Array


def auction(bidders: Array, items: Array, weights: Array, room: Array) -> tuple[Array, int]:
    """Let bidders outbid each other until all are content.

    Args:
        bidders: position of each edge's bidder; each bidder's edges heaviest first.
        items: position of each edge's object.
        weights: weight of each edge.
        room: by position: units of a bidder, slots of an object.
    Returns: which edges are held, and the value of the dual solution that the prices give.
    """
    begins, order = _by_bidder(bidders, len(room))
    slots_at = np.zeros(len(room) + 1, np.int64)
    is_item = np.zeros(len(room), np.bool_)
    is_item[items] = True
    np.cumsum(np.where(is_item, room, 0), out=slots_at[1:])
    held, floors = _bid((begins, order), items, weights, room, slots_at)
    dual = int((room[is_item] * floors[is_item]).sum()) + _surplus((begins, order), items, weights, room, floors)
    return held, dual


@njit(cache=True, nogil=True)
def _by_bidder(bidders: Array, size: int) -> Any:
    begins = np.zeros(size + 1, np.int64)
    for bidder in bidders:
        begins[bidder + 1] += 1
    for bidder in range(size):
        begins[bidder + 1] += begins[bidder]
    ends, order = begins.copy(), np.empty(len(bidders), np.int32)
    for number in range(len(bidders)):
        order[ends[bidders[number]]] = number
        ends[bidders[number]] += 1
    return begins, order


@njit(cache=True, nogil=True)
def _bid(edges: Any, items: Array, weights: Array, room: Array, slots_at: Array) -> Any:
    begins, order = edges
    size = len(room)
    prices, holders = np.zeros(slots_at[size], np.int64), np.full(slots_at[size], -1, np.int32)
    floors, units, held = np.zeros(size, np.int64), room.copy(), np.zeros(len(items), np.bool_)
    owner_of = np.empty(len(items), np.int32)
    queue, queued = np.empty(size + 1, np.int32), np.zeros(size, np.bool_)
    head = waiting = 0
    for bidder in range(size):
        for at in range(begins[bidder], begins[bidder + 1]):
            owner_of[order[at]] = bidder
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
            number, raise_by, looks = _best(edges, bidder, items, weights, (held, floors))
            looks_left -= looks
            if number < 0:
                break
            item = items[number]
            displaced = _take((prices, holders, floors), slots_at[item], slots_at[item + 1], item, (number, raise_by + epsilon))
            held[number] = True
            units[bidder] -= 1
            if displaced >= 0:
                held[displaced] = False
                loser = owner_of[displaced]
                units[loser] += 1
                if not queued[loser]:
                    queue[(head + waiting) % len(queue)] = loser
                    queued[loser] = True
                    waiting += 1
            if looks_left <= 0:
                epsilon, looks_left = EPSILON_GROWTH * epsilon, looks_before_growth
    return held, floors


@njit(cache=True, nogil=True)
def _take(market: Any, first: int, end: int, item: int, bid: Any) -> int:
    """Give the first of the cheapest slots to a bid; say which edge held it."""
    prices, holders, floors = market
    number, raise_by = bid
    slot = first
    for at in range(first, end):
        if prices[at] < prices[slot]:
            slot = at
    displaced = holders[slot]
    prices[slot] += raise_by
    holders[slot] = number
    floor = prices[first]
    for at in range(first, end):
        floor = min(floor, prices[at])
    floors[item] = floor
    return int(displaced)


@njit(cache=True, nogil=True)
def _best(edges: Any, bidder: int, items: Array, weights: Array, state: Any) -> Any:
    """Find the edge worth most above its price, its advantage over the second best, and how many were looked at; -1 for none."""
    begins, order = edges
    held, floors = state
    best = second = looks = 0
    best_number = -1
    for at in range(begins[bidder], begins[bidder + 1]):
        number = order[at]
        if weights[number] <= second:
            break
        looks += 1
        if held[number]:
            continue
        value = weights[number] - floors[items[number]]
        if value > best:
            best, second = value, best
            best_number = number
        elif value > second:
            second = value
    return best_number, best - second, looks


@njit(cache=True, nogil=True)
def _surplus(edges: Any, items: Array, weights: Array, room: Array, floors: Array) -> int:
    """Add up what bidders would gain at the final prices, each from as many objects as it has units."""
    begins, order = edges
    total = 0
    for bidder in range(len(room)):
        count = begins[bidder + 1] - begins[bidder]
        if count == 0:
            continue
        gains = np.empty(count, np.int64)
        for at in range(count):
            number = order[begins[bidder] + at]
            gains[at] = max(0, weights[number] - floors[items[number]])
        gains.sort()
        for at in range(max(0, count - room[bidder]), count):
            total += gains[at]
    return total
