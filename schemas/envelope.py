"""What the codec hands over: an event, a tombstone, or why it can't be read."""

from datetime import datetime
from typing import Final

from schemas.base import InputData
from schemas.frozen import Frozen
from schemas.terms.codes import ErrorCode

PERSONS_PAGE: Final = "urn:bothways:page"
"""`relayedby` of what somebody did on the person's own page."""
SOURCE: Final = "bothways"
"""`source` of everything the engine publishes, unless the installation has a name of its own."""


class Event(Frozen, kw_only=True):
    """One input that decoded whole. None stands for an attribute that was absent or null."""

    id: str
    source: str
    type: str
    """Full type, `bothways.<name>.v<major>`."""
    time: datetime
    """When it happened, UTC; fractions kept, because they order facts."""
    data: InputData
    actor: str | None = None
    relayedby: str | None = None
    """Who brought a person's own act in; never stands in for the actor."""
    recordedtime: datetime | None = None
    sequence: int | None = None
    expirytime: datetime | None = None
    content: str = ""
    """Hash of what it says (codec.content_hash): tells a repeat from a conflict under the same (source, id)."""
    has_unknown: bool = False
    """Whether the bytes hold attributes, fields or values that are not kept; codec.known_only leaves them out."""

    def __eq__(self, other: object) -> bool:
        """Compare what two events say; what else their bytes held doesn't count."""
        return isinstance(other, Event) and all(getattr(self, name) == getattr(other, name) for name in _SAID)

    def __hash__(self) -> int:
        """Hash what tells most events apart."""
        return hash((self.source, self.id))


_SAID: Final = tuple(name for name in Event.__struct_fields__ if name != "has_unknown")


class Tombstone(Frozen):
    """A null value: a delete on compacted topics, a declared no-op elsewhere."""


class Rejected(Frozen):
    """Why a record can't be read. A value, not an exception: the position moves on."""

    code: ErrorCode
    message: str
    """Names the field and the problem, never a value."""
    topic: str
    """The dead-letter topic by the record's type; a record from the bus goes to its own topic's instead."""
