"""Rules of a person's attributes (engine/programme/facts/attributes.py)."""

from engine.programme.facts.attributes import Attribute, Attributes, attributes_of
from schemas.events.hr import HrChanges, HrHired


def test_attributes_are_those_of_the_events() -> None:
    """An attribute that one side lacks would be lost without a word."""
    names = {attribute.value for attribute in Attribute}

    assert names == set(HrChanges.model_fields)
    assert names == set(HrHired.model_fields) - {"person_id", "effective_on"}
    assert names == set(Attributes.__struct_fields__)


def test_what_nobody_has_said_and_what_was_cleared_are_the_same() -> None:
    """None for one value, nothing for several."""
    assert Attributes() == attributes_of(dict.fromkeys(Attribute)) == attributes_of({})
