"""Topics: their names, keys and how long they keep records. The only place where a topic is spelt."""

from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from schemas.frozen import Frozen

DEAD_LETTER_PREFIX: Final = "dlq."
_DAY_MS: Final = 86_400_000


class Direction(StrEnum):
    """Who may write to a topic and who may read it."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Cleanup(StrEnum):
    """Kafka's `cleanup.policy`."""

    DELETE = "delete"
    COMPACT = "compact"


class Topic(Frozen, kw_only=True):
    """One topic. Names are without the deployment's prefix."""

    name: str
    direction: Direction
    key: str | None
    """What keys a record; None where the original key, or none, is kept."""
    cleanup: Cleanup
    retention_days: int | None = None
    """How long a record stays; None on compacted topics."""
    compaction_lag_days_max: int | None = None
    tombstone_days_min: int | None = None

    @property
    def config(self) -> dict[str, str]:
        """Kafka's topic settings, as `topics create` applies them."""
        settings = {"cleanup.policy": self.cleanup.value}
        if self.retention_days is not None:
            settings["retention.ms"] = str(self.retention_days * _DAY_MS)
        if self.compaction_lag_days_max is not None:
            settings["max.compaction.lag.ms"] = str(self.compaction_lag_days_max * _DAY_MS)
        if self.tombstone_days_min is not None:
            settings["delete.retention.ms"] = str(self.tombstone_days_min * _DAY_MS)
        return settings


def _deleted(name: str, direction: Direction, key: str | None, days: int) -> Topic:
    return Topic(name=name, direction=direction, key=key, cleanup=Cleanup.DELETE, retention_days=days)


def _compacted(name: str, direction: Direction, key: str | None) -> Topic:
    return Topic(name=name, direction=direction, key=key, cleanup=Cleanup.COMPACT, compaction_lag_days_max=7, tombstone_days_min=7)


HR_PEOPLE: Final = _deleted("hr.people.v1", Direction.IN, "person_id", 28)
PARTICIPATION: Final = _deleted("mentorship.participation.v1", Direction.IN, "person_id", 28)
SESSIONS: Final = _deleted("mentorship.sessions.v1", Direction.IN, "pairing_id", 28)
PROGRAMMES: Final = _deleted("mentorship.programmes.v1", Direction.IN, "programme_id", 28)
NUDGE_FEEDBACK: Final = _deleted("mentorship.nudge-feedback.v1", Direction.IN, "person_id", 28)

PAIRINGS: Final = _deleted("mentorship.pairings.v1", Direction.OUT, "pairing_id", 28)
PAIRING_STATE: Final = _compacted("mentorship.pairing-state.v1", Direction.OUT, "pairing_id")
NUDGES: Final = _deleted("mentorship.nudges.v1", Direction.OUT, "person_id", 14)
INSIGHTS: Final = _deleted("mentorship.insights.v1", Direction.OUT, "programme_id", 400)
AUDIT: Final = _deleted("mentorship.audit.v1", Direction.OUT, "subject", 400)
ANSWERS: Final = _deleted("bothways.answers.v1", Direction.OUT, "programme_id", 1)
"""To whoever asked for a dry run, who alone may read it: it names the people of a round that was not held."""

PEOPLE_INBOX: Final = _deleted("bothways.people-inbox.v1", Direction.INTERNAL, "person_id", 7)
PROGRAMMES_INBOX: Final = _deleted("bothways.programmes-inbox.v1", Direction.INTERNAL, "programme_id", 7)
PEOPLE_CHANGELOG: Final = _compacted("bothways.people-changelog.v1", Direction.INTERNAL, "person_id")
PROGRAMMES_CHANGELOG: Final = _compacted("bothways.programmes-changelog.v1", Direction.INTERNAL, "programme_id")


def dead_letter_topic(name: str) -> Topic:
    """The dead-letter topic of an input topic."""
    return _deleted(DEAD_LETTER_PREFIX + name, Direction.OUT, None, 14)


DLQ_INGEST: Final = dead_letter_topic("ingest")
"""Lines of a file that name no known type."""
DLQ_TIMERS: Final = dead_letter_topic("bothways.timers")
"""Timers whose wake-up failed."""

INPUT_TOPICS: Final = (HR_PEOPLE, PARTICIPATION, SESSIONS, PROGRAMMES, NUDGE_FEEDBACK)
OUTPUT_TOPICS: Final = (PAIRINGS, PAIRING_STATE, NUDGES, INSIGHTS, AUDIT)
PRIVATE_TOPICS: Final = (ANSWERS,)
"""Published to one reader, not to all."""
INTERNAL_TOPICS: Final = (PEOPLE_INBOX, PROGRAMMES_INBOX, PEOPLE_CHANGELOG, PROGRAMMES_CHANGELOG)
DEAD_LETTER_TOPICS: Final = (*(dead_letter_topic(topic.name) for topic in INPUT_TOPICS), DLQ_INGEST, DLQ_TIMERS)
ALL_TOPICS: Final = (*INPUT_TOPICS, *OUTPUT_TOPICS, *PRIVATE_TOPICS, *INTERNAL_TOPICS, *DEAD_LETTER_TOPICS)

_BY_TYPE_NAME: Final = MappingProxyType(
    {
        "pairing.answered": PARTICIPATION,
        "pairing.continuation_answered": PARTICIPATION,
        "pairing.locked": PROGRAMMES,
        "pairing.forbidden": PROGRAMMES,
        "pairing.allowed": PROGRAMMES,
        "pairing.state": PAIRING_STATE,
        "programme.reported": INSIGHTS,
        "round.completed": INSIGHTS,
        "nudge.requested": NUDGES,
        "nudge.cancelled": NUDGES,
        "nudge.suppressed": AUDIT,
        "hr.finding": AUDIT,
    }
)
"""Types that don't go where the rest of their family goes."""

_BY_FAMILY: Final = MappingProxyType(
    {
        "hr": HR_PEOPLE,
        "participation": PARTICIPATION,
        "feedback": PARTICIPATION,
        "insight": PARTICIPATION,
        "session": SESSIONS,
        "programme": PROGRAMMES,
        "round": PROGRAMMES,
        "proposal": PROGRAMMES,
        "nudges": PROGRAMMES,
        "departures": PROGRAMMES,
        "nudge": NUDGE_FEEDBACK,
        "pairing": PAIRINGS,
        "command": AUDIT,
    }
)


@lru_cache(maxsize=128)
def topic_of_type(event_type: str) -> Topic:
    """The topic that a known type belongs to.

    Args:
        event_type: full type, `bothways.<name>.v<major>`; the major plays no part, the registry knows which names exist.
    """
    name = event_type.removeprefix("bothways.").rpartition(".")[0]
    return _BY_TYPE_NAME.get(name) or _BY_FAMILY[name.partition(".")[0]]
