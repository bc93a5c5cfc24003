"""Rules of the pool of a round (engine/programme/rounds/pool.py)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.programme.messages import Employment, PersonFacts
from engine.programme.participants.participant import Participant, ParticipantStatus, enrolled, waiting
from engine.programme.participants.profile import Profile
from engine.programme.rounds.pool import band_of, history_code, is_anybody_in_pool, member_of, members_of
from engine.programme.rounds.programme import Bar, Programme
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode
from schemas.terms.ids import PairingId, PersonId, ProgrammeId
from schemas.terms.policy import Policy

AT = datetime(2025, 1, 6, 9, tzinfo=UTC)
PEOPLE = (PersonId("ann"), PersonId("bob"))
PROGRAMME = Programme(programme_id=ProgrammeId("p"), policy_json=Policy().model_dump_json(), created_at=AT, rounds_held=10)


def participant(person_id: str, **changes: object) -> Participant:
    """Somebody ready."""
    known = Participant(
        programme_id=ProgrammeId("p"),
        person_id=PersonId(person_id),
        facts=PersonFacts(person_id=PersonId(person_id), employment=Employment.ACTIVE),
    )
    whole = replace(enrolled(known, AT), profile=Profile(offers=(("python", 2),), wants=(("strategy", 3, 0),)))
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declared", "level", "is_allowed", "band"),
    [
        (2, 12, True, 2),
        (None, 12, False, None),
        (None, 12, True, 3),
        (None, 1, True, 0),
        (None, 3, True, 0),
        (None, 4, True, 1),
        (None, None, True, None),
    ],
)
def test_the_declared_band_counts_and_the_career_stage_stands_in_by_policy(
    declared: int | None, level: int | None, is_allowed: bool, band: int | None
) -> None:
    """Job levels 1 to 12 make four stages of three."""
    ann = participant("ann")
    ann = replace(ann, profile=replace(ann.profile, experience_band=declared), facts=replace(ann.facts, job_level=level))

    assert band == band_of(ann, Policy(stage_stands_for_band=is_allowed))


@pytest.mark.parametrize(
    ("bar", "code"),
    [
        ({}, None),
        ({"is_forbidden": True, "is_past": True, "rests_until": AT + timedelta(days=1)}, EligibilityCode.FORBIDDEN),
        ({"is_past": True, "rests_until": AT + timedelta(days=1)}, EligibilityCode.PAST_PARTNER),
        ({"rests_until": AT + timedelta(seconds=1)}, EligibilityCode.RESTING),
        ({"rests_until": AT}, None),
    ],
)
def test_history_bars_in_one_order(bar: dict[str, object], code: EligibilityCode | None) -> None:
    """Forbidden before past partners before resting; a rest is over at its last instant."""
    assert code is history_code(Bar(people=PEOPLE, **bar), Policy(), AT)  # type: ignore[arg-type]


def test_past_partners_may_meet_again_where_policy_allows_it() -> None:
    """And then rest like anybody else."""
    past = Bar(people=PEOPLE, is_past=True, rests_until=AT + timedelta(days=1))

    assert EligibilityCode.RESTING is history_code(past, Policy(past_partner_allowed=True), AT)


def test_a_bar_holds_for_both_and_partners_know_of_each_other() -> None:
    """History and open pairings are written to each side, so neither order of asking matters."""
    bars = [Bar(people=PEOPLE, is_forbidden=True, open_pairing_id=PairingId("p.0"))]

    ann, bob = members_of(PROGRAMME, [participant("ann"), participant("bob")], bars, AT)

    assert ({"bob": EligibilityCode.FORBIDDEN}, {"ann": EligibilityCode.FORBIDDEN}) == (ann.bars, bob.bars)
    assert ({"bob"}, {"ann"}) == (ann.partner_ids, bob.partner_ids)


@pytest.mark.parametrize(
    ("changes", "is_member"),
    [
        ({}, True),
        ({"status": ParticipantStatus.PAUSED}, True),
        ({"status": ParticipantStatus.WITHDRAWN}, False),
        ({"status": ParticipantStatus.KNOWN}, False),
        ({"profile": Profile(offers=(("python", 2),))}, False),
    ],
)
def test_members_are_those_who_take_part_with_a_whole_profile(changes: dict[str, object], is_member: bool) -> None:
    """A pause keeps somebody a member, with the reason why no round looks for anybody."""
    members = members_of(PROGRAMME, [participant("ann", **changes)], [], AT)

    assert is_member == bool(members)


def test_a_member_has_the_defaults_of_a_person_where_nothing_was_said() -> None:
    """UTC, English, capacity 1, the default working week."""
    ann = member_of(PROGRAMME, participant("ann"), AT)

    assert ("UTC", frozenset({"en"}), 1, ()) == (ann.timezone, ann.languages, ann.room, ann.hours)


def test_languages_of_the_profile_come_before_those_of_hr() -> None:
    """The person knows best."""
    ann = participant("ann")
    from_hr = replace(ann, facts=replace(ann.facts, languages=("de",)))
    said = replace(from_hr, profile=replace(ann.profile, languages=("fr",)))

    assert [{"de"}, {"fr"}] == [member_of(PROGRAMME, one, AT).languages for one in (from_hr, said)]


def test_waiting_is_counted_in_whole_days_and_in_rounds_held() -> None:
    """From the moment of readiness; both are zero for somebody who does not wait."""
    since = waiting(participant("ann"), AT, 7)
    later = member_of(PROGRAMME, since, AT + timedelta(days=2, hours=23))
    idle = member_of(PROGRAMME, participant("ann"), AT)

    assert ((2, 3), (0, 0)) == ((later.waiting_days, later.rounds_waited), (idle.waiting_days, idle.rounds_waited))


people = st.builds(
    lambda status, employment, taken, is_trained: participant(
        "ann",
        status=status,
        pairing_ids=tuple(PairingId(str(number)) for number in range(taken)),
        is_trained=is_trained,
        facts=PersonFacts(person_id=PersonId("ann"), employment=employment),
    ),
    st.sampled_from(sorted(ParticipantStatus)),
    st.sampled_from(sorted(Employment)),
    st.integers(0, 2),
    st.booleans(),
)


@given(everybody=st.lists(people, max_size=4), training_required=st.booleans())
def test_the_short_question_is_answered_as_by_the_pool_itself(everybody: list[Participant], training_required: bool) -> None:
    """Whether a round is worth holding is asked daily, so without building the pool."""
    policy = Policy(training_required=training_required)
    programme = replace(PROGRAMME, policy_json=policy.model_dump_json())

    pool = [member for member in members_of(programme, everybody, [], AT) if member.room > 0 and member.status is None]

    assert bool(pool) == is_anybody_in_pool(programme, everybody, AT)
