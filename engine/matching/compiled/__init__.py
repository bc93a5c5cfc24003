"""The same choice of pairs as assigning/choosing, compiled: an optional extra for large pools.

Every module here repeats, on arrays, what a module of the domain does on plain objects, and gives the same numbers bit for bit. Nothing
imports this package but the runtimes and the benchmarks; where numba is not installed, `choose_pairs` takes the domain's own way.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import Final

from engine.errors import InvalidSettings
from engine.matching.assigning.blossom import HeaviestMatching, heaviest_matching
from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.matching.assigning.choosing import choose_pairs as choose_plainly
from engine.matching.pool import PoolMember
from engine.matching.search.standby import PlainStandby, Standby, standby_pool_of
from schemas.terms.codes import Matcher
from schemas.terms.policy import Policy

COMPILED_FROM: Final = 1_500
"""In a smaller pool the plain way is done before the compiled one is loaded."""


def has_numba() -> bool:
    """Say whether the extra `fast` is installed."""
    return find_spec("numba") is not None and find_spec("numpy") is not None


def has_rustworkx() -> bool:
    """Say whether the part of the extra `fast` for graphs with odd cycles is installed."""
    return find_spec("rustworkx") is not None


def has_ortools() -> bool:
    """Say whether the extra `exact` is installed."""
    return has_numba() and find_spec("ortools") is not None


def quickest_matching() -> HeaviestMatching:
    """Return the quickest way to find the heaviest matching of a small graph that this machine has."""
    if not has_rustworkx():
        return heaviest_matching
    from engine.matching.compiled.blossom import heaviest_by_rustworkx

    return heaviest_by_rustworkx


Progress = Callable[[str], None]


def silent(_step: str) -> None:
    """Tell nobody."""


def choose_pairs(task: RoundTask, *, progress: Progress = silent) -> ChosenPairs:
    """Choose the pairs of a round in the quickest way that this machine has; which one it was never shows in a result.

    Args:
        task: what the round asks.
        progress: hears the name of each step of the compiled way as it begins.
    Raises:
        InvalidSettings: if the policy wants the exact matcher and OR-tools isn't installed here. The process stops, for a round left out
            on one machine alone would be another result.
    """
    if task.matcher is Matcher.EXACT:
        if not has_ortools():
            reason = "exact needs OR-tools, which is not installed here; install bothways[exact] on every machine, or use matcher auction"
            raise InvalidSettings(name="policy matcher", reason=reason)
        from engine.matching.compiled.exact_matcher import choose_exactly

        return choose_exactly(task)
    if len(task.seekers.positions) < COMPILED_FROM or not has_numba():
        return choose_plainly(task, heaviest=quickest_matching())
    progress("compiled code loaded")
    from engine.matching.compiled.choosing import choose_pairs as choose_compiled

    return choose_compiled(task, progress=progress)


def standby(
    members: Iterable[PoolMember], policy: Policy, *, round_ordinal: int, at: datetime, topic_catalogue: Mapping[str, str]
) -> Standby:
    """Keep a pool ready for questions about single people, in the quickest way that this machine has; every way answers alike.

    Args: see search/standby.standby_pool_of.
    """
    asked = standby_pool_of(members, policy, round_ordinal=round_ordinal, at=at, topic_catalogue=topic_catalogue)
    if len(asked.seekers.positions) < COMPILED_FROM or not has_numba():
        return PlainStandby(asked)
    from engine.matching.compiled.partner import CompiledStandby

    return CompiledStandby(asked)
