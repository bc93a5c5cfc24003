"""Topic administration: what the engine needs on a cluster, made once and checked before every start.

`plan` is a value; `create` makes what is missing and touches nothing else; `drift` says where the cluster differs. The partition count of
inboxes and changelogs is fixed for the life of an installation, because a key's owner follows from it: it is reported, never changed.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from engine.errors import FatalError
from engine.runtimes.kafka.broker.connection import RECORD_BYTES_MAX, admin_options, knock, unavailable
from engine.runtimes.kafka.broker.rights import LOOKED_AT, Acl, lacking
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.topics import (
    ALL_TOPICS,
    DLQ_INGEST,
    DLQ_TIMERS,
    INTERNAL_TOPICS,
    PEOPLE_INBOX,
    PROGRAMMES_INBOX,
    Direction,
    Topic,
    dead_letter_topic,
)

ANSWER_MS_MAX: Final = 10_000
INTERNAL_DEAD_LETTERS: Final = tuple(dead_letter_topic(topic.name) for topic in (PEOPLE_INBOX, PROGRAMMES_INBOX))
"""For messages of the engine itself that a rule could not handle, which is a defect."""
KAFKA_TOPICS: Final = (*ALL_TOPICS, *INTERNAL_DEAD_LETTERS)
ALREADY_EXISTS: Final = 36
"""Kafka's error code; another administrator was quicker."""
TOPIC_AUTHORIZATION_FAILED: Final = 29
"""Kafka's error code; this user may not even know of the topic."""
CHANGELOG_SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""Small segments, so that compaction keeps a restore short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTopic:
    """One topic as it should be."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]
    is_internal: bool
    is_input: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference between plan and cluster."""

    topic: str
    what: str
    is_fatal: bool
    """Whether a worker refuses to start."""


def plan(settings: KafkaSettings) -> tuple[PlannedTopic, ...]:
    """Return every topic that an installation needs."""
    return tuple(_planned(topic, settings) for topic in KAFKA_TOPICS)


@dataclass(kw_only=True, eq=False)
class TopicNotMade(FatalError):
    """The cluster refused to make a topic. The command stops; what was made before stays."""

    topic: str
    reason: str
    template = "The topic {topic} could not be made ({reason}). See BOTHWAYS_KAFKA_REPLICATION and the rights of this user, then try again."


class TopicAdmin:
    """A connection for topic administration. A context manager."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect.

        Raises:
            NotAdmitted: the broker, or its certificate, is refused.
            BrokerUnavailable: nobody answers within ten seconds.
        """
        self._settings = settings
        knock(settings)
        try:
            self._client = KafkaAdminClient(**admin_options(settings), request_timeout_ms=ANSWER_MS_MAX, bootstrap_timeout_ms=ANSWER_MS_MAX)
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(settings, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def partition_counts(self) -> dict[str, int]:
        """Return every topic on the cluster with its number of partitions."""
        return {name: len(described["partitions"]) for name, described in self._described().items()}

    def granted(self) -> dict[str, frozenset[str]]:
        """Return what this user may do with each planned topic; a topic that isn't there is left out."""
        try:
            described = self._client.describe_topics([topic.name for topic in plan(self._settings)])
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(self._settings, error) from error
        refused = {topic["name"]: frozenset[str]() for topic in described if topic["error_code"] == TOPIC_AUTHORIZATION_FAILED}
        told = (topic for topic in described if not topic["error_code"] and topic["authorized_operations"] is not None)
        return refused | {topic["name"]: frozenset(topic["authorized_operations"]) for topic in told}

    def create(self) -> tuple[str, ...]:
        """Make the topics that are missing. Returns their names."""
        there = self._described()
        wanted = [topic for topic in plan(self._settings) if topic.name not in there]
        if not wanted:
            return ()
        new = [NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=topic.config) for topic in wanted]
        try:
            answers = self._client.create_topics(new, raise_errors=False)
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(self._settings, error) from error
        for answer in answers["topics"]:
            if answer["error_code"] not in {0, ALREADY_EXISTS}:
                raise TopicNotMade(topic=answer["name"], reason=answer["error_message"] or f"error {answer['error_code']}")
        self._wait_for(topic.name for topic in wanted)
        return tuple(answer["name"] for answer in answers["topics"] if not answer["error_code"])

    def drift(self) -> Iterator[Drift]:
        """Yield where the cluster differs from the plan; nothing is yielded where it is as planned."""
        there = self._described()
        looked_at = tuple(Acl(resource="Topic", name=topic.name, operations=LOOKED_AT) for topic in plan(self._settings))
        hidden = {acl.name for acl in lacking(looked_at, self.granted())}
        present = [topic for topic in plan(self._settings) if topic.name in there]
        configs = self._configs([topic.name for topic in present])
        for topic in plan(self._settings):
            if topic.name in hidden:
                yield Drift(topic=topic.name, what="is hidden from this user, who needs Describe and DescribeConfigs", is_fatal=True)
                continue
            if topic.name not in there:
                yield Drift(topic=topic.name, what="is missing", is_fatal=True)
                continue
            count = len(there[topic.name]["partitions"])
            if topic.is_internal and count != topic.partitions:
                what = f"has {count} partitions, not {topic.partitions}; the number is fixed for the life of an installation"
                yield Drift(topic=topic.name, what=what, is_fatal=True)
            if topic.is_input:
                continue  # its owner decides how long it keeps records
            for name, wanted in topic.config.items():
                found = configs.get(topic.name, {}).get(name)
                if found != wanted:
                    yield Drift(topic=topic.name, what=f"{name} is {found}, not {wanted}", is_fatal=name == "cleanup.policy")

    def _wait_for(self, names: Iterable[str]) -> None:
        """Wait until the brokers tell clients of new topics, which they do a moment later."""
        missing = set(names)
        deadline = time.monotonic() + ANSWER_MS_MAX / 1000
        while (missing := missing - self._described().keys()) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _described(self) -> dict[str, Any]:
        try:
            return {described["name"]: described for described in self._client.describe_topics() if not described["error_code"]}
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(self._settings, error) from error

    def _configs(self, names: list[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        try:
            described = self._client.describe_configs(wanted, config_filter="all")
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(self._settings, error) from error
        return {name: {key: facts["value"] for key, facts in configs.items()} for name, configs in described["topic"].items()}


def _planned(topic: Topic, settings: KafkaSettings) -> PlannedTopic:
    is_internal = topic in INTERNAL_TOPICS
    config = {**topic.config}
    if topic.direction is not Direction.IN:
        config["max.message.bytes"] = str(RECORD_BYTES_MAX)
    if topic.name.endswith("-changelog.v1"):
        config["segment.bytes"] = str(CHANGELOG_SEGMENT_BYTES)
    partitions = 1 if topic in {DLQ_INGEST, DLQ_TIMERS, *INTERNAL_DEAD_LETTERS} else settings.partitions
    return PlannedTopic(
        name=settings.topic(topic.name),
        partitions=partitions,
        replication=settings.replication,
        config=config if settings.replication < 3 or topic.direction is Direction.IN else {**config, "min.insync.replicas": "2"},
        is_internal=is_internal,
        is_input=topic.direction is Direction.IN,
    )
