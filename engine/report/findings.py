"""What the data lacks: things that a coordinator, or whoever owns the HR feed, can mend.

Decides: which gaps are worth a line, and how a small number of them is told.
Never knows: whose gap it is.

A small number is told as a range and so is nearly everybody: zero, a few (one to k − 1), a number, nearly all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.programme.messages import Employment
from engine.programme.people.person import Person, has_odd_value

HERE: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})


class Extent(StrEnum):
    """How many a finding is about."""

    NONE = "none"
    FEW = "few"
    COUNTED = "counted"
    NEARLY_ALL = "nearly_all"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of gap."""

    code: str
    extent: Extent
    count: int | None = None
    """Where it may be told."""
    of: int
    """How large the group is in which it was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedData:
    """The state of the data that all programmes share."""

    people_known: int | None
    people_here: int | None
    """Active or on leave."""
    findings: tuple[Finding, ...]
    dead_letters: tuple[Finding, ...]
    """Refused records by error code, the most frequent first."""
    k: int


_GAPS: Final[Mapping[str, Callable[[Person], bool]]] = {
    "line_cycle": lambda person: person.is_line_cyclic,
    "no_manager": lambda person: person.attributes.manager_id is None,
    "no_timezone": lambda person: person.attributes.timezone is None,
    "no_department": lambda person: person.attributes.department is None,
    "odd_value": has_odd_value,
}
"""Finding → what it means for somebody who works here."""


def feed(people: Iterable[Person], dead_letter_codes: Iterable[str], k: int) -> SharedData:
    """Look for gaps.

    Args:
        dead_letter_codes: one per dead letter.
        k: the largest threshold of the programmes on the page.
    """
    known = [person for person in people if not person.is_bare and person.employment is not Employment.ERASED]
    here = [person for person in known if person.employment in HERE]
    unknown = sum(person.employment is Employment.UNKNOWN for person in known)
    found = [finding(code, sum(map(is_gap, here)), len(here), k) for code, is_gap in _GAPS.items()]
    letters = Counter(dead_letter_codes)
    total = letters.total()
    return SharedData(
        people_known=None if 0 < len(known) < k else len(known),
        people_here=None if 0 < len(here) < k or 0 < len(known) - len(here) < k else len(here),
        findings=(*found, finding("unknown_employment", unknown, len(known), k)),
        dead_letters=tuple(_letters(code, letters[code], total, k) for code in sorted(letters, key=lambda code: (-letters[code], code))),
        k=k,
    )


def finding(code: str, count: int, of: int, k: int) -> Finding:
    """Tell how many, as exactly as their number allows."""
    if count == 0:
        return Finding(code=code, extent=Extent.NONE, count=0, of=of)
    if count < k:
        return Finding(code=code, extent=Extent.FEW, of=of)
    if count == of:
        return Finding(code=code, extent=Extent.ALL, count=count, of=of)
    return (
        Finding(code=code, extent=Extent.NEARLY_ALL, of=of)
        if of - count < k
        else Finding(code=code, extent=Extent.COUNTED, count=count, of=of)
    )


def _letters(code: str, count: int, of: int, k: int) -> Finding:
    """Tell how many records were refused; records are no group of people, so that nearly all of them share a code tells nothing."""
    return Finding(code=code, extent=Extent.FEW if count < k else Extent.COUNTED, count=None if count < k else count, of=of)
