"""The cost of a round beside one that might have been: price of fairness, and drift.

Told in the programme's report.

Each figure takes a round of its own, so a round that is held is measured seldom (MEASURED_EVERY), and nothing is measured where it would
take much longer than seconds (PEOPLE_MAX).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import RoundResult, hold_round
from engine.matching.what_if import afresh, drift_ratio, kept_scores, price_of_fairness, unpaired, without_fairness
from engine.programme.rounds.programme import Measured, Programme, families_of
from schemas.frozen import replace
from schemas.terms.policy import Policy

MEASURED_EVERY: Final = timedelta(days=28)
PEOPLE_MAX: Final = 5_000
"""Limit for measuring: people who look for a partner, and people in the programme.

Beyond the first there is no price, beyond the second no drift.
"""
DIGITS: Final = 4


def matched(programme: Programme, members: Iterable[PoolMember], at: datetime, policy: Policy | None = None) -> RoundResult:
    """Compute the next round of a programme; change nothing.

    Its own policy holds unless another is given.
    """
    return hold_round(
        members,
        policy or programme.policy,
        round_ordinal=programme.rounds_held + 1,
        at=at,
        topic_catalogue=families_of(programme.policy_json),
        locks=[lock.people for lock in programme.locks],
    )


def measured(programme: Programme, members: Sequence[PoolMember], result: RoundResult, at: datetime) -> Programme:
    """Measure a round that was held, if it is time and there are pairs enough to tell of.

    Args:
        programme: as the round found it, under the policy of the round and with its locks.
        members: everybody as the round met them.
        result: its outcome.
        at: when it was held.
    """
    last = programme.measured
    is_due = last is None or at - last.at >= MEASURED_EVERY
    if not is_due or len(result.proposals) < programme.policy.k_min:
        return programme
    return replace(programme, measured=costs(programme, members, result, at) or programme.measured)


def costs(programme: Programme, members: Sequence[PoolMember], result: RoundResult, at: datetime) -> Measured | None:
    """Hold the rounds that might have been, and compare them.

    None if too many people look for a partner. Arguments as in `measured`.
    """
    if sum(member.status is None and member.room > 0 for member in members) > PEOPLE_MAX:
        return None
    policy, plain = programme.policy, without_fairness(programme.policy)
    price = price_of_fairness(result, matched(programme, members, at, plain)) if plain != policy else 0.0
    drift = _drift(programme, members, result, at) if len(members) <= PEOPLE_MAX else None
    return Measured(at=at, fairness_price_ratio=round(price, DIGITS), drift_ratio=drift)


def _drift(programme: Programme, members: Sequence[PoolMember], result: RoundResult, at: datetime) -> float:
    if not any(member.partner_ids for member in members):
        return 1.0  # the first pairs are the fresh ones
    fresh = matched(programme, [unpaired(member) for member in members], at, afresh(programme.policy))
    context = RoundContext.of(programme.policy, week_of=at.astimezone(UTC).date(), topic_weights=fresh.topic_weights)
    return round(drift_ratio(kept_scores(members, result, context), fresh), DIGITS)
