"""Send refused records through intake again."""

from typing import Any, ClassVar

from engine.commands.command import Command
from engine.core.dead_letters import may_come_back
from engine.runtimes.embedded.engine import EmbeddedEngine


class Redrive(Command, frozen=True, kw_only=True):
    """Redrive dead letters, each once, in the order given."""

    NAME: ClassVar[str] = "redrive"

    letters: tuple[tuple[str, int], ...]
    """Topic and position of each."""

    def run(self, engine: EmbeddedEngine) -> dict[str, Any]:
        """Say what became of each; one that is not there any more, or can't be sent again, is left out."""
        redriven = []
        for topic, position in self.letters:
            letter = next((each for each in engine.outputs(topic, position, 1) if each.position == position), None)
            if letter is not None and letter.value is not None and may_come_back(topic):
                answer = engine.redrive(letter)
                told = {"outcome": answer.outcome, "code": answer.code, "refusal": answer.refusal}
                redriven.append({"topic": topic, "position": position, **told})
        return {"redriven": redriven}
