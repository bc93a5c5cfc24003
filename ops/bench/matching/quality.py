"""How good the pairs are: the auction against flow on the same candidates, and the bounded index against exact lists."""

from ops.bench.matching.people import people
from ops.bench.matching.rounds import OPEN, held, told, warm_up
from schemas.codes import Matcher


def run(sizes: list[int]) -> None:
    """Solve the same graph by auction and by flow: two bands apart (two sides, so flow is exact), then any two people."""
    warm_up()
    for size in sizes or (2_000, 10_000, 50_000):
        pool = people(size)
        for name, gap in (("two sides", 2), ("any two", 0)):
            policy = OPEN.model_copy(update={"experience_gap_min": gap, "first_pair_first": False})
            auctioned = held(pool, policy)
            exact = held(pool, policy.model_copy(update={"matcher": Matcher.EXACT}))
            told(f"{name}, auction", size, auctioned)
            told(f"{name}, flow", size, exact)
            best = exact.result.certificate.bound
            share = auctioned.result.certificate.total / best
            print(f"{name:14} {size:>9,} auction is {share:.4%} of the optimum (flow's bound {best:,})", flush=True)


def run_bounded(sizes: list[int]) -> None:
    """Choose from bounded lists and from exact ones."""
    warm_up()
    for size in sizes or (20_000, 100_000):
        pool = people(size)
        bounded, exact = held(pool, exact_people_max=0), held(pool, exact_people_max=size)
        told("bounded", size, bounded)
        told("exact lists", size, exact)
        share = bounded.result.certificate.total / exact.result.certificate.total
        print(f"bounded        {size:>9,} {share:.3%} of the total on exact lists", flush=True)
