"""Rules of what a policy follows from (engine/programme/rounds/policy_facts.py)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.rounds import policy_facts
from engine.programme.rounds.policy_facts import FACTS_MAX, PolicyFacts, begun_with, nameless_facts, with_change
from schemas.terms.codes import Track
from schemas.terms.policy import Policy

AT: Final = datetime(2025, 1, 6, tzinfo=UTC)
FIRST: Final = Policy.model_validate({"k_min": 6, "track": "reverse"})
Change = tuple[Stamp, dict[str, Any], bool]

fields = st.fixed_dictionaries(
    {},
    optional={
        "k_min": st.none() | st.integers(1, 9),
        "consent_days": st.none() | st.integers(1, 9),
        "track": st.none() | st.sampled_from(["mutual", "reverse"]),
        "training_required": st.none() | st.booleans(),
    },
)
changes = st.lists(
    st.tuples(st.builds(Stamp, st.just(AT), st.integers(0, 4), st.sampled_from("abcd")), fields, st.booleans()),
    max_size=8,
    unique_by=lambda change: change[0],
)


def told(*said: Change, first: Policy = FIRST) -> PolicyFacts:
    """Take changes in, in the order given."""
    facts = begun_with(first)
    for stamp, fields_said, is_whole in said:
        facts = with_change(facts, stamp, fields_said, is_whole=is_whole)
    return facts


def at(day: int) -> Stamp:
    """The stamp of something said on a day."""
    return Stamp(AT + timedelta(days=day), 0, f"e{day}")


@given(said=changes, data=st.data())
def test_order_and_repetition_play_no_part(said: list[Change], data: st.DataObject) -> None:
    """rounds.F1."""
    shuffled = data.draw(st.permutations(said))

    assert told(*said) == told(*shuffled, *said)


@given(said=changes)
def test_the_policy_is_that_of_the_changes_in_order(said: list[Change]) -> None:
    """The last word on each field holds; a whole policy is the last word on all of them."""
    held = {"k_min": 6, "track": "reverse"}
    for _, fields_said, is_whole in sorted(said, key=lambda change: change[0]):
        held = {**({} if is_whole else held), **fields_said}

    assert Policy.model_validate({name: value for name, value in held.items() if value is not None}) == told(*said).policy
    assert 1 + len(said) == told(*said).version


def test_a_merge_leaves_the_other_fields_alone() -> None:
    """Whoever changes one rule doesn't set the others back."""
    facts = told((at(1), {"consent_days": 3}, False))

    assert (6, 3, True) == (facts.policy.k_min, facts.policy.consent_days, facts.policy.training_required)


def test_null_sets_back_to_the_default_which_may_follow_the_track() -> None:
    """A default is decided when everything is known."""
    facts = told((at(1), {"training_required": False}, False), (at(3), {"training_required": None}, False), (at(2), {"k_min": None}, False))

    assert (True, 5, Track.REVERSE) == (facts.policy.training_required, facts.policy.k_min, facts.policy.track)


def test_a_whole_policy_that_comes_late_keeps_what_was_said_after_it() -> None:
    """It was the earlier word."""
    facts = told((at(2), {"consent_days": 3}, False), (at(1), {"k_min": 9}, True))

    assert (9, 3, Track.MUTUAL) == (facts.policy.k_min, facts.policy.consent_days, facts.policy.track)


@given(said=changes)
def test_nothing_is_kept_over_which_something_later_stands(said: list[Change]) -> None:
    """rounds.F2: each field is given once."""
    facts = told(*said)
    given_by = [name for text in (facts.begun_with, *(fact.given for fact in facts.facts)) for name in policy_facts.json.loads(text)]

    assert len(set(given_by)) == len(given_by)


def test_many_changes_are_bounded_and_counted() -> None:
    """rounds.F3: what is older than all that is kept counts as known."""
    facts = told(*((at(day), {"k_min": 1 + day % 9}, False) for day in range(1, FACTS_MAX + 50)))

    assert (FACTS_MAX, FACTS_MAX + 50) == (len(facts.facts), facts.version)
    assert facts is with_change(facts, at(3), {"k_min": 3}, is_whole=False)
    assert 6 == begun_with(FIRST).policy.k_min


def test_a_change_without_its_id_is_still_known() -> None:
    """After an erasure stamps have no ids; the same fact again changes nothing."""
    facts = nameless_facts(told((at(1), {"k_min": 7}, False)))

    assert facts is with_change(facts, at(1), {"k_min": 7}, is_whole=False)
