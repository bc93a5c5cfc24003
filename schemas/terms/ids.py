"""Ids: their types, what they may look like, and how to route by them.

Ids are opaque. The one exception is a pairing id, which starts with its programme so that anyone can route by it.

Source: docs/contracts.md, What is read.
"""

import re
from typing import Annotated, Final, NewType

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

PersonId = NewType("PersonId", str)
ProgrammeId = NewType("ProgrammeId", str)
PairingId = NewType("PairingId", str)
SessionId = NewType("SessionId", str)
NudgeId = NewType("NudgeId", str)
InsightId = NewType("InsightId", str)
TopicId = NewType("TopicId", str)

PERSON_ID_PATTERN: Final = r"[A-Za-z0-9._:-]{1,64}"
PROGRAMME_ID_PATTERN: Final = r"[a-z0-9][a-z0-9-]{0,39}"
PAIRING_ID_PATTERN: Final = PROGRAMME_ID_PATTERN + r"\.[0-9a-f]{16}"
OPAQUE_ID_PATTERN: Final = r"[A-Za-z0-9._:-]{1,128}"
"""Sessions, nudges and insights: named by whoever made them."""
TOPIC_ID_PATTERN: Final = r"[a-z0-9][a-z0-9-]{0,63}"
ERASED: Final = PersonId("erased")
"""Stands for somebody who was erased, in rows and outputs; nobody may be called so."""

COORDINATOR_PREFIX: Final = "coordinator:"
"""Begins the id under which a programme's coordinator is told something; nobody else may be called so."""

PERSON_ID_REGEX: Final = re.compile(PERSON_ID_PATTERN)
PROGRAMME_ID_REGEX: Final = re.compile(PROGRAMME_ID_PATTERN)
"""Use `fullmatch`: the patterns carry no anchors."""


def _whole(pattern: str) -> str:
    """Anchor a pattern at both ends, in the dialect of pydantic's engine, where `$` never means "before a line end"."""
    return f"^{pattern}$"


def _not_erased(person_id: PersonId) -> PersonId:
    if person_id == ERASED:
        raise ValueError("is reserved for people who were erased")
    return person_id


def _no_coordinator(person_id: PersonId) -> PersonId:
    if person_id.startswith(COORDINATOR_PREFIX):
        raise ValueError("is reserved for coordinators")
    return person_id


_NOT_ERASED: Final[JsonDict] = {"not": {"const": ERASED}}
_SOMEBODY: Final[JsonDict] = {"not": {"pattern": f"^(?:{ERASED}$|{COORDINATOR_PREFIX})"}}
PersonIdField = Annotated[PersonId, Field(pattern=_whole(PERSON_ID_PATTERN))]
AddresseeField = Annotated[PersonIdField, Field(json_schema_extra=_NOT_ERASED), AfterValidator(_not_erased)]
"""Who was told something: a person, or a programme's coordinator."""
SomebodyField = Annotated[AddresseeField, Field(json_schema_extra=_SOMEBODY), AfterValidator(_no_coordinator)]
"""Whom an input event is about."""
ProgrammeIdField = Annotated[ProgrammeId, Field(pattern=_whole(PROGRAMME_ID_PATTERN))]
PairingIdField = Annotated[PairingId, Field(pattern=_whole(PAIRING_ID_PATTERN))]
SessionIdField = Annotated[SessionId, Field(pattern=_whole(OPAQUE_ID_PATTERN))]
NudgeIdField = Annotated[NudgeId, Field(pattern=_whole(OPAQUE_ID_PATTERN))]
LeaveIdField = Annotated[str, Field(pattern=_whole(OPAQUE_ID_PATTERN))]
InsightIdField = Annotated[InsightId, Field(pattern=_whole(OPAQUE_ID_PATTERN))]
TopicIdField = Annotated[TopicId, Field(pattern=_whole(TOPIC_ID_PATTERN))]


def programme_of(pairing_id: PairingId) -> ProgrammeId:
    """Name the programme that a pairing belongs to, without looking anything up.

    Args:
        pairing_id: of the shape PAIRING_ID_PATTERN; its caller decoded it.
    """
    programme_id, dot, tail = pairing_id.partition(".")
    assert dot and tail, "a pairing id is <programme_id>.<16 hex>"
    return ProgrammeId(programme_id)
