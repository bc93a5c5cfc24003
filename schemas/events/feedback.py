"""Feedback of one side about a pairing or one of its sessions."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.base import InputData
from schemas.terms.codes import Fit
from schemas.terms.ids import PairingIdField, SessionIdField, SomebodyField
from schemas.text.fields import Code, Omittable


class FeedbackGiven(InputData):
    """Both sides get the same questions; a rating never reaches the other side."""

    TYPE: ClassVar[str] = "bothways.feedback.given.v1"
    PERSON_ACTS: ClassVar[bool] = True
    person_id: SomebodyField
    pairing_id: PairingIdField
    session_id: Omittable[SessionIdField] = None
    learned: bool
    fit: Code[Fit]
    rating: Omittable[Annotated[int, Field(ge=1, le=5)]] = None
