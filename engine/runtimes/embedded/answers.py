"""What became of an input, for whoever sent it."""

from dataclasses import dataclass

from engine.core.execution import Outcome
from schemas.terms.codes import ErrorCode, RefusalCode


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAnswer:
    """What became of one input; true once `commit` has returned."""

    outcome: Outcome
    code: ErrorCode | None = None
    """Why it was refused."""
    message: str | None = None
    """The same in the operator's words; holds nothing of the payload."""
    refusal: RefusalCode | None = None
    """Why a command, which was heard, was not carried out."""
