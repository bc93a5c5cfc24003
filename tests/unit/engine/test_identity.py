"""Ids that are a function of what they name."""

import json
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from engine.identity import derived_id

NAMESPACE = UUID("6f1c6b0e-3f0b-5d55-9c5e-0b07a4b07a11")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(kind=TEXT, parts=st.lists(TEXT | st.integers()))
def test_a_derived_id_is_the_uuid_of_canonical_json(kind: str, parts: list[str | int]) -> None:
    """Anybody can compute it with a JSON encoder and UUIDv5, whatever the parts hold."""
    canonical = json.dumps((kind, *parts), separators=(",", ":"), ensure_ascii=False)
    assert derived_id(kind, *parts) == str(uuid5(NAMESPACE, canonical))


def test_an_id_never_changes_from_version_to_version() -> None:
    """Consumers keep ids for years."""
    assert derived_id("hop", "p-1", 2) == "216ac945-7738-5837-bc7f-098e9c55cf1c"
