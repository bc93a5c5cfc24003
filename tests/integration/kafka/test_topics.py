"""Topic administration against a real broker: made once, checked exactly, never changed behind anybody's back."""

import pytest

from engine.runtimes.kafka.settings import KafkaSettings

pytestmark = pytest.mark.integration


def test_topics_are_made_once_and_are_as_planned(settings: KafkaSettings) -> None:
    """Create makes what the plan says; a second time it makes nothing, and check finds no difference."""
    from engine.runtimes.kafka.broker.topics import TopicAdmin, plan

    with TopicAdmin(settings) as admin:
        made = admin.create()
        again = admin.create()
        drift = list(admin.drift())

    assert {topic.name for topic in plan(settings)} == set(made)
    assert () == again
    assert [] == drift


def test_missing_topic_is_drift_that_stops_a_worker(settings: KafkaSettings) -> None:
    """A worker does not start with a topic missing; check names it."""
    from engine.runtimes.kafka.broker.topics import TopicAdmin

    with TopicAdmin(settings) as admin:
        drift = list(admin.drift())

    assert all(difference.is_fatal and difference.what == "is missing" for difference in drift)
    assert f"{settings.prefix}bothways.people-inbox.v1" in {difference.topic for difference in drift}


def test_changed_partition_count_of_an_inbox_is_refused(made: KafkaSettings) -> None:
    """Another number of partitions would give keys other owners: it is reported as fatal, and create does not touch it."""
    from engine.runtimes.kafka.broker.topics import TopicAdmin

    grown = made.model_copy(update={"partitions": 3})
    with TopicAdmin(grown) as admin:
        created = admin.create()
        fatal = {difference.topic.removeprefix(made.prefix) for difference in admin.drift() if difference.is_fatal}

    assert () == created
    assert {
        "bothways.people-inbox.v1",
        "bothways.programmes-inbox.v1",
        "bothways.people-changelog.v1",
        "bothways.programmes-changelog.v1",
    } == fatal
