"""Two rounds side by side (engine/matching/what_if.py)."""

from datetime import UTC, datetime

from engine.matching.pool import PoolMember, RoundContext
from engine.matching.round import RoundResult, hold_round
from engine.matching.what_if import (
    afresh,
    compared,
    drift_ratio,
    kept_scores,
    price_of_fairness,
    round_figures_of,
    unpaired,
    without_fairness,
)
from ops.bench.matching.people import FAMILIES, people
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Matcher
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

POOL = people(200, seed=6)
AT = datetime(2025, 3, 5, 6, tzinfo=UTC)


def held(policy: Policy, pool: list[PoolMember] = POOL) -> RoundResult:
    """A round of the same people under a policy."""
    return hold_round(pool, policy, round_ordinal=1, at=AT, topic_catalogue=FAMILIES)


def test_a_policy_beside_itself_changes_nothing() -> None:
    """Nobody is gained or lost, and every pair is in both."""
    result = held(Policy())

    both = compared(result, result)

    assert both.current == both.other == round_figures_of(result)
    assert (len(result.proposals), (), ()) == (both.pairs_in_both_count, both.gained_ids, both.lost_ids)


def test_lower_reserve_shows_who_gains() -> None:
    """Everybody matched only under the other policy is named, and the worst pair is there to see."""
    both = compared(held(Policy()), held(Policy(reserve_start=250)))

    assert both.other.matched_count - both.current.matched_count == len(both.gained_ids) - len(both.lost_ids) > 0
    assert both.other.worst_score is not None
    assert both.current.worst_score is not None
    assert 250 <= both.other.worst_score < 550 <= both.current.worst_score
    assert both.other.bridges_count >= both.other.wide_bridges_count


def test_fairness_has_a_price_that_can_be_seen() -> None:
    """Serving everybody once first costs some of the total, never all of it."""
    everything = Policy(reserve_start=250)

    price = price_of_fairness(held(everything), held(everything.model_copy(update={"first_pair_first": False})))

    assert 0 <= price < 0.1


def test_drift_is_nothing_where_the_live_pairs_are_the_fresh_ones() -> None:
    """A programme that holds what it would choose anew has not drifted; without pairs there is nothing to compare."""
    fresh = held(Policy())

    assert drift_ratio({proposal.person_ids: proposal.score for proposal in fresh.proposals}, fresh) == 1.0
    assert drift_ratio({}, held(Policy(), [])) == 1.0


def test_invariant_v2_fairness_is_two_fields_of_a_policy() -> None:
    """matching.W2: the plain round differs in nothing else."""
    policy = Policy(reserve_start=600, matcher=Matcher.EXACT)

    plain = without_fairness(policy)

    changed = {name for name in Policy.model_fields if getattr(plain, name) != getattr(policy, name)}
    assert (changed, plain.wait_bonus, plain.first_pair_first) == ({"wait_bonus", "first_pair_first"}, 0, False)


def test_invariant_v3_a_fresh_round_holds_nobody_to_the_reserve_of_a_newcomer() -> None:
    """matching.W3: a kept pair is compared with what everybody would accept in the end."""
    policy = afresh(Policy(reserve_start=900, reserve_floor=300))

    assert (policy.reserve_start, policy.reserve_floor, policy.wait_bonus) == (300, 300, 0)


def test_kept_scores_hold_old_and_new_pairs_of_people_who_are_there() -> None:
    """Each pair once, by today's facts; a pair of which somebody is away is in neither round."""
    first, second, away = POOL[0], POOL[1], replace(POOL[2], status=EligibilityCode.ON_LEAVE)
    paired = replace(first, room=0, partner_ids=frozenset({second.person_id, away.person_id})), replace(second, room=0), away
    context = RoundContext.of(Policy(), week_of=AT.date(), topic_weights=dict.fromkeys(FAMILIES, 16))

    kept = kept_scores(paired, held(Policy(), list(paired)), context)

    assert {(first.person_id, second.person_id): context.score(first, second)} == kept


def test_somebody_imagined_without_a_pair_has_all_room() -> None:
    """Capacity taken by pairs comes back."""
    paired = replace(POOL[0], room=0, live_count=1, partner_ids=frozenset({PersonId("x")}))

    assert replace(POOL[0], room=1) == unpaired(paired)


def test_a_pool_member_holds_no_protected_trait() -> None:
    """What the score can't see it can't weigh: name, birth date, gender, origin and the like have no field."""
    known = "person_id offers wants band department timezone hours languages manager_id line dotted_line_ids excluded bars partner_ids"
    waiting = "undecided_ids room live_count has_pair is_asked waiting_days rounds_waited is_first_in_queue is_first_round status"

    assert set(f"{known} {waiting}".split()) == set(PoolMember.__struct_fields__)
