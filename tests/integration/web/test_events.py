"""Events over HTTP: three forms, one answer each, after the commit (engine/web/answering/events.py)."""

import gzip
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import OPENING, Bothways, line
from tests.integration.web.serving import BATCH, STRUCTURED, Serving, serving


def hired(person_id: str, **attributes: Any) -> str:
    """An event that is always fine."""
    return line("hr.hired", "2025-01-06T08:00:00Z", {"person_id": person_id, "effective_on": "2024-01-01"}, **attributes)


def test_a_single_event_is_accepted_and_then_a_duplicate(served: Serving) -> None:
    """The answer says what became of it; the same again changes nothing."""
    first, again = served.send(hired("single")), served.send(hired("single"))

    id_ = json.loads(hired("single"))["id"]
    assert (200, {"results": [{"id": id_, "outcome": "accepted"}]}) == (first.status, first.json)
    assert (200, {"results": [{"id": id_, "outcome": "duplicate"}]}) == (again.status, again.json)


def test_a_single_event_that_is_refused_is_a_problem_and_a_dead_letter(served: Serving) -> None:
    """422 with the code of the dead letter."""
    refused = served.send(line("hr.hired", "2025-01-06T08:00:00Z", {"person_id": "no day"}, id="refused"))

    assert (422, "schema_invalid") == (refused.status, refused.code)
    letters = served("GET", "/v1/topics/dlq.hr.people.v1").json["events"]
    assert "schema_invalid" in {letter["event"]["code"] for letter in letters}


def test_a_batch_is_answered_event_by_event_in_order(served: Serving) -> None:
    """One bad event stops no other; the whole is 200."""
    answer = served.send(hired("b1"), "17", hired("b2"), hired("b1"))

    assert 200 == answer.status
    assert [("accepted", None), ("dead_lettered", "malformed"), ("accepted", None), ("duplicate", None)] == [
        (one["outcome"], one.get("code")) for one in answer.json["results"]
    ]
    assert {"results": []} == served("POST", "/v1/events", b"[]", content_type=BATCH).json


def test_a_binary_event_has_its_attributes_in_headers(served: Serving) -> None:
    """Percent-encoded values are read; a control character that hides in one is refused."""
    headers = {
        "content_type": "application/json",
        "ce_specversion": "1.0",
        "ce_source": "urn:example:%C3%BC",
        "ce_type": "bothways.hr.hired.v1",
        "ce_time": "2025-01-06T08:00:00Z",
    }
    data = b'{"person_id": "binary", "effective_on": "2024-01-01"}'

    taken = served("POST", "/v1/events", data, **headers, ce_id="b%20in")
    hidden = served("POST", "/v1/events", data, **headers, ce_id="a%0d%0aset-cookie: x")

    assert (200, [{"id": "b in", "outcome": "accepted"}]) == (taken.status, taken.json["results"])
    assert (400, "header_invalid") == (hidden.status, hidden.code)


def test_a_packed_body_is_read(served: Serving) -> None:
    """gzip; any other packing is named and refused."""
    body = gzip.compress(hired("packed").encode())

    assert 200 == served("POST", "/v1/events", body, content_type=STRUCTURED, content_encoding="gzip").status
    assert "encoding_unsupported" == served("POST", "/v1/events", body, content_type=STRUCTURED, content_encoding="br").code
    assert "body_malformed" == served("POST", "/v1/events", body[:-9], content_type=STRUCTURED, content_encoding="gzip").code
    assert "body_malformed" == served("POST", "/v1/events", body + b"more", content_type=STRUCTURED, content_encoding="gzip").code


@pytest.mark.parametrize(
    ("status", "code", "content_type", "body"),
    [
        (400, "body_malformed", STRUCTURED, b"nonsense"),
        (400, "body_malformed", STRUCTURED, b""),
        (400, "body_malformed", STRUCTURED, b"[]"),
        (400, "body_malformed", STRUCTURED, b'{"a": NaN}'),
        (400, "body_malformed", BATCH, b"{}"),
        (400, "body_malformed", BATCH, b"[1,"),
        (413, "too_large", BATCH, b"[" + b",".join([b"1"] * 1_001) + b"]"),
        (413, "too_large", STRUCTURED, b'{"a": "' + b"x" * 300_000 + b'"}'),
        (415, "type_unsupported", "text/plain", b"{}"),
        (415, "type_unsupported", "application/json", b"{}"),
        (415, "type_unsupported", STRUCTURED + "; charset=latin-1", b"{}"),
    ],
)
def test_a_broken_request_is_refused_and_kept_nowhere(served: Serving, status: int, code: str, content_type: str, body: bytes) -> None:
    """What is no event at all is no dead letter either."""
    before = served("GET", "/v1/topics/dlq.ingest").json["next"]

    answer = served("POST", "/v1/events", body, content_type=content_type)

    assert (status, code) == (answer.status, answer.code)
    assert before == served("GET", "/v1/topics/dlq.ingest").json["next"]


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """An answer is given after the commit, so `kill -9` right behind it loses nothing of it."""
    bothways = Bothways(data=tmp_path / "data")
    people = [f"p{number}" for number in range(20)]
    with serving(bothways) as service:
        for person_id in people:
            assert 200 == service.send(hired(person_id)).status
        service.process.send_signal(signal.SIGKILL)
        service.process.wait()

    again = bothways.ingest(*map(hired, people)).json

    assert (0, len(people)) == (again["accepted"], again["duplicates"])


def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    """Each token has a rate; beyond it 429 says how long to wait, and nothing was taken."""
    with serving(Bothways(data=tmp_path / "data"), BOTHWAYS_HTTP_REQUESTS_PER_SECOND="0.01") as service:
        taken, answer = service.send(*OPENING), service.send(hired("late"))

        assert 200 == taken.status
        assert (429, "too_many_requests") == (answer.status, answer.code)
        assert 0 < int(answer.headers["retry-after"]) <= 100
