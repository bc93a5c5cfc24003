"""What a person wants to hear of, by category.

Decides: which choice of a category holds, whatever order they arrived in; whether a nudge has been left by it.
Never knows: what waits for the person or was requested (nudges/ledger).
"""

from engine.core.stamp import Stamp
from schemas.frozen import Frozen
from schemas.nudges.catalogue import CATALOGUE, can_opt_out
from schemas.terms.codes import NudgeCategory, NudgeKey


class Choice(Frozen, kw_only=True):
    """Whether the person wants to hear of a category.

    Its stamp stays, so that nothing older undoes it.
    """

    category: NudgeCategory
    is_opted_out: bool
    stamp: Stamp


Choices = tuple[Choice, ...]


def with_choice(choices: Choices, choice: Choice) -> Choices:
    """Take in a choice; the same ones where a later choice of the category is known."""
    known = next((one for one in choices if one.category is choice.category), None)
    if known is not None and choice.stamp <= known.stamp:
        return choices
    return tuple(sorted((*(one for one in choices if one is not known), choice), key=lambda one: one.category))


def is_optional(key: NudgeKey, category: NudgeCategory) -> bool:
    """Say whether opting out of the category stops nudges of this key."""
    return can_opt_out(key) and CATALOGUE[key].category is category


def is_left(choices: Choices, key: NudgeKey) -> bool:
    """Say whether the person has opted out of nudges of this key."""
    return any(choice.is_opted_out and is_optional(key, choice.category) for choice in choices)
