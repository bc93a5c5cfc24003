"""A round beside another of the same people: what another policy would change, what fairness costs, how far never breaking a pair has led.

Decides: which figures of two rounds are put beside each other, and which other round each price is measured against.
Never knows: why a policy is considered, when prices are measured (insights/round_figures).

Invariants
    matching.W1  A comparison changes nothing and depends on the two results alone.
    matching.W2  The price of fairness is measured against the same pool without waiting bonus and without `first_pair_first`: nothing else
        differs.
    matching.W3  Drift is measured against a round with nobody paired, all capacity free and the reserve at its floor, so that a pair
        which is kept is never compared with one that would have to wait.

Source: docs/rules.md, Rounds.
"""

from collections.abc import Iterable, Mapping

from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import RoundResult
from schemas.frozen import Frozen, replace
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy


class RoundFigures(Frozen, kw_only=True):
    """The result of one round, in figures."""

    matched_count: int
    """People with at least one proposal."""
    pairs_count: int
    left_out_count: int
    """People of the pool without a proposal."""
    no_option_count: int
    """Of them, those for whom no rule-abiding partner exists."""
    total_score: int
    mean_score: int
    worst_score: int | None
    bridges_count: int
    """Pairs that span one band or more."""
    wide_bridges_count: int
    """Pairs that span two bands or more."""
    other_department_count: int
    blocking_pairs_count: int
    optimal_ratio: float


class Comparison(Frozen, kw_only=True):
    """Two rounds of the same people."""

    current: RoundFigures
    other: RoundFigures
    pairs_in_both_count: int
    gained_ids: tuple[PersonId, ...]
    """People matched under the other policy only."""
    lost_ids: tuple[PersonId, ...]
    """People matched under the current policy only."""


def round_figures_of(result: RoundResult) -> RoundFigures:
    """Sum up one round."""
    scores = [proposal.score for proposal in result.proposals]
    apart = [proposal.context.bands_apart or 0 for proposal in result.proposals]
    left_out = [each for each in result.unmatched if each.is_in_pool]
    return RoundFigures(
        matched_count=len(_matched(result)),
        pairs_count=len(scores),
        left_out_count=len(left_out),
        no_option_count=sum(not each.has_option for each in left_out),
        total_score=sum(scores),
        mean_score=sum(scores) // len(scores) if scores else 0,
        worst_score=min(scores, default=None),
        bridges_count=sum(bands >= 1 for bands in apart),
        wide_bridges_count=sum(bands >= 2 for bands in apart),
        other_department_count=sum(proposal.context.is_other_department for proposal in result.proposals),
        blocking_pairs_count=result.certificate.blocking_pairs_count,
        optimal_ratio=result.certificate.ratio,
    )


def compared(current: RoundResult, other: RoundResult) -> Comparison:
    """Put two rounds side by side."""
    before, after = _matched(current), _matched(other)
    pairs = {proposal.person_ids for proposal in current.proposals}
    return Comparison(
        current=round_figures_of(current),
        other=round_figures_of(other),
        pairs_in_both_count=sum(proposal.person_ids in pairs for proposal in other.proposals),
        gained_ids=tuple(sorted(after - before)),
        lost_ids=tuple(sorted(before - after)),
    )


def price_of_fairness(fair: RoundResult, plain: RoundResult) -> float:
    """Say which share of the total score is given up for serving those who wait and those without a pair first.

    Args:
        fair: the round under the policy.
        plain: the round under `without_fairness`.
    """
    return 1 - fair.total_score / plain.total_score if plain.total_score else 0.0


def without_fairness(policy: Policy) -> Policy:
    """Imagine the policy that looks at scores alone (matching.W2)."""
    return policy.model_copy(update={"wait_bonus": 0, "first_pair_first": False})


def drift_ratio(live: Mapping[tuple[PersonId, PersonId], int], fresh: RoundResult) -> float:
    """Say how far a programme that never breaks a pair has come from the round one would hold with nobody paired.

    Args:
        live: score of each live pair and open proposal, judged by today's facts; see `kept_scores`.
        fresh: a round of the same people with all their capacity and no partners; see `unpaired`, `afresh`.
    Returns: the kept total as a share of the fresh one; 1 when there is nothing to choose.
    """
    return sum(live.values()) / fresh.total_score if fresh.total_score else 1.0


def afresh(policy: Policy) -> Policy:
    """Imagine the policy of a round that starts from nothing (matching.W3)."""
    return policy.model_copy(update={"reserve_start": policy.reserve_floor, "reserve_first_round": policy.reserve_floor, "wait_bonus": 0})


def kept_scores(members: Iterable[PoolMember], proposed: RoundResult, context: RoundContext) -> dict[tuple[PersonId, PersonId], int]:
    """Score the pairs that people have, and those that a round has just proposed to them, by today's facts.

    Args:
        members: everybody of the programme as the round met them; somebody with a status is left out with all pairs, as in a fresh round.
        proposed: what the round came to.
        context: that of the fresh round.
    """
    by_id = {member.person_id: member for member in members if member.status is None}
    pairs = {(min(one, other), max(one, other)) for one, member in by_id.items() for other in member.partner_ids - member.undecided_ids}
    pairs |= {proposal.person_ids for proposal in proposed.proposals}
    return {pair: context.score(by_id[pair[0]], by_id[pair[1]]) for pair in sorted(pairs) if by_id.keys() >= set(pair)}


def unpaired(member: PoolMember) -> PoolMember:
    """Imagine somebody without a pair: all capacity free, nobody a partner."""
    return replace(
        member,
        room=member.room + member.live_count,
        live_count=0,
        has_pair=False,
        is_asked=False,
        partner_ids=frozenset(),
        undecided_ids=frozenset(),
    )


def _matched(result: RoundResult) -> set[PersonId]:
    return {person_id for proposal in result.proposals for person_id in proposal.person_ids}
