"""Topics (schemas/topics.py)."""

from schemas.topics import (
    ALL_TOPICS,
    AUDIT,
    DEAD_LETTER_TOPICS,
    DLQ_INGEST,
    HR_PEOPLE,
    INPUT_TOPICS,
    INSIGHTS,
    NUDGE_FEEDBACK,
    NUDGES,
    PAIRING_STATE,
    PAIRINGS,
    PARTICIPATION,
    PEOPLE_INBOX,
    PROGRAMMES,
    dead_letter_topic,
    topic_of_type,
)


def test_topic_names_are_once_and_plain() -> None:
    """Dots and dashes only, each name once, five inputs with their dead letters."""
    names = [topic.name for topic in ALL_TOPICS]

    assert len(set(names)) == len(names) == 22
    assert all(name.replace(".", "").replace("-", "").isalnum() and name == name.lower() for name in names)
    assert {f"dlq.{topic.name}" for topic in INPUT_TOPICS} | {"dlq.ingest", "dlq.bothways.timers"} == {
        topic.name for topic in DEAD_LETTER_TOPICS
    }


def test_types_of_one_family_may_go_different_ways() -> None:
    """Answers, commands, lifecycle and state of a pairing have four topics; nudge feedback and nudges two."""
    expected = {
        "pairing.answered": PARTICIPATION,
        "pairing.locked": PROGRAMMES,
        "pairing.allowed": PROGRAMMES,
        "pairing.ended": PAIRINGS,
        "pairing.state": PAIRING_STATE,
        "nudge.seen": NUDGE_FEEDBACK,
        "nudge.acted": NUDGE_FEEDBACK,
        "nudge.requested": NUDGES,
        "nudge.suppressed": AUDIT,
        "nudges.released": PROGRAMMES,
        "departures.released": PROGRAMMES,
        "hr.finding": AUDIT,
        "programme.closed": PROGRAMMES,
        "programme.reported": INSIGHTS,
        "round.requested": PROGRAMMES,
        "round.completed": INSIGHTS,
        "command.recorded": AUDIT,
        "hr.erased": HR_PEOPLE,
    }

    assert expected == {name: topic_of_type(f"bothways.{name}.v1") for name in expected}


def test_retention_is_kafka_configuration() -> None:
    """Deleted topics say how long, compacted ones how late; 14 days for dead letters."""
    assert {"cleanup.policy": "delete", "retention.ms": "2419200000"} == HR_PEOPLE.config
    assert PEOPLE_INBOX.config["retention.ms"] == "604800000"
    assert {"cleanup.policy": "compact", "max.compaction.lag.ms": "604800000", "delete.retention.ms": "604800000"} == PAIRING_STATE.config
    assert dead_letter_topic("x").retention_days == DLQ_INGEST.retention_days == 14
