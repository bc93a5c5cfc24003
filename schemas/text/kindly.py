"""Reading HR facts kindly: an optional value that can't be read is left out and reported, and never costs the fact.

Decides: which values of a fact are odd, what is left of it, what the log keeps in their place.
Never knows: what the fact means (engine/programme/facts/person_facts).

Only what says whom a fact is about and since when can refuse it. A list loses its odd items alone; an attribute of which nothing can be
read is as if it had not been named, so it clears nothing.

What could not be read is kept nowhere, for nobody knows what it says. In the log `false` stands for it, which is no value of any
attribute, so that the event reads the same again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from schemas.frozen import Frozen
from schemas.terms.codes import HrFindingCode

CHANGES: Final = "changes"
STAND_IN: Final = False
_NAMING: Final = ("manager_id", "dotted_line_ids")

RawData = Mapping[str, Any]
"""The attributes of a fact as they came."""


class Odd(Frozen):
    """Something to report."""

    field: str
    code: HrFindingCode
    place: int | None = None
    """Of an item in a list; None is the whole attribute."""


class Items(Frozen):
    """What a list may hold."""

    can_read: Callable[[object], bool]
    count_max: int


def naming_itself(said: RawData, person_id: object) -> set[Odd]:
    """Find where a fact gives somebody as its own manager, or as one of those it also reports to. It can be read, and counts."""
    values = ((name, said.get(name)) for name in _NAMING)
    return {
        Odd(name, HrFindingCode.NAMES_ITSELF)
        for name, value in values
        if value is not None and (value == person_id or (isinstance(value, list | tuple) and person_id in value))
    }


def odd_in(said: RawData, name: str, lists: Mapping[str, Items]) -> set[Odd]:
    """Say what is wrong with an attribute that was refused."""
    value, items = said.get(name), lists.get(name)
    if items is None or not isinstance(value, list | tuple):
        return {Odd(name, _code_of(value))}
    readable = [place for place, item in enumerate(value) if items.can_read(item)]
    kept = set(readable[: items.count_max])
    return {Odd(name, _code_of(item), place) for place, item in enumerate(value) if place not in kept}


def _code_of(value: object) -> HrFindingCode:
    return HrFindingCode.BLANK if is_blank(value) else HrFindingCode.UNREADABLE


def is_blank(value: object) -> bool:
    """Say whether nothing was said: an empty text is absent, only null clears."""
    return isinstance(value, str) and not value.strip()


def left_out(said: RawData, odd: Collection[Odd]) -> dict[str, Any]:
    """Return the attributes without what can't be read in them."""
    unread = [one for one in odd if one.code is not HrFindingCode.NAMES_ITSELF]
    kept: dict[str, Any] = {}
    for name, value in said.items():
        places = {one.place for one in unread if one.field == name}
        if None in places:
            continue
        items = [item for place, item in enumerate(value) if place not in places] if places else value
        if items or not places:
            kept[name] = items
    return kept


def stood_in(said: RawData, odd: Iterable[Odd]) -> dict[str, Any]:
    """Return the attributes as the log keeps them: nothing that could not be read."""
    unread = [one for one in odd if one.code is HrFindingCode.UNREADABLE and one.field in said]
    kept = dict(said)
    for name in {one.field for one in unread}:
        places = {one.place for one in unread if one.field == name}
        kept[name] = STAND_IN if None in places else [STAND_IN if place in places else item for place, item in enumerate(said[name])]
    return kept
