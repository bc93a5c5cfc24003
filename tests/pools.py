"""Pools of people between whom anything may stand, and policies, for tests that hold two ways of computing against each other."""

import random

from hypothesis import strategies as st

from engine.matching.pool import PoolMember
from ops.bench.matching.people import people
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, Track
from schemas.terms.policy import Policy

HISTORY_CODES = (EligibilityCode.FORBIDDEN, EligibilityCode.PAST_PARTNER, EligibilityCode.RESTING)
POLICIES = st.builds(
    Policy,
    track=st.sampled_from(Track),
    training_required=st.just(False),
    experience_gap_min=st.integers(0, 2),
    min_benefit_ratio=st.sampled_from([0.0, 0.25, 0.8]),
    same_manager_allowed=st.booleans(),
    cross_department_only=st.booleans(),
    past_partner_allowed=st.booleans(),
    reserve_start=st.sampled_from([250, 550]),
)


def pool_of(size: int, seed: int) -> list[PoolMember]:
    """People with everything that may stand between two: crowds alike, peers of one manager, history, no room, nothing known."""
    draws = random.Random(seed)  # noqa: S311 - people of a test, no cryptography
    found = people(size, seed)
    ids = [member.person_id for member in found]
    manager_id = ids[draws.randrange(size)]
    for number, member in enumerate(found):
        chance = draws.random()
        twin = found[draws.randrange(size)] if chance < 0.4 else member
        others = [other for other in draws.choices(ids, k=3) if other != member.person_id]
        has_common_manager = draws.random() < 0.3 and member.person_id != manager_id
        found[number] = replace(
            twin,
            person_id=member.person_id,
            line=(manager_id,) if has_common_manager else member.line,
            manager_id=manager_id if has_common_manager else member.manager_id,
            excluded=frozenset(others[:1]) if chance > 0.6 else frozenset(),
            band=None if chance > 0.95 else twin.band,
            department=None if 0.9 < chance < 0.95 else twin.department,
            bars=dict.fromkeys(others[1:2], draws.choice(HISTORY_CODES)) if chance > 0.7 else {},
            partner_ids=frozenset(others[2:]) if chance > 0.8 else frozenset(),
            dotted_line_ids=tuple(others[:2]) if chance > 0.9 else (),
            wants=() if 0.5 < chance < 0.52 else twin.wants,
            status=EligibilityCode.ON_LEAVE if 0.43 < chance < 0.45 else None,
            room=0 if 0.45 < chance < 0.5 else member.room,
        )
    return found
