"""Inviting everybody who may be invited."""

from collections import Counter
from typing import Any, ClassVar

from engine.commands.command import Command, running_programme
from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.programme.people.person import invitable
from engine.programme.people.tables import PEOPLE
from engine.programme.rounds.programme import Programme
from engine.runtimes.embedded.engine import EmbeddedEngine
from schemas.events.participation import ParticipationNominated


class Invite(Command, frozen=True, kw_only=True):
    """Nominate everybody who may be: active, here long enough, neither invited nor in it yet. Each gets one neutral invitation."""

    NAME: ClassVar[str] = "invite"

    programme_id: str
    department: str | None = None
    """Only people of this department."""

    def run(self, engine: EmbeddedEngine) -> dict[str, Any]:
        """Say how many were invited."""
        people = self._invitable(engine, running_programme(engine, self.programme_id))
        nominations = ({"person_id": person_id, "programme_id": self.programme_id} for person_id in people)
        outcomes = Counter(answer.outcome for answer in engine.commands(ParticipationNominated.TYPE, nominations))
        refused = outcomes[Outcome.DEAD_LETTERED]
        return {"programme_id": self.programme_id, "invited": len(people) - refused, "refused": refused}

    def _invitable(self, engine: EmbeddedEngine, programme: Programme) -> list[str]:
        at = engine.command_at()
        return [
            person_id
            for person_id, person in engine.scan(StageName.PEOPLE, PEOPLE)
            if invitable(
                person,
                programme.programme_id,
                eligible_after_days=programme.policy.eligible_after_days,
                department=self.department,
                at=at,
            )
        ]
