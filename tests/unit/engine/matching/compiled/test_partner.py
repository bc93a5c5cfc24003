"""The compiled way finds the partner that the plain way finds (engine/matching/compiled/partner.py)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching import compiled
from engine.matching.pool import PoolMember
from engine.matching.search.standby import PlainStandby, standby_pool_of
from ops.bench.matching.people import FAMILIES, people
from schemas.frozen import replace
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy
from tests.depth import deep
from tests.pools import POLICIES, pool_of

pytestmark = [
    pytest.mark.skipif(not compiled.has_numba(), reason="needs the extra `fast` (numba)"),
    pytest.mark.timeout(600),
]

AT = datetime(2025, 3, 5, 6, tzinfo=UTC)


@settings(max_examples=deep(40), deadline=None)
@given(size=st.integers(1, 120), seed=st.integers(0, 10_000), policy=POLICIES, ordinal=st.integers(1, 5))
def test_compiled_partner_is_the_plain_one(size: int, seed: int, policy: Policy, ordinal: int) -> None:
    """Whoever asks, in the pool or not, under whatever policy, hears of the same person with the same score."""
    from engine.matching.compiled.partner import CompiledStandby

    members = pool_of(size, seed)
    asked = standby_pool_of(members, policy, round_ordinal=ordinal, at=AT, topic_catalogue=FAMILIES)
    plain, compiled = PlainStandby(asked), CompiledStandby(asked)
    everybody = [*(member.person_id for member in members), PersonId("stranger")]

    assert [plain.best_partner(each) for each in everybody] == [compiled.best_partner(each) for each in everybody]


def test_one_of_a_thousand_alike_is_the_same_in_both_ways() -> None:
    """Where all score alike, the ring of ties alone decides."""
    from engine.matching.compiled.partner import CompiledStandby

    alike = replace(
        people(1)[0], offers=(("python", 3), ("strategy", 3)), wants=(("python", 2, 0), ("strategy", 2, 1)), line=(), manager_id=None
    )
    members = [replace(alike, person_id=PersonId(f"p{number:04d}")) for number in range(1_000)]
    asked = standby_pool_of(members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES)
    plain, compiled = PlainStandby(asked), CompiledStandby(asked)

    found = [compiled.best_partner(member.person_id) for member in members[:50]]

    assert [plain.best_partner(member.person_id) for member in members[:50]] == found
    assert len({partner.person_id for partner in found if partner}) > 30


@pytest.mark.parametrize(("size", "name"), [(compiled.COMPILED_FROM - 1, "PlainStandby"), (compiled.COMPILED_FROM, "CompiledStandby")])
def test_large_pools_are_kept_ready_the_compiled_way(size: int, name: str) -> None:
    """A small pool answers before compiled code is loaded."""
    members = [PoolMember(person_id=PersonId(f"p{number:04d}")) for number in range(size)]

    kept = compiled.standby(members, Policy(), round_ordinal=1, at=AT, topic_catalogue=FAMILIES)

    assert type(kept).__name__ == name
    assert kept.best_partner(members[0].person_id) is None
