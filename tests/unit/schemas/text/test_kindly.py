"""Rules of reading HR facts kindly (schemas/text/kindly.py, schemas/events/hr.py, schemas/text/zone_names.py)."""

from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec
import pytest

from schemas.codec import decode, known_only
from schemas.envelope import Event
from schemas.events.hr import HrFactData, HrHired, HrLeaveEnded, HrLeaveStarted, HrRoleChanged
from schemas.terms.codes import HrFindingCode
from schemas.text.zone_names import zone_named

RECEIVED_AT: Final = datetime(2025, 1, 6, tzinfo=UTC)
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)
FACT: Final[dict[str, Any]] = {"person_id": "ann", "effective_on": "2025-02-01"}
UNREADABLE, BLANK, NAMES_ITSELF = HrFindingCode.UNREADABLE, HrFindingCode.BLANK, HrFindingCode.NAMES_ITSELF
ODD: Final[tuple[tuple[str, object, HrFindingCode], ...]] = (
    ("manager_id", "b@ss", UNREADABLE),
    ("manager_id", "", BLANK),
    ("manager_id", 7, UNREADABLE),
    ("timezone", "Mars/Olympus", UNREADABLE),
    ("timezone", "UTC+01:00", UNREADABLE),
    ("timezone", {"id": "UTC"}, UNREADABLE),
    ("job_level", 14, UNREADABLE),
    ("job_level", 0, UNREADABLE),
    ("job_level", 4.0, UNREADABLE),
    ("job_level", "4", UNREADABLE),
    ("job_level", True, UNREADABLE),
    ("job_level", "", BLANK),
    ("department", "", BLANK),
    ("department", " \t ", BLANK),
    ("department", ["Sales"], UNREADABLE),
    ("location", "a" * 121, UNREADABLE),
    ("legal_entity", 12, UNREADABLE),
    ("languages", "de", UNREADABLE),
    ("languages", ["??"], UNREADABLE),
    ("dotted_line_ids", "bob", UNREADABLE),
    ("dotted_line_ids", ["b@b"], UNREADABLE),
)


def taken(type_: str, data: dict[str, Any]) -> Event:
    """Decode what must be readable, as it came and as the log keeps it."""
    attributes = {"specversion": "1.0", "id": "1", "source": "s", "type": f"bothways.hr.{type_}.v1", "time": "2025-01-06T00:00:00Z"}
    event = decode(msgspec.json.encode({**attributes, "data": data}), STRUCTURED, RECEIVED_AT)
    assert isinstance(event, Event), event
    return event


@pytest.mark.parametrize(("field", "value", "code"), ODD)
def test_an_odd_value_is_left_out_and_the_rest_counts(field: str, value: object, code: HrFindingCode) -> None:
    """In a hire and in a role change alike, whatever is wrong with it."""
    beside = {"job_family": "sales"}
    hire = HrHired.model_validate({**FACT, **beside, field: value})
    change = HrRoleChanged.model_validate({**FACT, "changes": {**beside, field: value}})

    assert [((field, code),), "sales", None] == [hire.odd_fields, hire.job_family, getattr(hire, field)]
    assert [((field, code),), beside] == [change.odd_fields, change.changes.named()]


def test_a_manager_of_itself_counts_and_is_reported() -> None:
    """Many systems put the top of the organisation under itself."""
    hire = HrHired.model_validate({**FACT, "manager_id": "ann"})

    assert ("ann", (("manager_id", NAMES_ITSELF),)) == (hire.manager_id, hire.odd_fields)


def test_a_list_loses_its_odd_items_alone() -> None:
    """A line of power that can be read counts; beyond 32 the last ones go."""
    hire = HrHired.model_validate({**FACT, "dotted_line_ids": ["bob", "b@d", "ann", "", *(f"p{n}" for n in range(40))]})

    assert ("bob", "ann", *(f"p{n}" for n in range(30))) == hire.dotted_line_ids
    assert {BLANK, NAMES_ITSELF, UNREADABLE} == {code for _, code in hire.odd_fields}


@pytest.mark.parametrize(
    ("changes", "code"), [({}, BLANK), ({"shoe_size": 43}, BLANK), (None, BLANK), ("", BLANK), ([], UNREADABLE), ("x", UNREADABLE)]
)
def test_a_change_of_nothing_counts_and_is_reported(changes: object, code: HrFindingCode) -> None:
    """It changes nothing."""
    change = HrRoleChanged.model_validate({**FACT, "changes": changes})

    assert [(("changes", code),), {}] == [change.odd_fields, change.changes.named()]


def test_only_null_clears() -> None:
    """An empty text is absent."""
    change = HrRoleChanged.model_validate({**FACT, "changes": {"manager_id": None, "department": ""}})

    assert {"manager_id": None} == change.changes.named()


@pytest.mark.parametrize("end", ["9999-12-31", "9999-01-01", "2099-12-31"])
def test_a_return_that_nobody_lives_to_see_is_an_open_end(end: str) -> None:
    """A usual way to say that the end is open, so nothing is reported."""
    leave = HrLeaveStarted.model_validate({**FACT, "expected_return_on": end})

    assert (None, ()) == (leave.expected_return_on, leave.odd_fields)


def test_a_return_within_a_working_life_is_a_day() -> None:
    """However far."""
    leave = HrLeaveStarted.model_validate({**FACT, "expected_return_on": "2055-12-31"})

    assert date(2055, 12, 31) == leave.expected_return_on


@pytest.mark.parametrize("model", [HrLeaveStarted, HrLeaveEnded])
def test_an_odd_leave_id_is_left_out(model: type[HrFactData]) -> None:
    """The leave counts as one without a name."""
    assert (("leave_id", UNREADABLE),) == model.model_validate({**FACT, "leave_id": "sick leave"}).odd_fields


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("China Standard Time", "Asia/Shanghai"),
        ("UTC+12", "Etc/GMT-12"),
        ("utc", "UTC"),
        ("UTC", "UTC"),
        (" europe/berlin ", "Europe/Berlin"),
        ("America/New_York", "America/New_York"),
        ("UTC+01:00", None),
        ("", None),
    ],
)
def test_a_zone_is_read_by_any_name_of_it(name: str, zone: str | None) -> None:
    """IANA names in any case, and those of Windows."""
    assert zone == zone_named(name)


@pytest.mark.parametrize(("said", "read"), [("en_US", "en-US"), ("de_AT.UTF-8", "de-AT"), ("sr@latin", "sr"), (" fr ", "fr")])
def test_a_language_is_read_as_a_locale_says_it(said: str, read: str) -> None:
    """The form of POSIX."""
    assert ((read,), ()) == ((hire := HrHired.model_validate({**FACT, "languages": [said]})).languages, hire.odd_fields)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        *(("hired", {**FACT, field: value}) for field, value, _ in ODD),
        *(("role_changed", {**FACT, "changes": {field: value}}) for field, value, _ in ODD),
        *(("role_changed", {**FACT, "changes": changes}) for changes in ({}, None, "x", [], 7)),
        ("leave_started", {**FACT, "expected_return_on": "soon", "leave_id": 7}),
    ],
)
def test_what_could_not_be_read_is_kept_nowhere(type_: str, data: dict[str, Any]) -> None:
    """The log has a stand-in, by which the event reads the same again."""
    event = taken(type_, data)
    line = event.has_unknown and known_only(event.data, msgspec.json.encode(_attributes(type_, data)), STRUCTURED)
    assert line, "an odd value is not kept as it came"
    again = decode(line[0], STRUCTURED, RECEIVED_AT)

    assert isinstance(again, Event)
    assert (event.data, event.data.model_dump_json()) == (again.data, again.data.model_dump_json())
    kept = msgspec.json.decode(line[0])["data"]
    assert not {"Mars/Olympus", "b@ss", "soon", "UTC+01:00", "x"} & set(_texts(kept))


def _attributes(type_: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": f"bothways.hr.{type_}.v1",
        "time": "2025-01-06T00:00:00Z",
        "data": data,
    }


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []
