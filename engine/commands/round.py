"""Holding a round, and rehearsing one that is not held."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msgspec.structs import asdict

from engine.commands.command import Command, running_programme
from engine.core.effects import StageName
from engine.errors import Refused
from engine.matching.what_if import Comparison, compared, round_figures_of
from engine.programme.insights.round_figures import costs
from engine.programme.rounds.programme import Programme
from engine.programme.rounds.rounds import Rehearsal, rehearsal, reported
from engine.programme.tables import PAIRINGS
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.runtimes.embedded.reading.look import State
from schemas.events.round import RoundRequested
from schemas.terms.policy import Policy


class Round(Command, frozen=True, kw_only=True):
    """Hold a round of pairing now."""

    NAME: ClassVar[str] = "round"

    programme_id: str

    def run(self, engine: EmbeddedEngine) -> dict[str, Any]:
        """Say who was proposed to whom and who was not, with the reasons.

        What is said is that of a rehearsal at the same instant on the same rows, which gives the same pairs; these now have ids.
        """
        programme = running_programme(engine, self.programme_id)
        at = engine.command_at()
        told = _report(engine, rehearsal(engine.rows(StageName.PROGRAMMES), programme, at, None), is_measured=False)
        prefix = f"{programme.programme_id}."
        before = {pairing_id for pairing_id, _ in engine.scan(StageName.PROGRAMMES, PAIRINGS, prefix)}
        answer = engine.command(RoundRequested.TYPE, {"programme_id": programme.programme_id}, at=at)
        if answer.code is not None:
            raise Refused(f"the round was refused: {answer.code}, {answer.message}")
        if answer.refusal is not None:
            raise Refused(f"the round was refused: {answer.refusal}")
        made = {row.people: id_ for id_, row in engine.scan(StageName.PROGRAMMES, PAIRINGS, prefix) if id_ not in before}
        proposals = [{"pairing_id": made[tuple(pair["people"])], **pair} for pair in told["proposals"]]
        return {**told, "dry_run": False, "proposals": proposals}


def dry_round(
    state: State,
    programme_id: str,
    policy_of: Callable[[Programme], Policy] | None = None,
    on_progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Say what a round would do now, and under another policy side by side. Changes nothing.

    Args:
        policy_of: the other policy, from the programme as it is.
        on_progress: is told what is being done, in a word or two.
    Raises:
        Refused: there is no such programme, or it doesn't run.
    """
    programme, at = running_programme(state, programme_id), state.last_at
    assert at is not None, "a programme was created at some time"
    rows = state.rows(StageName.PROGRAMMES)
    other_policy = None if policy_of is None else policy_of(programme)
    on_progress("")
    current = rehearsal(rows, programme, at, None)
    told = _report(state, current, is_measured=True)
    if other_policy is None:
        return told
    on_progress("with the other policy")
    other = rehearsal(rows, programme, at, other_policy)
    told["with_policy"] = _report(state, other, is_measured=True)
    return {**told, "compared": _difference(compared(current.result, other.result))}


def _report(state: State, held: Rehearsal, *, is_measured: bool) -> dict[str, Any]:
    """Write a rehearsal down, its figures beside what would be published.

    Args:
        is_measured: whether to compute what fairness and drift cost, too, which takes rounds of its own.
    """
    report: Mapping[str, Any] = reported(state.rows(StageName.PROGRAMMES), held).model_dump(mode="json")
    figures = asdict(round_figures_of(held.result))
    if is_measured:
        found = costs(held.programme, held.members, held.result, held.at)
        figures["fairness_price_ratio"] = None if found is None else found.fairness_price_ratio
        figures["drift_ratio"] = None if found is None else found.drift_ratio
    refused = [{"people": lock.person_ids, "code": lock.code} for lock in held.result.refused_locks]
    return {**report, "refused_locks": refused, "figures": figures}


def _difference(comparison: Comparison) -> dict[str, Any]:
    return {
        "pairs_in_both_count": comparison.pairs_in_both_count,
        "gained_ids": comparison.gained_ids,
        "lost_ids": comparison.lost_ids,
    }
