"""A simulated programme year: the people around the engine, as events in and reactions to its outputs.

Theory of operation: the caller owns the engine and the clock. It feeds `start_events()`, then asks again and again for
the events up to the next instant, handing over what the engine published since. What is asked for in finer steps is
reacted to sooner, so one step per simulated hour is closest to life; one per day is enough for a demonstration.

Invariants
    simulation.Y1  Same arguments and same outputs in the same steps, same events, ids included.
    simulation.Y2  Times are in (previous instant, this instant], ascending over all calls, whole seconds.
    simulation.Y3  Whoever must act in person does: actor and person are the same.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from engine.simulation.clock import DAYS_PER_MONTH, START_AT
from engine.simulation.observed import STATE_BY_CHANGE, ChangeSeen, Json, NudgeReceived, NudgeWithdrawn, ProposalSeen, seen
from engine.simulation.people import coordinator, meetings, participants, reactions, workforce
from engine.simulation.people.organisation import Organisation, organisation
from engine.simulation.people.participants import REVERSE_LAB, TWO_WAY, ProgrammePlan
from engine.simulation.world import Pair, World
from schemas.terms.ids import COORDINATOR_PREFIX

__all__ = ["DEFAULT_PROGRAMMES", "START_AT", "ProgrammePlan", "ProgrammeYear"]

DEFAULT_PROGRAMMES: Final = (TWO_WAY, REVERSE_LAB)


class ProgrammeYear:
    """A year of one synthetic organisation.

    Args:
        people: how many, newcomers of the year included.
        seed: any integer.
        months: length of the year, at least 1.
        programmes: what runs in it.
    """

    def __init__(
        self, people: int = 300, seed: int = 1, months: int = 12, programmes: Sequence[ProgrammePlan] = DEFAULT_PROGRAMMES
    ) -> None:
        assert months >= 1, months
        self.organisation: Organisation = organisation(people, seed)
        self.months = months
        self.end_at: datetime = START_AT + timedelta(days=int(months * DAYS_PER_MONTH))
        self.programmes = tuple(programmes)
        self._programme_by_id = {programme.programme_id: programme for programme in self.programmes}
        self._world = World(self.organisation, seed)
        self._proposals: dict[str, ProposalSeen] = {}

    def start_events(self) -> list[Json]:
        """Programmes and everybody employed at the start, all at START_AT; plans the year. Call once, first."""
        world = self._world
        for programme in self.programmes:
            coordinator.create(world, programme)
        workforce.open_year(world, self.months)
        for programme in self.programmes:
            participants.plan_enrolments(world, programme, self.months)
            coordinator.plan_year(world, programme, self.months)
            self._plan_drift(programme.programme_id)
        return world.run_until(START_AT)

    def events_until(self, instant: datetime, outputs: Iterable[dict[str, Any]]) -> list[Json]:
        """Let people read what is new and act up to an instant.

        Args:
            instant: aware UTC, whole seconds, not before the last call's.
            outputs: structured CloudEvents published since the last call, in the order of publication; those that
                concern nobody here are ignored.
        Returns: input events, ascending by time (simulation.Y2).
        """
        for output in outputs:
            self._notice(seen(output))
        return self._world.run_until(instant)

    def _plan_drift(self, programme_id: str) -> None:
        for week in range(3, int(self.months * DAYS_PER_MONTH / 7)):
            self._world.plan(START_AT + timedelta(weeks=week), lambda at: participants.drift(self._world, programme_id, at))

    def _notice(self, noticed: ProposalSeen | ChangeSeen | NudgeReceived | NudgeWithdrawn | None) -> None:
        match noticed:
            case ProposalSeen():
                self._consider(noticed)
            case ChangeSeen():
                self._follow_change(noticed)
            case NudgeReceived():
                self._read(noticed)
            case NudgeWithdrawn():
                self._world.withdrawn_nudges.add(noticed.nudge_id)
            case None:
                pass

    def _consider(self, proposal: ProposalSeen) -> None:
        """Two people are asked, or asked again with a new version."""
        if any(person_id not in self.organisation.by_id for person_id in proposal.people):
            return
        pair = self._world.pairs.setdefault(
            proposal.pairing_id,
            Pair(
                pairing_id=proposal.pairing_id,
                programme_id=proposal.programme_id,
                proposal_version=proposal.proposal_version,
                people=proposal.people,
                learns=dict(proposal.learns),
            ),
        )
        pair.proposal_version = proposal.proposal_version
        self._proposals[proposal.pairing_id] = proposal
        participants.answer_proposal(self._world, pair, proposal)
        coordinator.maybe_retract(self._world, pair, proposal)

    def _follow_change(self, change: ChangeSeen) -> None:
        """A pair of ours moved; what was planned for its old state drops itself when it is due."""
        pair = self._world.pairs.get(change.pairing_id)
        if pair is None:
            return
        pair.state = STATE_BY_CHANGE[change.change]
        if pair.state in {"ended", "completed"}:
            pair.over_at = change.at
        if change.change == "pairing.activated":
            meetings.first_steps(self._world, pair, change.at)
        elif change.change == "pairing.renewed":
            pair.term += 1
            meetings.take_up(self._world, pair, change.at)
        elif change.change == "pairing.resumed":
            meetings.take_up(self._world, pair, change.at)
        elif change.change in {"pairing.paused", "pairing.suspended"}:
            pair.booked_id = None

    def _read(self, nudge: NudgeReceived) -> None:
        if nudge.person_id.startswith(COORDINATOR_PREFIX):
            coordinator.read_alarm(self._world, nudge)
            return
        reactions.react(self._world, nudge, self._programme_by_id)
        pair = self._world.pairs.get(nudge.pairing_id or "")
        if nudge.key == "answer_proposal" and pair is not None and nudge.person_id in self.organisation.by_id:
            draw: Random = self._world.stream("reminded", nudge.nudge_id)
            participants.answer_at_last(self._world, pair, self._proposals[pair.pairing_id], nudge, draw)
