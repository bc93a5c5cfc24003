"""How long a round takes in a process that holds the people already, from members to proposals, reasons and certificate."""

import gc

from ops.bench.matching.people import people
from ops.bench.matching.rounds import held, told, warm_up

SIZES = (2_000, 10_000, 100_000)


def run(sizes: list[int]) -> None:
    """Hold a first round of pools of several sizes."""
    warm_up()
    for size in sizes or SIZES:
        told("round", size, held(people(size)))
        gc.collect()
