"""Anonymous notes to a programme's sponsor: counted and aged, never attributed. No field for an author."""

from typing import ClassVar

from schemas.base import InputData
from schemas.terms.codes import TopicFamily
from schemas.terms.ids import InsightIdField, ProgrammeIdField
from schemas.text.fields import Code


class InsightShared(InputData):
    """A pair shared a note about a family of topics."""

    TYPE: ClassVar[str] = "bothways.insight.shared.v1"
    programme_id: ProgrammeIdField
    insight_id: InsightIdField
    family: Code[TopicFamily]


class InsightAnswered(InputData):
    """A sponsor answered the note."""

    TYPE: ClassVar[str] = "bothways.insight.answered.v1"
    programme_id: ProgrammeIdField
    insight_id: InsightIdField
