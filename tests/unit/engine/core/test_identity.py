"""Ids that are a function of what they name."""

import json
from datetime import date, timedelta
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from engine.core.identity import derived_id, drawn_percent, hidden_id, pseudonym_on

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


def test_an_id_that_is_published_is_known_to_nobody_without_the_salt() -> None:
    """The same cause has another id under another salt, and none that could be computed from public words."""
    ids = {hidden_id(salt, "pairing.lapsed", "g.1") for salt in (b"one", b"two")} | {derived_id("pairing.lapsed", "g.1")}

    assert 3 == len(ids)
    assert {5} == {UUID(id_).version for id_ in ids}
    assert hidden_id(b"one", "pairing.lapsed", "g.1") == hidden_id(b"one", "pairing.lapsed", "g.1")


def test_a_person_has_another_name_on_the_audit_topic_every_day() -> None:
    """Nobody can gather a year of one person; within a day it is one name."""
    days = [date(2025, 1, 6) + timedelta(days=day) for day in range(400)]

    assert 400 == len({pseudonym_on("ann", day, b"salt") for day in days})
    assert pseudonym_on("ann", days[0], b"salt") == pseudonym_on("ann", days[0], b"salt") != pseudonym_on("bob", days[0], b"salt")


def test_a_lot_is_the_same_for_ever_and_another_under_another_salt() -> None:
    """Lots are drawn evenly, and nobody without the salt can draw them again."""
    lots = {salt: [drawn_percent(f"person/{number}", salt) for number in range(2_000)] for salt in (b"one", b"two")}

    assert lots[b"one"] == [drawn_percent(f"person/{number}", b"one") for number in range(2_000)]
    assert lots[b"one"] != lots[b"two"]
    assert 150 <= sum(lot < 10 for lot in lots[b"one"]) <= 250
