"""How the recorded inputs came to be: a story written by hand, and a quarter of a simulated organisation.

The files are what counts; this is run once for a schema version (`python -m tests.golden inputs`), and again only to tell more.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from engine.core.execution import Outcome
from engine.simulation.year import ProgrammeYear
from engine.testing import FAR_FUTURE, TopologyDriver
from schemas.text.fields import instant_text
from tests import builders
from tests.simulation.watching.watch import play
from tests.topology.stories.programme_story import ProgrammeStory

QUARTER_PEOPLE: Final = 60
EVERYDAY: Final[dict[str, Any]] = {
    "track": "reverse",
    "round_every_days": 7,
    "quiet_from": "20:00",
    "quiet_to": "08:00",
    "quiet_weekends": True,
    "nudge_daily_cap": 3,
    "holdout_percent": 10,
}


class Told(ProgrammeStory):
    """A story that remembers what was said and when time passed."""

    def __init__(self, **policy: Any) -> None:
        self.lines: list[bytes] = []
        super().__init__(**policy)

    def pipe(self, *events: Mapping[str, Any] | bytes, received_at: datetime = FAR_FUTURE) -> Outcome:
        """Take events and remember them."""
        self.lines += [event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode() for event in events]
        return super().pipe(*events, received_at=received_at)

    def advance(self, to: datetime) -> None:
        """Let time pass and remember how far."""
        self.lines.append(tick_line(to))
        super().advance(to)


def tick_line(to: datetime) -> bytes:
    """Write the passing of time as a line of a log."""
    return json.dumps({"tick": instant_text(to)}).encode()


def quarter() -> Iterator[bytes]:
    """Play three months of sixty people."""
    for at, events in play(TopologyDriver(), ProgrammeYear(people=QUARTER_PEOPLE, seed=1, months=3)):
        yield from (json.dumps(event, ensure_ascii=False).encode() for event in events)
        yield tick_line(at)


def story() -> list[bytes]:
    """Tell how two pairs fare: one goes through everything that time brings, the other through everything that HR brings."""
    told = Told(**EVERYDAY)
    _people_come(told)
    _two_pairs_begin(told)
    _sessions_and_their_corrections(told)
    _leave_and_a_way_back(told)
    _conflict(told)
    _a_new_term_as_equals(told)
    _people_go(told)
    _what_is_refused(told)
    _the_programme_ends(told)
    return told.lines


def _people_come(told: Told) -> None:
    for person_id, learns, teaches, band in (
        ("ann", "python", "strategy", 3),
        ("bob", "strategy", "python", 0),
        ("cat", "data-literacy", "negotiation", 2),
        ("dan", "negotiation", "data-literacy", 0),
    ):
        told.joins(person_id, teaches, learns, experience_band=band, timezone="Europe/Berlin", department=f"of {person_id}")
        told.tell(builders.training_completed(person_id, told.now))
    told.joins("eve", None, "python", experience_band=1)
    told.tell(builders.hired("fay", told.now))
    told.tell(builders.nominated("fay", told.now, reason="plan"))
    told.tell(builders.hired("gus", told.now, effective_on="2025-02-01"))
    told.after(hours=1).tell(builders.hire_cancelled("gus", told.now))
    told.joins("hal", "people-leadership", "python", experience_band=2, timezone="Pacific/Auckland")
    told.tell(
        builders.updated("hal", told.now, offers=[builders.offer("people-leadership")], wants=[builders.want("python")], exclude=["ann"])
    )
    told.tell(builders.opted_out("hal", told.now, "invitations"))
    told.after(minutes=5).tell(builders.opted_in("hal", told.now, "invitations"))


def _two_pairs_begin(told: Told) -> None:
    told.tell(builders.pairing_forbidden(told.now, ("bob", "cat")))
    told.tell(builders.pairing_locked(told.now, ("ann", "bob")))
    told.rehearses()
    told.round()
    told.after(days=1)
    told.tell(builders.proposal_retracted(told.now, told.pairing_of("cat", "dan"), reason="wrong week"))
    told.tell(builders.pairing_locked(told.now, ("cat", "dan"), reason="right week"))
    told.after(hours=1).round()
    told.after(days=3, hours=4)  # one reminder
    for people in (("ann", "bob"), ("cat", "dan")):
        told.activates(*people)
    for request in told.requests("proposal_ready"):
        told.tell(builders.nudge_reported("delivered", request["person_id"], told.now, request["nudge_id"]))
    first, second, third = told.requests("pairing_started")[:3]
    told.tell(builders.nudge_reported("seen", first["person_id"], told.now, first["nudge_id"]))
    told.tell(builders.nudge_reported("acted", first["person_id"], told.now, first["nudge_id"]))
    told.tell(builders.nudge_reported("dismissed", second["person_id"], told.now, second["nudge_id"]))
    told.tell(builders.nudge_reported("failed", third["person_id"], told.now, third["nudge_id"], reason="bounced"))


def _of(told: Told, *people: str) -> str:
    return told.pairing_of(*people)


def _sessions_and_their_corrections(told: Told) -> None:
    pairing_id = _of(told, "ann", "bob")
    for number in range(1, 4):
        told.after(days=6)
        at = told.now
        starts_at = f"{at:%Y-%m-%d}T15:00:00Z"
        told.tell(builders.session_scheduled(f"s{number}", at, pairing_id, starts_at=starts_at, proposed_by="bob"))
        told.after(days=1)
        exchanges = (("python", "bob"),) if number < 3 else (("python", "bob"), ("strategy", "ann"))
        told.tell(builders.session_completed(f"s{number}", told.now, pairing_id, exchanges=exchanges, started_at=starts_at))
    told.tell(builders.feedback_given("ann", told.now, pairing_id, session_id="s1"))
    told.tell(builders.feedback_given("bob", told.now, pairing_id, learned=False, fit="unsure"))
    corrected = builders.session_completed(
        "s2", told.now, pairing_id, exchanges=(("strategy", "ann"),), started_at=told.now, attributes={"sequence": 2}
    )
    told.tell(corrected)
    other_id = _of(told, "cat", "dan")
    for session_id in ("c1", "c2"):
        told.after(days=1)
        told.tell(builders.session_scheduled(session_id, told.now, other_id, starts_at=f"{told.now:%Y-%m-%d}T23:00:00Z", proposed_by="dan"))
        told.tell(builders.session_cancelled(session_id, told.now, other_id, cancelled_by="cat"))
    told.tell(builders.session_scheduled("c3", told.now, other_id, starts_at=f"{told.now:%Y-%m-%d}T23:00:00Z"))
    told.after(days=1).tell(builders.session_missed("c3", told.now, other_id))


def _leave_and_a_way_back(told: Told) -> None:
    pairing_id = _of(told, "ann", "bob")
    told.tell(builders.leave_started("bob", told.now, expected_return_on="2025-03-01"))
    told.after(days=10).tell(builders.leave_ended("bob", told.now))
    told.after(days=11)
    for person_id in ("ann", "bob"):
        told.tell(builders.continuation_answered(person_id, told.now, pairing_id, answer="continue"))
    told.tell(builders.paused("ann", told.now, until_on=f"{told.now:%Y}-12-31"))
    told.after(days=2).tell(builders.resumed("ann", told.now))


def _conflict(told: Told) -> None:
    told.tell(builders.role_changed("dan", told.now, manager_id="cat"))
    told.after(days=2)
    told.tell(builders.role_changed("dan", told.now, n=1, manager_id=None))
    told.after(days=1)
    for person_id in ("cat", "dan"):
        told.tell(builders.continuation_answered(person_id, told.now, _of(told, "cat", "dan"), answer="continue"))


def _a_new_term_as_equals(told: Told) -> None:
    pairing_id = _of(told, "ann", "bob")
    told.tell(builders.updated("bob", told.now, experience_band=3, offers=[builders.offer("python", 3)], wants=[builders.want("strategy")]))
    told.after(hours=3)
    for person_id in ("ann", "bob"):
        told.tell(builders.continuation_answered(person_id, told.now, pairing_id, answer="convert"))
    for number in range(4, 8):
        told.after(days=5)
        told.tell(builders.session_completed(f"s{number}", told.now, pairing_id, exchanges=(("python", "bob"),), started_at=told.now))
    told.after(days=1)
    for person_id in ("ann", "bob"):
        told.tell(builders.continuation_answered(person_id, told.now, pairing_id, answer="renew"))
    for number in range(8, 14):
        told.after(days=6)
        told.tell(builders.session_completed(f"s{number}", told.now, pairing_id, started_at=told.now))
    told.after(days=1)
    for person_id in ("ann", "bob"):
        told.tell(builders.continuation_answered(person_id, told.now, pairing_id, answer="finish"))


def _people_go(told: Told) -> None:
    told.tell(builders.insight_shared(told.now, "note-1"))
    told.tell(builders.departed("hal", told.now, effective_on="2025-12-31"))
    told.after(hours=1).tell(builders.departure_cancelled("hal", told.now))
    told.tell(builders.withdrawn("eve", told.now))
    told.tell(builders.departed("dan", told.now))
    told.tell(builders.departures_released(told.now))
    told.tell(builders.hired("zoe", told.now, job_level=14))
    told.tell(builders.pairing_allowed(told.now, ("bob", "cat")))
    told.after(days=2).tell(builders.insight_answered(told.now, "note-1"))
    told.tell(builders.erased("hal", told.now))
    told.after(days=10)


def _what_is_refused(told: Told) -> None:
    pairing_id = _of(told, "ann", "bob")
    late = builders.answered("ann", told.now, pairing_id)
    told.tell(late)
    told.pipe({**late, "id": "twice"}, {**late, "id": "twice"})
    told.pipe({**late, "id": "twice", "data": {**late["data"], "answer": "decline"}})
    told.tell({**builders.withdrawn("ann", told.now), "actor": "bob"})
    told.tell(builders.round_requested(told.now, "no-such-programme"))
    told.tell(builders.feedback_given("ann", told.now, f"{builders.PROGRAMME}.0000000000000000"))
    told.tell({**builders.hired("zoe", told.now), "time": "2100-06-01T00:00:00Z"})
    told.tell({**builders.hired("zoe", told.now), "type": "bothways.hr.hired.v9"})
    told.tell({**builders.hired("zoe", told.now), "type": "bothways.hr.promoted.v1"})
    told.tell({**builders.hired("zoe", told.now), "data": {"person_id": "zoe"}})
    told.tell(builders.updated("ann", told.now, offers=[builders.offer("no-such-topic")], wants=[builders.want("python")]))
    told.pipe(b"{", b'{"specversion":"1.0"}')


def _the_programme_ends(told: Told) -> None:
    told.tell(builders.programme_paused(told.now))
    told.tell(builders.round_requested(told.now))
    told.after(days=1).tell(builders.programme_resumed(told.now))
    told.tell(builders.policy_changed(told.now, policy={**told.policy, "term_days": 60}))
    told.tell(builders.nudges_released(told.now))
    told.after(days=70).tell(builders.programme_closed(told.now))
    told.after(days=3)
