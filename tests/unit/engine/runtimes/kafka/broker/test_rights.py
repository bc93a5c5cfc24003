"""What a worker has to be allowed, and how it is said that something is lacking (engine/runtimes/kafka/broker/rights.py, connection.py)."""

from dataclasses import replace

from aiokafka.errors import GroupAuthorizationFailedError, NotLeaderForPartitionError

from engine.runtimes.kafka.broker.rights import Acl, acls, lacking, not_allowed, refusal_in
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.topics import ALL_TOPICS

SETTINGS = KafkaSettings(app="app", prefix="x.", username="worker", replication=1)
NAMES = [SETTINGS.topic(topic.name) for topic in ALL_TOPICS]
WANTED = acls(SETTINGS, ALL_TOPICS)
ALL = frozenset({"READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"})


def test_a_worker_asks_for_every_topic_its_group_and_its_transactions() -> None:
    """Each topic once, the group, and the transactional ids by their prefix."""
    by_resource: dict[str, list[str]] = {}
    for acl in WANTED:
        by_resource.setdefault(acl.resource, []).append(acl.name)

    assert {"Topic": NAMES, "Group": ["app"], "TransactionalId": ["app-"]} == by_resource


def test_a_worker_writes_to_no_input_and_reads_no_output() -> None:
    """No more than it needs: a stolen password of a worker forges no HR event."""
    operations = {acl.name: set(acl.operations) for acl in WANTED}

    assert {"Read", "Describe", "DescribeConfigs"} == operations["x.hr.people.v1"]
    assert {"Write", "Describe", "DescribeConfigs"} == operations["x.mentorship.nudges.v1"]
    assert {"Read", "Write", "Describe", "DescribeConfigs"} == operations["x.bothways.people-inbox.v1"]


def test_what_is_lacking_is_named() -> None:
    """Only what the broker says is not granted is lacking; a topic of which it says nothing is judged elsewhere."""
    granted = dict.fromkeys(NAMES, ALL)
    granted["x.hr.people.v1"] = frozenset({"READ", "DESCRIBE"})
    del granted["x.mentorship.audit.v1"]

    found = tuple(lacking(WANTED, granted))

    expected = Acl(resource="Topic", name="x.hr.people.v1", operations=("DescribeConfigs",))
    assert (expected,) == found
    assert "The user worker is not allowed to DescribeConfigs x.hr.people.v1. Allow" in str(not_allowed(SETTINGS, found))
    assert "x.hr.people.v1, and 1 more. Allow" in str(not_allowed(SETTINGS, (*found, replace(expected, name="another"))))


def test_a_refusal_is_told_from_any_other_error() -> None:
    """What a broker refuses is named; anything else stays a doubt."""
    assert "use the group BOTHWAYS_KAFKA_APP" == refusal_in(GroupAuthorizationFailedError("app"))
    assert refusal_in(NotLeaderForPartitionError()) is None
