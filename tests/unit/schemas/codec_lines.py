"""A good event, and the lines and headers that are made of it."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from schemas.codec import decode_structured
from schemas.envelope import Rejected

RECEIVED_AT: Final = datetime(2025, 2, 1, 12, tzinfo=UTC)
HR_DEAD_LETTERS: Final = "dlq.hr.people.v1"
PARTICIPATION_DEAD_LETTERS: Final = "dlq.mentorship.participation.v1"
LEAVE: Final = {"person_id": "ann", "effective_on": "2025-02-01"}
PAIRING: Final = "alpha.0123456789abcdef"
ABSENT: Final = object()


def event(**changes: Any) -> dict[str, Any]:
    """A good event, with attributes replaced or, by ABSENT, left out."""
    good = {"specversion": "1.0", "id": "e-1", "source": "urn:hris", "type": "bothways.hr.leave_ended.v1"}
    whole = {**good, "time": "2025-02-01T09:00:00+01:00", "data": LEAVE, **changes}
    return {name: value for name, value in whole.items() if value is not ABSENT}


def line(**changes: Any) -> bytes:
    """The good event as one line of a file."""
    return json.dumps(event(**changes)).encode()


def refused(**changes: Any) -> Rejected:
    """What becomes of the event; it had better be a refusal."""
    outcome = decode_structured(line(**changes), RECEIVED_AT)
    assert isinstance(outcome, Rejected)
    return outcome


def headers_of(attributes: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    """Attributes as the Kafka binding carries them."""
    return [(f"ce_{name}", str(value).encode()) for name, value in attributes.items() if name != "data"]
