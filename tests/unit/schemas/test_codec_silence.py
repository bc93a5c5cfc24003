"""A refusal never repeats what was refused (schemas/codec.py)."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode_structured
from schemas.envelope import Rejected
from tests.unit.schemas.codec_lines import RECEIVED_AT, line, refused

CANARY: Final = "zq-canary-7731"
field_names = st.sampled_from(
    ["person_id", "programme_id", "offers", "wants", "hours", "languages", "experience_band", "capacity", "exclude"]
)
canaries = st.recursive(
    st.just(CANARY),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        | st.dictionaries(st.sampled_from([CANARY, "topic", "level", "from", "to", "weekday"]), inner, min_size=1, max_size=3)
    ),
    max_leaves=4,
)


@given(field=field_names, value=canaries)
def test_a_message_never_holds_what_the_field_held(field: str, value: object) -> None:
    """No payload in the message text: dead letters are read by people who may not read the data."""
    good = {"person_id": "ann", "programme_id": "alpha", "offers": [], "wants": []}

    outcome = decode_structured(line(type="bothways.participation.enrolled.v1", actor="ann", data={**good, field: value}), RECEIVED_AT)

    if isinstance(outcome, Rejected):
        assert outcome.message.startswith(("actor: ", f"data.{field}"))
        assert CANARY not in outcome.message


@pytest.mark.parametrize(
    "attribute", ["specversion", "id", "source", "type", "time", "actor", "sequence", "recordedtime", "datacontenttype"]
)
def test_a_message_never_holds_what_an_attribute_held(attribute: str) -> None:
    """The same for the envelope."""
    message = refused(**{attribute: f"{CANARY}\n"}).message

    assert message
    assert CANARY not in message
