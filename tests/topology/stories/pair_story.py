"""Two people of one programme, told as a story: who does what, and what the engine publishes about it.

Ann has more experience than Bob; she teaches strategy, he teaches Python, and each would like to learn what the other teaches. Nothing is
quiet, held out or capped unless a test says so, and rounds are held on request only, so that time alone moves nothing but the pair.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.programme import tables
from engine.programme.nudges.outreach_rows import CONTACTS
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.testing import TopologyDriver
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent, offer, want

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN: Final = "ann"
BOB: Final = "bob"
PEOPLE: Final = (ANN, BOB)
POLICY: Final[dict[str, Any]] = {
    "round_every_days": 0,
    "quiet_from": "08:00",
    "quiet_to": "08:00",
    "quiet_weekends": False,
    "nudge_daily_cap": 50,
    "holdout_percent": 0,
}
BOTH_WAYS: Final = (("strategy", ANN), ("python", BOB))
"""Exchanges of a session in which both teach."""


class PairStory(TopologyDriver):
    """A driver whose clock only moves when the story says so, with short words for what people do."""

    def __init__(self, *, bands: tuple[int | None, int | None] = (3, 0), **policy: Any) -> None:
        super().__init__()
        self.now = START
        self._n = 0
        self.tell(builders.programme_created(self.now, policy={**POLICY, **policy}))
        for person_id, band in zip(PEOPLE, bands, strict=True):
            self.tell(builders.hired(person_id, self.now))
            self.enrols(person_id, experience_band=band)

    # Time

    def after(self, **span: float) -> Self:
        """Let time pass; timers fire on the way."""
        self.now += timedelta(**span)
        self.advance(self.now)
        return self

    def advance_to(self, instant: str) -> Self:
        """Let time pass until an instant."""
        self.now = datetime.fromisoformat(instant)
        self.advance(self.now)
        return self

    # What happens

    def tell(self, event: StructuredEvent) -> Outcome:
        """Take an event under an id of its own; of two that happen at one instant the one that is told later is later."""
        self._n += 1
        return self.pipe({**event, "id": f"{self._n:04}/{event['id']}"})

    def enrols(self, person_id: str, **data: Any) -> Outcome:
        """Enrol somebody who can teach what the other would like to learn, or replace the profile."""
        teaches, learns = ("strategy", "python") if person_id == ANN else ("python", "strategy")
        defaults: dict[str, Any] = {"offers": [offer(teaches, 3)], "wants": [want(learns)]}
        if person_id == ANN:
            defaults["experience_band"] = 3
        elif person_id == BOB:
            defaults["experience_band"] = 0
        return self.tell(builders.enrolled(person_id, self.now, **{**defaults, **data}))

    def round(self) -> Self:
        """Hold a round."""
        self.tell(builders.round_requested(self.now))
        return self

    def answers(self, person_id: str, answer: str, **data: Any) -> Outcome:
        """Answer the proposal."""
        pairing_id = data.pop("pairing_id", self.pairing_id)
        return self.tell(builders.answered(person_id, self.now, pairing_id, answer=answer, **data))

    def says(self, person_id: str, answer: str, **data: Any) -> Outcome:
        """Answer "go on?"."""
        pairing_id = data.pop("pairing_id", self.pairing_id)
        return self.tell(builders.continuation_answered(person_id, self.now, pairing_id, answer=answer, **data))

    def both_say(self, answer: str) -> Self:
        """Let both give the same answer to "go on?"."""
        for person_id in PEOPLE:
            self.says(person_id, answer)
        return self

    def feedback(self, person_id: str, **data: Any) -> Outcome:
        """Give feedback."""
        named = {name: value for name, value in data.items() if value is not None}
        return self.tell(builders.feedback_given(person_id, self.now, self.pairing_id, **named))

    def books(self, session_id: str, *, by: str | None = None, sequence: int | None = None, **ahead: float) -> Outcome:
        """Book a session so far ahead from now."""
        event = builders.session_scheduled(
            session_id,
            self.now,
            self.pairing_id,
            starts_at=self.now + timedelta(**ahead),
            proposed_by=by,
            attributes={"sequence": sequence},
        )
        return self.tell(event)

    def holds(
        self, session_id: str, *exchanges: tuple[str, str], sequence: int | None = None, started: datetime | None = None, **data: Any
    ) -> Outcome:
        """Report a session held; both teach unless said otherwise. It begins now unless said otherwise."""
        event = builders.session_completed(
            session_id,
            self.now,
            self.pairing_id,
            exchanges=exchanges or BOTH_WAYS,
            started_at=started or self.now,
            attributes={"sequence": sequence},
            **data,
        )
        return self.tell(event)

    def holds_many(self, count: int, *exchanges: tuple[str, str], first: int = 1, days_apart: float = 7) -> Self:
        """Hold sessions `s<first>` and on, each some days after the one before."""
        for number in range(first, first + count):
            self.holds(f"s{number}", *exchanges)
            if number < first + count - 1:
                self.after(days=days_apart)
        return self

    def cancels(self, session_id: str, *, by: str | None = None, sequence: int | None = None) -> Outcome:
        """Give a booked time up."""
        event = builders.session_cancelled(session_id, self.now, self.pairing_id, cancelled_by=by, attributes={"sequence": sequence})
        return self.tell(event)

    def misses(self, session_id: str, *absent: str, sequence: int | None = None) -> Outcome:
        """Report that a booked session did not take place, and who was absent if that is said."""
        data = {"absent": list(absent)} if absent else {}
        return self.tell(builders.session_missed(session_id, self.now, self.pairing_id, attributes={"sequence": sequence}, **data))

    def goes_on_leave(self, person_id: str, **data: Any) -> Self:
        """A leave begins today."""
        self.tell(builders.leave_started(person_id, self.now, **data))
        return self

    def is_back(self, person_id: str) -> Self:
        """The leave ends today."""
        self.tell(builders.leave_ended(person_id, self.now))
        return self

    def conflict_arises(self) -> Self:
        """Bob begins to report to Ann."""
        self.tell(builders.role_changed(BOB, self.now, manager_id=ANN))
        return self

    def conflict_stands(self) -> Self:
        """A line of power has joined the two for a day: both have their note."""
        return self.conflict_arises().after(days=1)

    def conflict_goes(self) -> Self:
        """Bob no longer reports to anybody."""
        self.tell(builders.role_changed(BOB, self.now, manager_id=None))
        return self

    # What can be seen

    @property
    def pairing_id(self) -> str:
        """The last pairing that was proposed."""
        found: str = self.read(type_="pairing.proposed")[-1]["data"]["pairing_id"]
        return found

    @property
    def pairing(self) -> Pairing:
        """The row of the last pairing."""
        row = self.row(StageName.PROGRAMMES, tables.PAIRINGS, self.pairing_id)
        assert isinstance(row, Pairing)
        return row

    def row_of(self, person_id: str) -> Participant:
        """The row of one of the two."""
        row = self.row(StageName.PROGRAMMES, tables.PARTICIPANTS, f"{PROGRAMME}/{person_id}")
        assert isinstance(row, Participant)
        return row

    @property
    def latest(self) -> dict[str, Any]:
        """The last published state."""
        found: dict[str, Any] = self.read(type_="pairing.state")[-1]["data"]
        return found

    @property
    def state(self) -> str:
        """The pairing's state as last published, which is the row's."""
        assert self.latest["state"] == self.pairing.state
        return str(self.latest["state"])

    @property
    def changes(self) -> list[str]:
        """What was published about the pairing, in order (`activated`, `paused` …)."""
        return [event["type"].split(".")[2] for event in self.read("mentorship.pairings.v1") if event["subject"] == self.pairing_id]

    def published(self, change: str) -> dict[str, Any]:
        """The body of the last published change of that name."""
        found: dict[str, Any] = self.read(type_=f"pairing.{change}")[-1]["data"]
        return found

    def nudges(self, key: str | None = None) -> list[tuple[str, str]]:
        """Who was to hear what, in order: (person, key)."""
        return [(data["person_id"], data["key"]) for data in self.requests(key)]

    def requests(self, key: str | None = None) -> list[dict[str, Any]]:
        """The bodies of requested nudges."""
        bodies = [event["data"] for event in self.read(type_="nudge.requested")]
        return [body for body in bodies if key is None or body["key"] == key]

    def told(self, key: str) -> list[str]:
        """Who was to hear a nudge of this key, in order."""
        return [person_id for person_id, _ in self.nudges(key)]

    def recalled(self, key: str) -> list[str]:
        """Whose requested nudge of this key was cancelled, in order."""
        bodies = [event["data"] for event in self.read(type_="nudge.cancelled")]
        return [body["person_id"] for body in bodies if body["cancellation_key"].startswith(f"{key}:")]

    def withheld(self) -> list[tuple[str, str]]:
        """The nudges that never left, in order: (key, why), as the people's own ledgers have it."""
        held_back = [one for _, row in self.rows(StageName.PEOPLE).scan(CONTACTS, "") for one in row.held_back]
        return [(one.key.value, one.reason.value) for one in sorted(held_back, key=lambda one: one.at)]

    def codes(self) -> list[str]:
        """The codes of all dead letters."""
        return [letter.code.value for letter in self.dead_letters()]


def proposed_pair(**policy: Any) -> PairStory:
    """Ann and Bob have been proposed to each other."""
    return PairStory(**policy).round()


def active_pair(**policy: Any) -> PairStory:
    """Ann and Bob have both accepted."""
    story = proposed_pair(**policy)
    for person_id in PEOPLE:
        story.answers(person_id, "accept")
    return story


def with_sessions(count: int, *exchanges: tuple[str, str], **policy: Any) -> PairStory:
    """An active pair that has held sessions, a week apart, from the second day on."""
    return active_pair(**policy).after(days=1).holds_many(count, *exchanges)
