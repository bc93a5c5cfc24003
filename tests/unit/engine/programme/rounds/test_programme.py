"""Rules of a programme (engine/programme/rounds/programme.py)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.rounds.policy_facts import PolicyFacts, given_in, with_change
from engine.programme.rounds.programme import (
    Bar,
    Programme,
    ProgrammeStatus,
    bar_key,
    families_of,
    next_round,
    pair_of,
    policy_from,
    with_policy,
)
from schemas.frozen import replace
from schemas.terms.codes import TopicFamily, Track
from schemas.terms.ids import PersonId, ProgrammeId
from schemas.terms.policy import Policy

CREATED_AT = datetime(2025, 1, 6, 9, tzinfo=UTC)


def programme(**policy: object) -> Programme:
    """A programme created on a Monday at nine."""
    return Programme(programme_id=ProgrammeId("p"), policy_json=Policy.model_validate(policy).model_dump_json(), created_at=CREATED_AT)


def changed(*policies: Policy) -> Programme:
    """The programme after its policy was changed as a whole, once or more."""
    facts = PolicyFacts()
    for number, policy in enumerate(policies):
        facts = with_change(facts, Stamp(CREATED_AT, number, "e"), given_in(policy), is_whole=True)
    return with_policy(programme(), facts, CREATED_AT)


def test_every_change_of_policy_makes_the_next_version() -> None:
    """rounds.G1: 1, 2, 3 …"""
    twice = changed(Policy(track=Track.REVERSE), Policy())

    assert (3, Track.MUTUAL) == (twice.policy_version, twice.policy.track)


def test_a_change_of_policy_sets_the_next_round_by_the_new_policy() -> None:
    """The day's round may still come, or rounds may stop."""
    running = changed(Policy(round_at="23:00"))
    on_request = changed(Policy(round_every_days=0))

    assert (datetime(2025, 1, 6, 23, tzinfo=UTC), None) == (running.next_round_at, on_request.next_round_at)


@pytest.mark.parametrize("status", [ProgrammeStatus.PAUSED, ProgrammeStatus.CLOSED])
def test_only_a_running_programme_has_a_next_round(status: ProgrammeStatus) -> None:
    """Neither a pause nor an end is interrupted."""
    assert None is next_round(replace(programme(), status=status), CREATED_AT)


@given(every=st.integers(1, 40), minutes=st.integers(-3_000, 300_000), clock=st.times())
def test_the_next_round_is_the_first_of_its_days_after_the_instant(every: int, minutes: int, clock: object) -> None:
    """Rounds are `round_every_days` apart from the day of creation on, at `round_at`, and strictly ahead."""
    round_at = f"{clock:%H:%M}"
    after = CREATED_AT + timedelta(minutes=max(0, minutes))

    due = next_round(programme(round_every_days=every, round_at=round_at), after)

    assert due is not None
    assert after < due <= after + timedelta(days=every)
    assert (round_at, 0) == (f"{due:%H:%M}", (due.date() - CREATED_AT.date()).days % every)


def test_the_same_policy_text_is_read_once() -> None:
    """A decision asks for its policy many times."""
    assert policy_from(programme().policy_json) is programme().policy


def test_families_are_those_of_the_policys_own_catalogue() -> None:
    """A programme may bring its topics."""
    own = programme(topics=[{"id": "juggling", "family": "craft", "name": "Juggling"}])

    assert {"juggling": TopicFamily.CRAFT} == families_of(own.policy_json)


def test_two_people_are_one_pair_whoever_is_named_first() -> None:
    """Keys of bars hang on it."""
    ann, bob = PersonId("ann"), PersonId("bob")

    assert pair_of(ann, bob) == pair_of(bob, ann) == (ann, bob)
    assert "p/ann/bob" == bar_key(ProgrammeId("p"), pair_of(bob, ann))


def test_a_bar_waits_for_nothing() -> None:
    """A rest is over when a round finds it so."""
    assert None is Bar(people=(PersonId("ann"), PersonId("bob")), rests_until=CREATED_AT).wake_at
