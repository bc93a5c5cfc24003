"""An integer auction in which one side of a graph bids for the other.

Decides: who holds what when nobody wants to bid any more, and what the final prices prove.
Never knows: people, weights beyond integers, what becomes of the result (assigning/assignment).

How: a bidder offers its best object the advantage over its second best plus epsilon, and displaces whoever held the cheapest slot. Prices
start at zero and never fall, so they are a solution of the dual linear programme.

Invariants
    assigning.U1  What is held and the dual value differ by at most epsilon for each unit held, while epsilon has not grown.
    assigning.U2  Work is bounded: equal weights would make bidders outbid each other by epsilon for long, so epsilon grows with the edges
        looked at.

Must stay in sync with: engine/matching/compiled/auction, which makes the same bids in the same order.

Source: Bertsekas and Castañón, auction algorithms for transportation problems (1989).
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

LOOKS_PER_SLOT: Final = 3_000
LOOKS_BASE: Final = 20_000
"""Epsilon grows each time that bidders have looked at that many edges, and LOOKS_PER_SLOT for each slot; a varied pool needs fewer."""
EPSILON_GROWTH: Final = 8


class Room(Protocol):
    """How many pairs each person may get; a component asks for its own people only."""

    def __getitem__(self, position: int, /) -> int:
        """Say how many."""


def auction(ends: Sequence[tuple[int, int]], weights: Sequence[int], room: Room) -> tuple[set[int], int]:
    """Let bidders outbid each other until all are content.

    Args:
        ends: (bidder, object) of each edge; each bidder's edges heaviest first.
        weights: weight of each edge.
        room: by position: units of a bidder, slots of an object.
    Returns: numbers of the edges held, and the value of the dual solution that the prices give.
    Order: bidders take turns first in, first out, starting in order of position; the first of equal values wins.
    """
    bids_on: dict[int, list[tuple[int, int, int]]] = {}
    for number, (bidder, item) in enumerate(ends):
        bids_on.setdefault(bidder, []).append((weights[number], item, number))
    items = {item for _, item in ends}
    prices = {item: [0] * room[item] for item in items}
    owners = {item: [-1] * room[item] for item in items}
    floors = dict.fromkeys(items, 0)
    units = {bidder: room[bidder] for bidder in bids_on}
    held: dict[int, dict[int, int]] = {bidder: {} for bidder in bids_on}
    queue = deque(sorted(bids_on))
    queued = set(queue)
    looks_before_growth = LOOKS_BASE + LOOKS_PER_SLOT * sum(len(slots) for slots in prices.values())
    epsilon, looks_left = 1, looks_before_growth
    while queue:
        bidder = queue.popleft()
        queued.discard(bidder)
        mine = held[bidder]
        while units[bidder] > 0:
            item, number, raise_by, looks = _best(bids_on[bidder], mine, floors)
            looks_left -= looks
            if item < 0:
                break
            slots = prices[item]
            slot = slots.index(floors[item])
            displaced = owners[item][slot]
            slots[slot] += raise_by + epsilon
            owners[item][slot] = bidder
            floors[item] = min(slots)
            mine[item] = number
            units[bidder] -= 1
            if displaced >= 0:
                del held[displaced][item]
                units[displaced] += 1
                if displaced not in queued:
                    queue.append(displaced)
                    queued.add(displaced)
            if looks_left <= 0:
                epsilon, looks_left = EPSILON_GROWTH * epsilon, looks_before_growth
    return {number for by_item in held.values() for number in by_item.values()}, _dual(bids_on, floors, room)


def _dual(bids_on: Mapping[int, Sequence[tuple[int, int, int]]], floors: Mapping[int, int], room: Room) -> int:
    """Say what the prices prove: no choice is worth more."""
    dual = sum(room[item] * floor for item, floor in floors.items())
    for bidder, options in bids_on.items():
        surplus = sorted((weight - floors[item] for weight, item, _ in options if weight > floors[item]), reverse=True)
        dual += sum(surplus[: room[bidder]])
    return dual


def _best(options: Sequence[tuple[int, int, int]], mine: dict[int, int], floors: dict[int, int]) -> tuple[int, int, int, int]:
    """Find the object worth most above its price: (object, edge number, advantage over the second best, edges looked at), or -1 for none.

    Options are heaviest first and prices are never negative, so the search ends at the first weight that can't be second.
    """
    best = second = looks = 0
    best_item = best_number = -1
    for weight, item, number in options:
        if weight <= second:
            break
        looks += 1
        if item in mine:
            continue
        value = weight - floors[item]
        if value > best:
            best, second = value, best
            best_item, best_number = item, number
        elif value > second:
            second = value
    return best_item, best_number, best - second, looks
