"""What a worker must be allowed on the cluster, and what it is not.

A worker that lacks a right would find out in the middle of its work, as one of a dozen errors; so it asks before it joins its group. What
the broker tells of nobody beforehand (transactional ids, a group that is not there yet) ends the worker with the same words later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import FatalError
from engine.runtimes.kafka.settings import KafkaSettings
from schemas.topics import INPUT_TOPICS, INTERNAL_TOPICS, Direction, Topic

REFUSALS: Final[Mapping[str, str]] = {
    "TopicAuthorizationFailedError": "use a topic",
    "GroupAuthorizationFailedError": "use the group BOTHWAYS_KAFKA_APP",
    "TransactionalIdAuthorizationFailed": "use transactional ids that begin with BOTHWAYS_KAFKA_APP",
    "ClusterAuthorizationFailedError": "publish to any topic",
}
"""Error, as both client libraries call it → what was refused."""


LOOKED_AT: Final = ("Describe", "DescribeConfigs")
"""What the check before every start needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """One line that an administrator has to allow."""

    resource: str
    name: str
    operations: tuple[str, ...]
    pattern: str = "literal"
    """`prefixed` where every name that begins so is meant."""


def acls(settings: KafkaSettings, topics: tuple[Topic, ...]) -> tuple[Acl, ...]:
    """Return what a worker's principal must be allowed, and no more: it can't write to an input topic.

    Args:
        topics: all that the engine needs.
    """
    found = []
    for topic in topics:
        reads = ("Read",) if topic in INPUT_TOPICS or topic in INTERNAL_TOPICS else ()
        writes = ("Write",) if topic in INTERNAL_TOPICS or topic.direction is Direction.OUT else ()
        found.append(Acl(resource="Topic", name=settings.topic(topic.name), operations=(*reads, *writes, *LOOKED_AT)))
    found.append(Acl(resource="Group", name=settings.app, operations=("Read", "Describe")))
    found.append(Acl(resource="TransactionalId", name=f"{settings.app}-", operations=("Write", "Describe"), pattern="prefixed"))
    return tuple(found)


def lacking(wanted: tuple[Acl, ...], granted: Mapping[str, frozenset[str]]) -> Iterator[Acl]:
    """Yield the rights on topics that were not granted.

    Args:
        granted: topic → operations in Kafka's words (`DESCRIBE_CONFIGS`); a topic of which the broker says nothing is not in it.
    """
    for acl in wanted:
        if acl.resource == "Topic" and acl.name in granted:
            has = {operation.replace("_", "") for operation in granted[acl.name]}
            missing = tuple(operation for operation in acl.operations if operation.upper() not in has)
            if missing:
                yield replace(acl, operations=missing)


@dataclass(kw_only=True, eq=False)
class NotAllowed(FatalError):
    """The cluster does not let this user do what a worker has to do. The worker stops; allowed, it starts."""

    user: str
    what: str
    more: str = ""
    template = "The user {user} is not allowed to {what}{more}. Allow what `bothways topics plan --acls` lists, then start again."


def not_allowed(settings: KafkaSettings, missing: tuple[Acl, ...]) -> NotAllowed:
    """Say in one line what is lacking."""
    first = missing[0]
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    what = f"{' and '.join(first.operations)} {first.name}"
    return NotAllowed(user=_user(settings), what=what, more=more)


def refusal_of_broker(settings: KafkaSettings, error: BaseException) -> NotAllowed | None:
    """Say in one line what a broker's answer refuses; None where it is no refusal."""
    what = refusal_in(error)
    return None if what is None else NotAllowed(user=_user(settings), what=what)


def _user(settings: KafkaSettings) -> str:
    return settings.username or "of this certificate"


def refusal_in(error: BaseException) -> str | None:
    """Say what a broker's answer refuses; None where it is no refusal."""
    return next((REFUSALS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in REFUSALS), None)
