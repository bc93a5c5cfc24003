"""`make soak`: many simulated years on all cores, for a night or a release.

Prints how far it is and how long it will take; a year that breaks an invariant is shown and kept in seeds.txt.
"""

import argparse
import multiprocessing
import os
import sys
import time

from tests.simulation.years import FAILED_BEFORE, SEEDS, Year, failed_before, finding


def _played(year: Year) -> tuple[Year, str]:
    return year, finding(year)


def main() -> int:
    """Play the years that the arguments ask for. Returns: 1 when one broke an invariant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=SEEDS.stop, help="the first seed; earlier ones belong to the tests")
    parser.add_argument("--people", type=int, default=80)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    years = [Year(seed, asked.people, asked.months) for seed in range(asked.first, asked.first + asked.seeds)]
    started, broken = time.monotonic(), 0
    with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
        for done, (year, found) in enumerate(pool.imap_unordered(_played, years), start=1):
            if found:
                broken += 1
                print(f"\n{found}", flush=True)
                _keep(year)
            left_seconds = (time.monotonic() - started) / done * (len(years) - done)
            end = "\r" if sys.stdout.isatty() else "\n"
            if sys.stdout.isatty() or done % 10 == 0 or done == len(years):
                print(f"{done}/{len(years)} years, {broken} broken, {left_seconds / 60:.1f} min left  ", end=end, flush=True)
    print()
    return 1 if broken else 0


def _keep(year: Year) -> None:
    if year not in failed_before():
        with FAILED_BEFORE.open("a", encoding="utf-8") as file:
            file.write(f"{year}\n")


if __name__ == "__main__":
    sys.exit(main())
