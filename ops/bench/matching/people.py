"""Synthetic pools: organisations with a skew of skills by experience, the same for one seed.

Juniors offer digital skills and want experience, seniors the other way round, and both want and offer some of everything. The shares
follow the study behind the design: four bands, five time zones, twenty departments, one tree of managers with eight reports each.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final

from engine.matching.hours import LocalHours
from engine.matching.pool import PoolMember
from engine.matching.scoring import TECH_FAMILIES
from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.terms.ids import PersonId

AT: Final = datetime(2025, 3, 5, 6, tzinfo=UTC)
FAMILIES: Final = {topic: family.value for topic, family, _ in BUILT_IN_TOPICS}
TECH: Final = tuple(topic for topic, family in FAMILIES.items() if family in TECH_FAMILIES)
OTHER: Final = tuple(topic for topic, family in FAMILIES.items() if family not in TECH_FAMILIES)
BAND_SHARES: Final = (34, 31, 24, 11)
TECH_OFFERED: Final = (0.60, 0.45, 0.25, 0.15)
TECH_WANTED: Final = (0.20, 0.25, 0.50, 0.55)
ZONES: Final = ("America/Los_Angeles", "America/New_York", "Europe/Madrid", "Asia/Kolkata", "Asia/Tokyo")
ZONE_SHARES: Final = (12, 23, 35, 18, 12)
LOCAL_LANGUAGES: Final = ("es", "es", "fr", "hi", "ja")
LANGUAGES: Final = ("de", "es", "fr", "hi", "it", "ja", "pt", "zh")
REPORTS: Final = 8
DEPARTMENTS: Final = 20
SKEW: Final = 0.9


def _cumulative(count: int) -> list[float]:
    return list(accumulate(1 / rank**SKEW for rank in range(1, count + 1)))


_TECH_WEIGHTS: Final = _cumulative(len(TECH))
_OTHER_WEIGHTS: Final = _cumulative(len(OTHER))
_HOURS: Final[tuple[tuple[LocalHours, ...], ...]] = tuple(
    tuple((weekday, f"{start:02d}:00", f"{start + 9:02d}:00") for weekday in range(1, 6)) for start in (8, 9, 10)
)


def people(size: int, seed: int = 1, *, room_max: int = 3) -> list[PoolMember]:
    """Make a pool of that many people, sorted by id.

    Args:
        size: how many.
        seed: another one gives another organisation.
        room_max: the most pairs anybody takes.
    """
    draws = random.Random(f"{seed}/{size}")
    ids = [PersonId(f"p{number:07d}") for number in range(size)]
    rank = list(range(size))
    draws.shuffle(rank)
    by_rank = sorted(range(size), key=rank.__getitem__)
    lines: list[tuple[PersonId, ...]] = [()] * size
    for place, person in enumerate(by_rank[1:], start=1):
        above = by_rank[(place - 1) // REPORTS]
        lines[person] = (ids[above], *lines[above])
    excluded: list[frozenset[PersonId]] = [frozenset()] * size
    for _ in range(int(0.4 * size)):
        person = draws.randrange(size)
        excluded[person] |= {ids[draws.randrange(size)]} - {ids[person]}
    kept: dict[object, object] = {}
    return [_person(draws, ids[number], (lines[number], excluded[number], rank[number]), room_max, kept) for number in range(size)]


def _person(
    draws: random.Random,
    person_id: PersonId,
    place: tuple[tuple[PersonId, ...], frozenset[PersonId], int],
    room_max: int,
    kept: dict[object, object],
) -> PoolMember:
    line, excluded, rank = place
    band = draws.choices(range(4), BAND_SHARES)[0]
    offered = _topics(draws, 2 + _binomial(draws), TECH_OFFERED[band], ())
    wanted = _topics(draws, 1 + _binomial(draws), TECH_WANTED[band], offered)
    offers = tuple(sorted((topic, draws.choices((1, 2, 3), (35, 40, 25))[0]) for topic in offered))
    wants = tuple(sorted((t, draws.choices((1, 2, 3), (25, 45, 30))[0], draws.choices((0, 1, 2), (60, 30, 10))[0]) for t in wanted))
    zone = draws.choices(range(5), ZONE_SHARES)[0]
    spoken = {"en"} if draws.random() < 0.9 else {LOCAL_LANGUAGES[zone]}
    if draws.random() < 0.45:
        spoken.add(LOCAL_LANGUAGES[zone])
    if draws.random() < 0.06:
        spoken.add(draws.choice(LANGUAGES))
    languages = frozenset(spoken)
    chance = draws.random()
    room = (1 + (chance > 0.60) + (chance > 0.88)) if band >= 2 else 1 + (chance > 0.85)
    return PoolMember(
        person_id=person_id,
        offers=tuple(kept.setdefault(offer, offer) for offer in offers),  # type: ignore[misc]
        wants=tuple(kept.setdefault(want, want) for want in wants),  # type: ignore[misc]
        band=band,
        department=f"d{_department(rank) if draws.random() > 0.1 else draws.randrange(DEPARTMENTS)}",
        timezone=ZONES[zone],
        hours=draws.choice(_HOURS),
        languages=kept.setdefault(languages, languages),  # type: ignore[arg-type]
        manager_id=line[0] if line else None,
        line=line,
        excluded=excluded,
        room=min(room, room_max),
    )


def _department(rank: int) -> int:
    """The part of the tree in which somebody stands."""
    while rank > 72:
        rank = (rank - 1) // REPORTS
    return rank % DEPARTMENTS


def _binomial(draws: random.Random) -> int:
    return draws.getrandbits(4).bit_count()


def _topics(draws: random.Random, count: int, tech_share: float, taken: Sequence[str]) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        if draws.random() < tech_share:
            topic = draws.choices(TECH, cum_weights=_TECH_WEIGHTS)[0]
        else:
            topic = draws.choices(OTHER, cum_weights=_OTHER_WEIGHTS)[0]
        if topic not in found and topic not in taken:
            found.append(topic)
    return found
