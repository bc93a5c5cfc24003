"""Any command that is one event: most of them are."""

from typing import Any, ClassVar

from engine.commands.command import Command
from engine.runtimes.embedded.engine import EmbeddedEngine


class EventCommand(Command, frozen=True, kw_only=True):
    """Give one event of a coordinator or of HR, without a time of its own."""

    NAME: ClassVar[str] = "event"

    type: str
    data: dict[str, Any]
    actor: str | None = None
    """Who acts; the command line itself where nobody is named."""

    def run(self, engine: EmbeddedEngine) -> dict[str, Any]:
        """Say what became of it: its outcome, and where it was not taken or not carried out, the code and the reason."""
        answer = engine.command(self.type, self.data, actor=self.actor)
        return {
            "outcome": answer.outcome,
            "code": answer.code,
            "message": answer.message,
            "refusal": answer.refusal,
            "is_erasure_pending": engine.is_erasure_pending,
        }
