"""Rules of what people want to hear of (engine/programme/nudges/choices.py)."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from engine.core.stamp import Stamp
from engine.programme.nudges.choices import Choice, Choices, is_left, with_choice
from schemas.frozen import replace
from schemas.terms.codes import NudgeCategory, NudgeKey

SAID = Stamp(datetime(2025, 1, 8, 10, tzinfo=UTC), 0, "said")

choices = st.lists(
    st.builds(
        Choice, category=st.sampled_from([NudgeCategory.SESSIONS, NudgeCategory.LEARNING]), is_opted_out=st.booleans(), stamp=st.just(SAID)
    ),
    max_size=6,
).map(lambda made: [replace(choice, stamp=replace(SAID, sequence=number)) for number, choice in enumerate(made)])


@given(said=choices, data=st.data())
def test_any_order_of_choices_ends_alike(said: list[Choice], data: st.DataObject) -> None:
    """The last word of a person about a category holds, whatever came last."""
    kept: list[Choices] = []
    for order in (said, data.draw(st.permutations(said))):
        known: Choices = ()
        for choice in order:
            known = with_choice(known, choice)
        kept.append(known)

    assert kept[0] == kept[1]


def test_an_older_choice_is_no_change() -> None:
    """So nothing follows from it."""
    known = with_choice((), Choice(category=NudgeCategory.SESSIONS, is_opted_out=True, stamp=replace(SAID, sequence=1)))

    assert known is with_choice(known, Choice(category=NudgeCategory.SESSIONS, is_opted_out=False, stamp=SAID))
    assert is_left(known, NudgeKey.SESSION_TOMORROW)
