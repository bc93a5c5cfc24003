"""The profile of a person in one programme, field by field, by facts in any order.

Decides: which value of a field holds; what an absent field means.
Never knows: whether the person takes part (participants/course); whom it would rather not meet (people/apart).

Invariants
    participants.F1  Each field has the value of the latest fact that names it; any order of arrival ends in the same profile.
    participants.F2  An enrolment names every field: what it leaves out has its default. An update names what it says: null or an empty list
        clears.

Source: house rule (facts are ordered by when they happened, not by when they came).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.core.stamp import Stamp
from engine.matching.hours import LocalHours
from engine.matching.scoring import OfferedTopic, WantedTopic
from schemas.events.participation import ParticipationEnrolled, ParticipationUpdated
from schemas.frozen import Frozen, replace

ProfileSaid = ParticipationEnrolled | ParticipationUpdated


class Profile(Frozen, kw_only=True):
    """What the person says about itself at enrolment."""

    offers: tuple[OfferedTopic, ...] = ()
    wants: tuple[WantedTopic, ...] = ()
    experience_band: int | None = None
    hours: tuple[LocalHours, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 1

    @property
    def is_complete(self) -> bool:
        """Everyone offers and everyone wants."""
        return bool(self.offers) and bool(self.wants)


class ProfileStamps(Frozen, kw_only=True):
    """Which facts the fields of a profile are from."""

    oldest: Stamp | None = None
    """Of every field that `newer` doesn't name; None where nothing else was said."""
    newer: tuple[tuple[str, Stamp], ...] = ()
    """Field → stamp, sorted by field."""

    def of(self, field: str) -> Stamp | None:
        """Return the stamp of a field; None where nobody named it."""
        return next((stamp for name, stamp in self.newer if name == field), self.oldest)


BLANK: Final = Profile()
NEVER_SAID: Final = ProfileStamps()

_READ: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "offers": lambda offers: tuple(sorted({offer.topic: (offer.topic, offer.level) for offer in offers or ()}.values())),
        "wants": lambda wants: tuple(sorted({want.topic: (want.topic, want.importance, want.own_level) for want in wants or ()}.values())),
        "experience_band": lambda band: band,
        "hours": lambda hours: tuple((slot.weekday, slot.from_, slot.to) for slot in hours or ()),
        "languages": lambda languages: tuple(languages or ()),
        "capacity": lambda capacity: capacity or BLANK.capacity,
    }
)
"""Field → how its value is read; a topic that is named twice counts as last said."""
FIELDS: Final = tuple(_READ)


def with_said(profile: Profile, stamps: ProfileStamps, data: ProfileSaid, stamp: Stamp) -> tuple[Profile, ProfileStamps]:
    """Take in one enrolment or update (participants.F1, participants.F2).

    Returns: the same two where it says nothing newer.
    """
    named = FIELDS if isinstance(data, ParticipationEnrolled) else tuple(field for field in FIELDS if field in data.model_fields_set)
    newer = {field for field in named if (known := stamps.of(field)) is None or stamp > known}
    if not newer:
        return profile, stamps
    values = {field: _READ[field](getattr(data, field)) for field in newer}
    by_field = {field: stamp if field in newer else stamps.of(field) for field in FIELDS}
    return replace(profile, **values), _stamps_of(by_field)


def without_older(profile: Profile, stamps: ProfileStamps, left: Stamp | None) -> tuple[Profile, ProfileStamps]:
    """Forget what was said up to the last leaving. Returns: the same two where nothing was."""
    if left is None:
        return profile, stamps
    gone = {field for field in FIELDS if (known := stamps.of(field)) is not None and known <= left}
    if not gone:
        return profile, stamps
    values = {field: getattr(BLANK, field) for field in gone}
    return replace(profile, **values), _stamps_of({field: None if field in gone else stamps.of(field) for field in FIELDS})


def _stamps_of(by_field: Mapping[str, Stamp | None]) -> ProfileStamps:
    """Write stamps down in one way only, so that equal ones are equal rows."""
    said = {field: stamp for field, stamp in by_field.items() if stamp is not None}
    oldest = min(said.values()) if len(said) == len(FIELDS) else None
    return ProfileStamps(oldest=oldest, newer=tuple(sorted((field, stamp) for field, stamp in said.items() if stamp != oldest)))
