"""Rules of the ledger of nudges (engine/programme/nudges/ledger.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.programme.messages import Employment
from engine.programme.nudges.choices import Choice
from engine.programme.nudges.ledger import (
    BEHAVIOURAL_GAP,
    REQUESTED_MAX,
    SETTLE,
    WAITING_MAX,
    Contact,
    Decision,
    Standing,
    admit,
    check,
    current,
    decide,
    is_held_out,
    timed,
)
from schemas.frozen import replace
from schemas.terms.codes import NudgeCategory, NudgeKey, SuppressionReason
from schemas.terms.ids import NudgeId, PairingId, PersonId, ProgrammeId
from tests.nudge_ledgers import HERE, SAID, WEDNESDAY_10, an_intent, chosen, decided, nobody, reasons, salted, waiting_for
from tests.outreach_terms import TERMS
from tests.spread import is_spread


def test_transactional_intent_is_granted_for_the_next_waking_instant() -> None:
    """What is decided on a Friday night is for the first hour of Monday, and for now while people are awake."""
    friday_22 = datetime(2025, 1, 10, 22, tzinfo=UTC)

    assert decided(an_intent()).granted.not_before == WEDNESDAY_10
    assert is_spread(decided(an_intent(), at=friday_22).granted.not_before, datetime(2025, 1, 13, 8, tzinfo=UTC))


def test_transactional_intent_is_suppressed_when_it_expires_in_the_night() -> None:
    """nudges.O3: nobody is woken for it; `expires_at` itself is too late."""
    at = datetime(2025, 1, 8, 21, tzinfo=UTC)
    intent = an_intent(expires_at=datetime(2025, 1, 9, 8, tzinfo=UTC))

    assert [SuppressionReason.QUIET] == reasons(decided(intent, at=at))


def test_intent_that_comes_too_late_has_expired_whatever_else_holds() -> None:
    """The order of checks is fixed: time first."""
    gone = Standing(employment=Employment.DEPARTED)

    assert [SuppressionReason.EXPIRED_WAITING] == reasons(decided(an_intent(days=0), person=gone))


@pytest.mark.parametrize("employment", [Employment.ON_LEAVE, Employment.DEPARTED, Employment.ERASED])
def test_nobody_who_is_away_is_nudged(employment: Employment) -> None:
    """On leave, departed and erased people are left alone."""
    assert [SuppressionReason.AWAY] == reasons(decided(an_intent(), person=Standing(employment=employment)))


def test_soft_landing_is_silent_up_to_its_end() -> None:
    """Ten days of silence after a leave, half-open: the first nudge may come when they are over."""
    landed = Standing(leave_ended_at=WEDNESDAY_10 - timedelta(days=10))
    landing = Standing(leave_ended_at=WEDNESDAY_10 - timedelta(days=10) + timedelta(seconds=1))

    assert decided(an_intent(), person=landed).granted is not None
    assert [SuppressionReason.AWAY] == reasons(decided(an_intent(), person=landing))


def test_opting_out_stops_a_category_except_what_a_pair_must_hear() -> None:
    """Transactional nudges of `pairing` can't be opted out of; the reminder to answer can."""
    left = (NudgeCategory.PAIRING, NudgeCategory.SESSIONS)
    contact = Contact(choices=tuple(Choice(category=category, is_opted_out=True, stamp=SAID) for category in left))

    assert decided(an_intent(NudgeKey.PAIRING_STARTED), contact).granted is not None
    assert [SuppressionReason.OPTED_OUT] == reasons(decided(an_intent(NudgeKey.SESSION_TOMORROW), contact))
    assert [SuppressionReason.OPTED_OUT] == reasons(decided(an_intent(NudgeKey.ANSWER_PROPOSAL), contact))


def test_opting_in_takes_the_choice_back() -> None:
    """A choice is for as long as the person wants it."""
    back = Contact(choices=(Choice(category=NudgeCategory.SESSIONS, is_opted_out=False, stamp=SAID),))

    assert decided(an_intent(NudgeKey.SESSION_TOMORROW), back).granted is not None


def test_history_before_the_bound_makes_no_nudge() -> None:
    """Backfill: a nudge of an earlier engine time is only recorded."""
    intent, bound = an_intent(), WEDNESDAY_10 + timedelta(seconds=1)

    assert [SuppressionReason.BACKFILL] == reasons(
        decide(Contact(), NudgeId("n"), intent, HERE, at=WEDNESDAY_10, emit_from=bound, lots=nobody)
    )
    assert decide(Contact(), NudgeId("n"), intent, HERE, at=bound, emit_from=bound, lots=nobody).granted is not None


def test_fourth_nudge_of_a_day_moves_to_the_next_waking_day() -> None:
    """nudges.O2: after three on a Friday the fourth is for Monday morning; the cap counts every programme."""
    friday = datetime(2025, 1, 10, 10, tzinfo=UTC)
    contact, not_before = Contact(), []
    for number in range(4):
        decision = decided(an_intent(programme_id=ProgrammeId(f"p{number}")), contact, at=friday)
        contact = decision.contact
        not_before.append(decision.granted.not_before)

    assert [friday, friday, friday] == not_before[:3]
    assert is_spread(not_before[3], datetime(2025, 1, 13, 8, tzinfo=UTC))


def test_nudge_over_the_cap_is_suppressed_only_when_it_can_not_move() -> None:
    """nudges.O2: what would be over by the next waking day is dropped."""
    contact = Contact()
    for _ in range(3):
        contact = decided(an_intent(), contact).contact
    next_morning = datetime(2025, 1, 9, 8, tzinfo=UTC)

    assert [SuppressionReason.DAILY_CAP] == reasons(decided(an_intent(expires_at=next_morning), contact))
    assert decided(an_intent(expires_at=next_morning + timedelta(seconds=1)), contact).granted.not_before == next_morning


def test_cap_counts_local_dates() -> None:
    """nudges.O2: ten in the morning UTC is eleven at night in Auckland, where the next date begins an hour later."""
    auckland = Standing(timezone="Pacific/Auckland")
    terms = replace(TERMS, quiet_from="00:00", quiet_to="00:00", daily_cap=1)
    contact = decided(an_intent(terms=terms), person=auckland).contact

    moved = decided(an_intent(terms=terms), contact, auckland)
    tomorrow = decided(an_intent(terms=terms), contact, auckland, at=WEDNESDAY_10 + timedelta(hours=1))

    assert is_spread(moved.granted.not_before, WEDNESDAY_10 + timedelta(hours=1))
    assert tomorrow.granted.not_before == WEDNESDAY_10 + timedelta(hours=1)


def test_behavioural_intent_waits_until_it_has_settled() -> None:
    """An intent may be chosen a minute after it came, so that what comes with it is compared with it."""
    contact = timed(waiting_for(an_intent(NudgeKey.OPEN_DEBATE)), HERE, WEDNESDAY_10)

    assert WEDNESDAY_10 + SETTLE == contact.wake_at
    assert chosen(contact, at=WEDNESDAY_10 + SETTLE - timedelta(seconds=1)).granted is None
    assert chosen(contact, at=WEDNESDAY_10 + SETTLE).granted.not_before == WEDNESDAY_10 + SETTLE


def test_highest_priority_is_chosen_then_the_oldest_then_the_smallest_id() -> None:
    """The order is total, so a replay chooses alike."""
    log_session, quiet_pair = an_intent(NudgeKey.LOG_SESSION), an_intent(NudgeKey.PAIRING_QUIET)

    assert chosen(waiting_for(an_intent(NudgeKey.OPEN_DEBATE), quiet_pair, log_session)).granted.nudge_id == "2"
    older = admit(Contact(), NudgeId("z"), quiet_pair, HERE, at=WEDNESDAY_10).contact
    newer = admit(older, NudgeId("a"), log_session, HERE, at=WEDNESDAY_10 + timedelta(seconds=1)).contact
    assert chosen(newer).granted.nudge_id == "z"
    at_once = admit(
        admit(Contact(), NudgeId("b"), log_session, HERE, at=WEDNESDAY_10).contact, NudgeId("a"), quiet_pair, HERE, at=WEDNESDAY_10
    )
    assert chosen(at_once.contact).granted.nudge_id == "a"


def test_second_behavioural_nudge_waits_for_168_hours() -> None:
    """nudges.O1: hours in UTC, counted from the `not_before` of the last."""
    first = chosen(waiting_for(an_intent(NudgeKey.LOG_SESSION), an_intent(NudgeKey.OPEN_DEBATE)))
    due_at = first.granted.not_before + BEHAVIOURAL_GAP

    assert timed(first.contact, HERE, WEDNESDAY_10 + timedelta(minutes=5)).wake_at == due_at
    assert chosen(first.contact, at=due_at - timedelta(seconds=1)).granted is None
    assert chosen(first.contact, at=due_at).granted.not_before == due_at


def test_choice_waits_for_the_morning_of_its_own_programme() -> None:
    """nudges.O3: what may go now goes first, and an intent whose programme is quiet now waits on."""
    night_owls = replace(TERMS, quiet_from="09:00", quiet_to="12:00")
    contact = waiting_for(an_intent(NudgeKey.LOG_SESSION, terms=night_owls), an_intent(NudgeKey.OPEN_DEBATE))

    assert chosen(contact).granted.intent.key is NudgeKey.OPEN_DEBATE
    assert timed(waiting_for(an_intent(NudgeKey.LOG_SESSION, terms=night_owls)), HERE, WEDNESDAY_10).wake_at == datetime(
        2025, 1, 8, 12, tzinfo=UTC
    )


def test_waiting_intent_expires() -> None:
    """The timer fires at the expiry when no choice comes first, and says so."""
    contact = waiting_for(an_intent(NudgeKey.LOG_SESSION, days=7))
    busy = timed(replace(contact, behavioural_at=WEDNESDAY_10), HERE, WEDNESDAY_10)
    decision = chosen(busy, at=busy.wake_at)

    assert WEDNESDAY_10 + timedelta(days=7) == busy.wake_at
    assert [SuppressionReason.EXPIRED_WAITING] == reasons(decision)
    assert timed(decision.contact, HERE, WEDNESDAY_10).wake_at is None


def test_held_out_intent_takes_no_slot() -> None:
    """nudges.O4: the next in line is tried at once."""
    all_held_out = replace(TERMS, holdout_percent=100)
    decision = chosen(waiting_for(an_intent(NudgeKey.LOG_SESSION, terms=all_held_out), an_intent(NudgeKey.OPEN_DEBATE)))

    assert [SuppressionReason.HELD_OUT] == reasons(decision)
    assert decision.granted.intent.key is NudgeKey.OPEN_DEBATE


def test_transactional_intents_are_never_held_out() -> None:
    """What changes a pair is told to everybody."""
    assert decided(an_intent(terms=replace(TERMS, holdout_percent=100))).granted is not None


def test_held_out_group_is_about_as_large_as_asked_for() -> None:
    """A tenth of (person, key), the same for ever."""
    intents = [
        an_intent(NudgeKey.OPEN_INVITATION, person_id=PersonId(f"p{number}"), pairing_id=None, terms=replace(TERMS, holdout_percent=10))
        for number in range(2_000)
    ]

    assert 150 <= sum(is_held_out(intent, salted) for intent in intents) <= 250
    assert not any(is_held_out(replace(intent, terms=replace(TERMS, holdout_percent=0)), salted) for intent in intents)


def test_both_sides_of_a_pair_are_held_out_alike() -> None:
    """One lot for a pair and a key, whoever of the two it is for; another pair has its own."""
    terms = replace(TERMS, holdout_percent=50)
    lots = [
        {
            is_held_out(
                an_intent(NudgeKey.LOG_SESSION, person_id=PersonId(side), pairing_id=PairingId(f"p.{number:02}"), terms=terms), salted
            )
            for side in ("ann", "bob")
        }
        for number in range(60)
    ]

    assert {1} == {len(lot) for lot in lots}
    assert 2 == len(set().union(*lots))


def test_newest_of_several_that_coalesce_stays() -> None:
    """A second reminder about one pair replaces the first that still waits, whatever its occasion; another pair's stays."""
    contact = waiting_for(an_intent(NudgeKey.BOOK_NEXT_SESSION), an_intent(NudgeKey.BOOK_NEXT_SESSION, pairing_id=PairingId("p.01")))

    decision = admit(contact, NudgeId("3"), an_intent(NudgeKey.BOOK_NEXT_SESSION, occasion="2"), HERE, at=WEDNESDAY_10)

    assert [SuppressionReason.SUPERSEDED] == reasons(decision)
    assert ["2", "3"] == sorted(waiting.nudge_id for waiting in decision.contact.waiting)


def test_same_intent_again_changes_nothing_while_it_waits() -> None:
    """One nudge per natural key: the first keeps its place in the line."""
    contact = waiting_for(an_intent(NudgeKey.LOG_SESSION))

    assert Decision(contact=contact) == admit(contact, NudgeId("1"), an_intent(NudgeKey.LOG_SESSION), HERE, at=WEDNESDAY_10 + SETTLE)


def test_ledger_is_bounded_and_lets_the_least_urgent_go() -> None:
    """nudges.O5: the lowest priority goes, the oldest of those first."""
    intents = [an_intent(NudgeKey.OPEN_INVITATION, programme_id=ProgrammeId(f"p{number}")) for number in range(WAITING_MAX)]
    contact = waiting_for(*intents)

    decision = admit(contact, NudgeId("new"), an_intent(NudgeKey.LOG_SESSION), HERE, at=WEDNESDAY_10)

    assert [(NudgeId("1"), SuppressionReason.SUPERSEDED)] == [(gone.nudge_id, gone.reason) for gone in decision.suppressed]
    assert WAITING_MAX == len(decision.contact.waiting)
    check(timed(decision.contact, HERE, WEDNESDAY_10))


def test_waiting_intent_is_spread_by_its_own_id_when_the_night_is_over() -> None:
    """nudges.O6: what came in the night is chosen as the day begins, and each has a place of its own in the first hour."""
    evening, morning = datetime(2025, 1, 8, 21, tzinfo=UTC), datetime(2025, 1, 9, 8, tzinfo=UTC)
    contact = waiting_for(an_intent(NudgeKey.LOG_SESSION), at=evening)
    found = {
        chosen(replace(contact, waiting=(replace(contact.waiting[0], nudge_id=NudgeId(f"n{number}")),)), at=morning).granted.not_before
        for number in range(20)
    }

    assert morning == timed(contact, HERE, evening).wake_at
    assert all(is_spread(not_before, morning) for not_before in found)
    assert len(found) > 15


def test_late_choice_is_not_spread_again() -> None:
    """nudges.O6: when the first hour is over, what waited goes now."""
    contact = waiting_for(an_intent(NudgeKey.LOG_SESSION), at=datetime(2025, 1, 8, 21, tzinfo=UTC))
    noon = datetime(2025, 1, 9, 12, tzinfo=UTC)

    assert noon == chosen(contact, at=noon).granted.not_before


def test_nudges_lie_in_the_hours_that_the_person_gave() -> None:
    """nudges.O6: whoever is there from two to five hears then, and after five at any waking time of that day."""
    terms = replace(TERMS, hours=((3, "14:00", "17:00"),))
    at_two, at_six = WEDNESDAY_10 + timedelta(hours=4), WEDNESDAY_10 + timedelta(hours=8)
    waiting = timed(waiting_for(an_intent(NudgeKey.LOG_SESSION, terms=terms)), HERE, WEDNESDAY_10)

    assert is_spread(decided(an_intent(terms=terms)).granted.not_before, at_two)
    assert at_six == decided(an_intent(terms=terms), at=at_six).granted.not_before
    assert at_two == waiting.wake_at
    assert chosen(waiting).granted is None


def test_reminder_comes_the_last_waking_day_before_and_says_how_far_ahead() -> None:
    """A session on Monday at nine is reminded of on Friday at nine; booked on Saturday, in the first hour of Monday."""
    monday = datetime(2025, 1, 13, 9, tzinfo=UTC)
    intent = an_intent(NudgeKey.SESSION_TOMORROW, expires_at=monday, about_at=monday)

    early = decided(intent).granted
    late = decided(intent, at=datetime(2025, 1, 11, 12, tzinfo=UTC)).granted

    assert (datetime(2025, 1, 10, 9, tzinfo=UTC), 3) == (early.not_before, early.intent.params["days_ahead"])
    assert is_spread(late.not_before, datetime(2025, 1, 13, 8, tzinfo=UTC))
    assert 0 == late.intent.params["days_ahead"]


def test_erased_people_get_no_ledger_again() -> None:
    """An intent that comes after the erasure leaves nothing behind."""
    decision = admit(Contact(), NudgeId("1"), an_intent(NudgeKey.LOG_SESSION), Standing(employment=Employment.ERASED), at=WEDNESDAY_10)

    assert (Contact(), [SuppressionReason.AWAY]) == (decision.contact, reasons(decision))


def test_only_so_many_requests_can_be_recalled() -> None:
    """nudges.O5: the one that expires first is let go."""
    no_cap = replace(TERMS, daily_cap=10_000)
    contact = Contact()
    for number in range(REQUESTED_MAX + 1):
        intent = an_intent(terms=no_cap, days=1 + number)
        contact = decide(contact, NudgeId(str(number)), intent, HERE, at=WEDNESDAY_10, emit_from=None, lots=nobody).contact

    check(timed(contact, HERE, WEDNESDAY_10))
    assert "1" == contact.requested[0].nudge_id


def test_time_settles_old_requests_and_counts() -> None:
    """A ledger holds what can still matter: open requests, days that can still fill."""
    contact = decided(an_intent(days=1)).contact

    assert contact == current(contact, WEDNESDAY_10 + timedelta(hours=23))
    assert ((), 1) == (current(contact, WEDNESDAY_10 + timedelta(days=1)).requested, len(current(contact, WEDNESDAY_10).day_counts))
    assert Contact() == current(contact, WEDNESDAY_10 + timedelta(days=3))
