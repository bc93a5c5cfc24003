"""Rules of the pairing's row and of its table of states (engine/programme/pairs/pairing.py)."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.programme.pairs.pairing import (
    LIVE,
    TERMINAL,
    TRANSITIONS,
    WAITS,
    Pairing,
    PairingEvent,
    Timer,
    TimerKind,
    answered,
    armed,
    both_answered,
    can,
    check,
    disarmed,
    due,
    marked,
    moved,
    unmarked,
    without,
)
from schemas.terms.codes import PairingState
from schemas.terms.ids import PersonId
from tests.unit.engine.programme.pairs.pair_rows import pair_row

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN, BOB = PersonId("ann"), PersonId("bob")
_S, _E = PairingState, PairingEvent

TABLE: Final[dict[PairingEvent, dict[PairingState, PairingState]]] = {
    _E.BOTH_ACCEPTED: {_S.PROPOSED: _S.ACTIVE},
    _E.PROPOSAL_OVER: {_S.PROPOSED: _S.LAPSED},
    _E.LEFT_FOR_A_WHILE: {_S.ACTIVE: _S.PAUSED, _S.STALLED: _S.PAUSED},
    _E.BACK: {_S.PAUSED: _S.ACTIVE},
    _E.CONFLICT_AROSE: dict.fromkeys((_S.ACTIVE, _S.STALLED, _S.PAUSED, _S.CONCLUDING), _S.SUSPENDED),
    _E.BOTH_CONSENTED_AGAIN: {_S.SUSPENDED: _S.ACTIVE},
    _E.NO_SESSION: {_S.ACTIVE: _S.STALLED},
    _E.SESSION_SEEN: {_S.STALLED: _S.ACTIVE},
    _E.PLAN_DONE: {_S.ACTIVE: _S.CONCLUDING},
    _E.BOTH_RENEW: {_S.CONCLUDING: _S.ACTIVE},
    _E.FINISHED: {_S.CONCLUDING: _S.COMPLETED},
    _E.OVER: dict.fromkeys((_S.ACTIVE, _S.PAUSED, _S.SUSPENDED, _S.STALLED, _S.CONCLUDING), _S.ENDED),
}
"""The table of the design, by event; what is not in it does not happen."""


def pairing(state: PairingState = PairingState.PROPOSED, **fields: object) -> Pairing:
    """Build a row; both have accepted where the state says so."""
    accepted_by = (ANN, BOB) if state in LIVE else ()
    return pair_row((ANN, BOB), START, **{"state": state, "accepted_by": accepted_by, **fields})


@pytest.mark.parametrize("event", PairingEvent)
@pytest.mark.parametrize("state", PairingState)
def test_table_has_what_the_design_has_and_nothing_else(state: PairingState, event: PairingEvent) -> None:
    """Every state and event: moved as the design says, or not at all."""
    wanted = TABLE[event].get(state)

    assert wanted == TRANSITIONS.get((state, event))
    assert (wanted is not None) == can(pairing(state), event)


def test_terminal_states_are_left_by_nothing() -> None:
    """pairs.P2: lapsed, completed and ended have no way out."""
    assert {PairingState.LAPSED, PairingState.COMPLETED, PairingState.ENDED} == set(TERMINAL)
    assert [] == [key for key in TRANSITIONS if key[0] in TERMINAL]


def test_live_states_are_those_between_consent_and_end() -> None:
    """Live = active, paused, suspended, stalled, concluding."""
    assert set(PairingState) - TERMINAL - {PairingState.PROPOSED} == LIVE


def test_every_live_state_can_end() -> None:
    """Either side may end it at any time."""
    assert all(TRANSITIONS[(state, PairingEvent.OVER)] is PairingState.ENDED for state in LIVE)


def test_move_says_since_when() -> None:
    """`since` is the instant of the move."""
    later = START + timedelta(days=1)

    row = moved(pairing(), PairingEvent.PROPOSAL_OVER, later)

    assert (PairingState.LAPSED, later) == (row.state, row.since)


def test_move_outside_the_table_is_a_programmer_error() -> None:
    """Nothing else moves a pairing."""
    with pytest.raises(KeyError):
        moved(pairing(PairingState.ENDED), PairingEvent.BACK, START)


@pytest.mark.parametrize("state", PairingState)
@pytest.mark.parametrize("kind", TimerKind)
def test_row_waits_only_for_what_can_still_happen(state: PairingState, kind: TimerKind) -> None:
    """pairs.P3, and pairs.P2 for terminal states, which wait for nothing."""
    row = armed(pairing(state), Timer(due_at=START, kind=kind))

    if kind in WAITS[state]:
        check(row)
    else:
        with pytest.raises(AssertionError, match=r"pairs\.P2, pairs\.P3"):
            check(row)


def test_a_terminal_state_waits_for_nothing_but_to_be_taken_off_the_state_topic() -> None:
    """pairs.P2: nothing else happens by itself after the end."""
    assert {frozenset({TimerKind.RETENTION_OVER})} == {WAITS[state] for state in TERMINAL}


@pytest.mark.parametrize("state", sorted(LIVE))
def test_row_is_live_only_with_two_consents(state: PairingState) -> None:
    """pairs.P4."""
    with pytest.raises(AssertionError, match=r"pairs\.P4"):
        check(pairing(state, accepted_by=(ANN,)))


def test_row_has_two_people_in_order() -> None:
    """pairs.P1."""
    with pytest.raises(AssertionError, match=r"pairs\.P1"):
        check(pairing(people=(BOB, ANN)))


instants = st.integers(0, 20).map(lambda hours: START + timedelta(hours=hours))
timers = st.lists(st.builds(Timer, due_at=instants, kind=st.sampled_from(TimerKind), about=st.sampled_from(["", "1", "2"])), max_size=8)


@given(added=timers)
def test_timers_stand_in_order_and_once(added: list[Timer]) -> None:
    """The row's one timer is the first that is due, whatever the order of arming."""
    row = armed(pairing(), *added)

    assert armed(pairing(), *reversed(added)) == row
    assert min((timer.due_at for timer in added), default=None) == row.wake_at
    assert len(set(added)) == len(row.timers)


@given(added=timers, at=instants)
def test_due_timers_are_those_up_to_now(added: list[Timer], at: datetime) -> None:
    """A timer is due at its instant, not after it."""
    row = armed(pairing(), *added)

    assert {timer for timer in added if timer.due_at <= at} == set(due(row.timers, at))


@given(added=timers, kind=st.sampled_from(TimerKind))
def test_disarming_removes_kinds_or_all(added: list[Timer], kind: TimerKind) -> None:
    """Named kinds go; with no name everything goes."""
    row = armed(pairing(), *added)

    assert {timer for timer in added if timer.kind is not kind} == set(disarmed(row, kind).timers)
    assert () == disarmed(row).timers


def test_fired_timer_goes_alone() -> None:
    """Others of its kind stay."""
    first, second = (Timer(due_at=START, kind=TimerKind.BOOK_FIRST, about=about) for about in "12")

    assert (second,) == without(armed(pairing(), first, second), first).timers


def test_later_answer_of_a_side_replaces_its_earlier_one() -> None:
    """One answer per side."""
    row = answered(answered(pairing(), ANN, "finish"), ANN, "renew")

    assert ((ANN, "renew"),) == row.answers
    assert not both_answered(row, "renew", "finish")


def test_both_have_answered_when_each_gave_one_of_the_answers() -> None:
    """Both, and each one of those asked for."""
    row = answered(answered(pairing(), ANN, "finish"), BOB, "renew")

    assert both_answered(row, "renew", "finish")
    assert not both_answered(row, "renew")


def test_mark_is_kept_once_and_can_be_taken_back() -> None:
    """Once-only occasions are remembered; one that was none is forgotten."""
    row = marked(marked(marked(pairing(), "b"), "a"), "b")

    assert ("a", "b") == row.marks
    assert ("b",) == unmarked(row, "a").marks


def test_partner_is_the_other_one() -> None:
    """Of two there is one other."""
    assert (BOB, ANN) == (pairing().partner_of(ANN), pairing().partner_of(BOB))
