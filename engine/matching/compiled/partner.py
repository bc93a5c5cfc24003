"""The best partner for one person, compiled: what search/standby finds, from arrays that are laid out once.

A question looks at whoever could teach the person something, in one pass. It writes to two arrays that are kept from question to
question, so it needs no memory of its own, however large the pool.
"""

from threading import Lock
from typing import Any, Final

import numpy as np

from engine.matching.compiled.compiling import njit
from engine.matching.compiled.exact_lists import Crowd, alone_of, touch
from engine.matching.compiled.judging import (
    ENOUGH,
    MUTUAL,
    NEED,
    START,
    PoolArrays,
    Rules,
    is_barred,
    minutes_together,
    pool_arrays_of,
    rules_of,
    score,
)
from engine.matching.scoring import BANDS_APART_MAX, BRIDGE_PER_BAND, CONTEXT_BASE, CONTEXT_PER_TERM
from engine.matching.search.coded import coded
from engine.matching.search.standby import Partner, StandbyPool
from schemas.terms.ids import PersonId

CONTEXT_MAX: Final = CONTEXT_BASE + 2 * CONTEXT_PER_TERM + BANDS_APART_MAX * BRIDGE_PER_BAND
"""Hundredths; what two people who suit each other in every way get."""


class CompiledStandby:
    """A pool kept ready for questions, as arrays.

    Args:
        asked: the pool and the rules.
    """

    def __init__(self, asked: StandbyPool) -> None:
        self._asked = asked
        numbered = coded(asked.book, asked.seekers)
        self._people, self._rules = pool_arrays_of(numbered, asked.book.context.stretch_minutes), rules_of(asked.book.context, numbered)
        self._crowd = alone_of(self._people, numbered.topic_count)
        self._number_by_position = {position: number for number, position in enumerate(asked.seekers.positions)}
        self._scratch = np.zeros(numbered.size, np.int32), np.empty(numbered.size, np.int32)
        self._turn = Lock()
        """One question at a time writes to what is kept."""

    def best_partner(self, person_id: PersonId) -> Partner | None:
        """See search/standby."""
        number = self._number_by_position.get(self._asked.book.position_by_id.get(person_id, -1))
        if number is None:
            return None
        with self._turn:
            found, scored = _best(self._people, self._rules, self._crowd, number, self._scratch)
        if found < 0:
            return None
        position = self._asked.seekers.positions[found]
        return Partner(person_id=self._asked.book.members[position].person_id, score=int(scored))


@njit(cache=True, nogil=True)
def _best(people: PoolArrays, rules: Rules, crowd: Crowd, person: int, scratch: Any) -> Any:
    """Find the highest score above zero, of equals the nearest on the ring, then the lowest number; -1 for nobody. Empties the scratch."""
    gathered, touched = scratch
    facts, cells, tables = people.facts, people.cells, people.tables
    count = touch(people, rules, crowd, person, scratch)
    enough, need = (facts[person, ENOUGH], facts[person, NEED]) if rules.track == MUTUAL else (0, 0)
    start, places = np.uint64(facts[person, START]), crowd.places
    best, best_other, best_distance = np.int64(1), np.int64(-1), np.uint64(0)
    for at in range(count):
        other: Any = np.int64(touched[at])
        gained: Any = np.int64(gathered[other])
        gathered[other] = 0
        if gained < enough or other == person or _falls_short(min(gained, need), need, best):
            continue
        minutes = minutes_together(facts, tables, rules, person, other)
        if minutes < 0:
            continue
        scored: Any = np.int64(score(facts, cells, rules.track, (person, other), minutes))
        if scored < best:
            continue
        distance = places[other] - start
        is_nearer = best_other < 0 or distance < best_distance or (distance == best_distance and other < best_other)
        if (scored > best or is_nearer) and not is_barred(facts, cells, person, other):
            best, best_other, best_distance = scored, other, distance
    return best_other, best


@njit(cache=True, nogil=True, inline="always")
def _falls_short(gained: Any, need: Any, best: Any) -> bool:
    """Say whether a mutual pair scores less than another even if the other learns all that it needs, and all else suits."""
    return bool(100 * CONTEXT_MAX * CONTEXT_MAX * gained < best * best * need)
