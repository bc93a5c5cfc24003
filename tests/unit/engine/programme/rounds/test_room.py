"""Rules of room (engine/programme/rounds/room.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.messages import Employment, PersonFacts
from engine.programme.participants.participant import Participant, ParticipantStatus, Profile, check, enrolled
from engine.programme.rounds.room import in_pool, joined, kept, left, room, taking_room
from schemas.frozen import replace
from schemas.terms.ids import PairingId, PersonId, ProgrammeId

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
LATER = AT + timedelta(days=3)
WHOLE = Profile(offers=(("python", 2),), wants=(("strategy", 3, 0),))
KNOWN = Participant(
    programme_id=ProgrammeId("p"), person_id=PersonId("ann"), facts=PersonFacts(person_id=PersonId("ann"), employment=Employment.ACTIVE)
)
READY = replace(enrolled(KNOWN, AT), profile=WHOLE)


@given(capacity=st.integers(1, 5), capacity_max=st.integers(1, 5), taken=st.integers(0, 7))
def test_room_is_what_both_allow_less_what_is_taken(capacity: int, capacity_max: int, taken: int) -> None:
    """rounds.R1: never below zero, though a policy may lower the limit under what is live."""
    ids = tuple(PairingId(f"p.{number:016x}") for number in range(taken))
    participant = replace(READY, profile=replace(WHOLE, capacity=capacity), pairing_ids=ids)

    assert max(0, min(capacity, capacity_max) - taken) == room(participant, capacity_max, AT)


def test_undecided_proposal_takes_room_until_its_instant_and_not_at_it() -> None:
    """rounds.R2: a proposal stays open and takes no room any more."""
    asked = joined(READY, PairingId("p.0"), LATER)

    assert [0, 1] == [room(asked, 5, LATER - timedelta(seconds=1)), room(asked, 5, LATER)]
    assert (PairingId("p.0"),) == asked.pairing_ids


def test_pair_takes_room_for_as_long_as_it_lives() -> None:
    """rounds.R3: what was undecided for long and becomes a pair after all takes room again."""
    paired = kept(joined(READY, PairingId("p.0"), LATER), PairingId("p.0"))

    assert (PairingId("p.0"),) == taking_room(paired, LATER + timedelta(days=99))


def test_the_pool_has_those_with_room_and_nothing_in_the_way() -> None:
    """The short question asks what a round would ask."""
    asked = [READY, KNOWN, joined(READY, PairingId("p.0"), LATER), replace(READY, status=ParticipantStatus.PAUSED)]

    assert [True, False, False, False] == [in_pool(one, capacity_max=5, training_required=False, at=AT) for one in asked]
    assert not in_pool(READY, capacity_max=5, training_required=True, at=AT)


@given(names=st.lists(st.sampled_from("abcd"), max_size=8))
def test_joining_and_leaving_keep_the_ids_sorted_and_single(names: list[str]) -> None:
    """The row's check would refuse anything else."""
    participant = READY
    for name in names:
        participant = joined(participant, PairingId(name), LATER)
        check(participant)

    assert tuple(sorted(set(names))) == participant.pairing_ids
    for name in names:
        participant = left(participant, PairingId(name))
    assert ((), ()) == (participant.pairing_ids, participant.roomless)
