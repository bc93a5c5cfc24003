"""The audit trail: who commanded what, and what was refused. A person is only ever a salted hash here."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import OutputData
from schemas.terms.codes import EligibilityCode, HrFindingCode, RefusalCode
from schemas.text.fields import Code, DataField, HashedId, Omittable, Remark

AuditSubject = Annotated[str, Field(min_length=1, max_length=256)]
"""A programme or pairing id; a person's id hashed."""
AuditedType = Annotated[str, Field(min_length=1, max_length=256)]


class _Audit(OutputData):
    CONFIDENTIAL: ClassVar[bool] = False
    type: AuditedType
    """The full type of the event that this is about."""
    subject: AuditSubject
    """The programme or pair; a person only as the hash of the day."""


class CommandRefused(_Audit):
    """A command or answer was refused."""

    TYPE: ClassVar[str] = "bothways.command.refused.v1"
    code: Code[RefusalCode] | Code[EligibilityCode]
    """Why it was refused; of a lock, the hard rule that stands in the way."""


class CommandRecorded(_Audit):
    """A command was carried out."""

    TYPE: ClassVar[str] = "bothways.command.recorded.v1"
    actor: Omittable[HashedId] = None
    """Who acted, as the hash of the day."""
    reason: Omittable[Remark] = None
    """Where the coordinator gave one of the codes of schemas.terms.reasons; other words are published nowhere."""


class HrFinding(OutputData):
    """Something odd about an HR fact, which counts all the same."""

    TYPE: ClassVar[str] = "bothways.hr.finding.v1"
    CONFIDENTIAL: ClassVar[bool] = False
    person: HashedId
    code: Code[HrFindingCode]
    """What is odd."""
    field: DataField
    """The field of the fact that it is about. Never its value."""
