"""Seeded draws, one independent stream per concern.

A stream is named after what it decides (`answer`, a pairing, a person), so no draw depends on how many others came
before it. Names are hashed by `random` itself, never by `hash()`, so PYTHONHASHSEED changes nothing.
"""

from collections.abc import Sequence
from random import Random


def stream(seed: int, *names: str | int) -> Random:
    """The stream of one concern."""
    return Random("/".join(str(part) for part in (seed, *names)))


def weighted_sample(draw: Random, weights: Sequence[float], count: int) -> list[int]:
    """Draw `count` different positions, each with a chance in proportion to its weight.

    Positions of weight 0 are never drawn.
    Source: Efraimidis and Spirakis 2006 (exponential keys).
    """
    keys = [(draw.expovariate(weight), position) for position, weight in enumerate(weights) if weight > 0]
    return [position for _, position in sorted(keys)[:count]]
