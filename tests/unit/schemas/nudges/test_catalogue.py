"""Rules of the catalogue of nudges (schemas/nudges/catalogue.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.programme.participants.participant import PROFILE_REMINDER_DAYS, STILL_WAITING_DAYS
from engine.programme.participants.profiles import WAITING_UPDATE_DAYS
from engine.programme.proposals.chance import REMINDER_DAYS
from engine.programme.sessions.cadence import BOOK_FIRST_DAYS, BOOK_NEXT_DAYS
from schemas.nudges.catalogue import CATALOGUE, LatePolicy, expiry
from schemas.terms.codes import NudgeCategory, NudgeClass, NudgeKey

DUE_AT = datetime(2025, 1, 6, 9, tzinfo=UTC)


def test_every_key_has_a_rule() -> None:
    """nudges.N1: the catalogue and the contract name the same keys."""
    assert set(NudgeKey) == set(CATALOGUE)


def test_only_behavioural_keys_have_a_priority() -> None:
    """nudges.N1: what is not rationed never waits for its turn."""
    for key, rule in CATALOGUE.items():
        assert (rule.class_ is NudgeClass.BEHAVIOURAL) == (rule.priority > 0), key


def test_behavioural_keys_expire_or_coalesce() -> None:
    """Only what tells of a change of a pair is news however late it comes."""
    assert {LatePolicy.EXPIRE, LatePolicy.COALESCE} == {rule.late for rule in CATALOGUE.values() if rule.class_ is NudgeClass.BEHAVIOURAL}


@pytest.mark.parametrize(
    ("key", "priority", "valid_days", "late"),
    [
        (NudgeKey.ANSWER_PROPOSAL, 90, 0, LatePolicy.EXPIRE),
        (NudgeKey.LOG_SESSION, 70, 7, LatePolicy.EXPIRE),
        (NudgeKey.FLIP_ROLES, 55, 45, LatePolicy.COALESCE),
        (NudgeKey.OPEN_INVITATION, 10, 30, LatePolicy.EXPIRE),
        (NudgeKey.PAIRING_ENDED, 0, 14, LatePolicy.FIRE),
        (NudgeKey.SESSION_TOMORROW, 0, 0, LatePolicy.EXPIRE),
        (NudgeKey.COORDINATOR_STORM, 0, 14, LatePolicy.COALESCE),
    ],
)
def test_catalogue_says_how_urgent_and_how_lasting(key: NudgeKey, priority: int, valid_days: int, late: LatePolicy) -> None:
    """The numbers that notifiers and programmes were promised."""
    rule = CATALOGUE[key]

    assert (priority, valid_days, late) == (rule.priority, rule.valid_days, rule.late)


def test_coordinators_hear_of_coordination_only() -> None:
    """The category of a key follows its receiver."""
    coordination = {key for key, rule in CATALOGUE.items() if rule.category is NudgeCategory.COORDINATION}

    assert {key for key in NudgeKey if key.startswith("coordinator_")} == coordination


@pytest.mark.parametrize(
    ("key", "start_days"),
    [(NudgeKey.LOG_SESSION, 0), (NudgeKey.PAIRING_QUIET, 3), (NudgeKey.PAIRING_STARTED, 3)],
)
def test_expiry_counts_from_the_moment_or_from_now(key: NudgeKey, start_days: int) -> None:
    """What is about a moment ages while the engine is down; news and what coalesces do not."""
    found = expiry(key, due_at=DUE_AT, at=DUE_AT + timedelta(days=3))

    assert DUE_AT + timedelta(days=start_days + CATALOGUE[key].valid_days) == found


def test_expiry_is_not_asked_of_keys_that_end_with_something_else() -> None:
    """nudges.N2: a proposal's deadline is the proposal's."""
    with pytest.raises(AssertionError):
        expiry(NudgeKey.PROPOSAL_READY, due_at=DUE_AT, at=DUE_AT)


@pytest.mark.parametrize(
    ("key", "numbers"),
    [
        (NudgeKey.ANSWER_PROPOSAL, (REMINDER_DAYS,)),
        (NudgeKey.BOOK_FIRST_SESSION, BOOK_FIRST_DAYS),
        (NudgeKey.BOOK_NEXT_SESSION, (BOOK_NEXT_DAYS,)),
        (NudgeKey.PROFILE_INCOMPLETE, PROFILE_REMINDER_DAYS),
        (NudgeKey.WAITING_UPDATE, (STILL_WAITING_DAYS, WAITING_UPDATE_DAYS)),
    ],
)
def test_catalogue_says_the_numbers_of_the_rooms(key: NudgeKey, numbers: tuple[int, ...]) -> None:
    """What the catalogue says of *when* is what the rule counts with."""
    assert list(numbers) == [int(word) for word in CATALOGUE[key].when.split() if word.isdigit()]
