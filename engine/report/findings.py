"""What the data lacks: things that a coordinator, or whoever owns the HR feed, can mend.

Decides: which gaps are worth a line, and how a small number of them is told.
Never knows: whose gap it is.

Of people no number is told, only how far a gap goes: two pages of one week would show by their difference who came between them, or what
became of whom.
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
    """One to k − 1."""
    SOME = "some"
    """At most half."""
    MOST = "most"
    COUNTED = "counted"
    """Records, which are no group of people."""
    NEARLY_ALL = "nearly_all"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of gap."""

    code: str
    extent: Extent
    count: int | None = None
    """Of records, where it may be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedData:
    """The state of the data that all programmes share."""

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
    return SharedData(
        findings=(*found, finding("unknown_employment", unknown, len(known), k)),
        dead_letters=tuple(_letters(code, letters[code], k) for code in sorted(letters, key=lambda code: (-letters[code], code))),
        k=k,
    )


def finding(code: str, count: int, of: int, k: int) -> Finding:
    """Tell how far a gap goes among `of` people."""
    if count == 0:
        extent = Extent.NONE
    elif count == of:
        extent = Extent.ALL
    elif count < k:
        extent = Extent.FEW
    elif of - count < k:
        extent = Extent.NEARLY_ALL
    else:
        extent = Extent.SOME if 2 * count <= of else Extent.MOST
    return Finding(code=code, extent=extent)


def _letters(code: str, count: int, k: int) -> Finding:
    """Tell how many records were refused; records are no group of people, so that nearly all of them share a code tells nothing."""
    return Finding(code=code, extent=Extent.FEW) if count < k else Finding(code=code, extent=Extent.COUNTED, count=count)
