"""`python -m ops.bench.matching NAME...`: figures are printed; the README beside this file keeps them."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from engine.matching.assigning import choosing
from engine.matching.compiled import choose_pairs
from ops.bench.matching import daily, fairness, from_rows, odd, quality, reach, same, speed
from ops.bench.matching.peers import side_by_side

PARTS: Final[Mapping[str, Callable[[list[int]], None]]] = {
    "speed": speed.run,
    "rows": from_rows.run,
    "quality": quality.run,
    "whole": quality.run_whole,
    "bounded": quality.run_bounded,
    "daily": daily.run,
    "partner": daily.run_partner,
    "fairness": fairness.run,
    "reach": reach.run,
    "same": same.run,
    "odd": odd.run,
    "peers": side_by_side.run,
}


def main(arguments: list[str]) -> None:
    """Run the named parts, each with the sizes that follow its name."""
    choosing.use(choose_pairs)
    names = [argument for argument in arguments if argument in PARTS] or list(PARTS)
    for name in names:
        sizes: list[int] = []
        for argument in arguments[arguments.index(name) + 1 :] if name in arguments else []:
            if argument in PARTS:
                break
            sizes.append(int(argument))
        PARTS[name](sizes)


if __name__ == "__main__":
    main(sys.argv[1:])
