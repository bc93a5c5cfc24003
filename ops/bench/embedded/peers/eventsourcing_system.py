"""The two applications of the `eventsourcing` peer; importing this needs the library."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import Application  # type: ignore[import-not-found, unused-ignore]
from eventsourcing.domain import Aggregate, event  # type: ignore[import-not-found, unused-ignore]
from eventsourcing.system import ProcessApplication, SingleThreadedRunner, System  # type: ignore[import-not-found, unused-ignore]


class Person(Aggregate):  # type: ignore[misc, unused-ignore]
    """One hired person."""

    @event("Hired")  # type: ignore[misc, untyped-decorator, unused-ignore]
    def __init__(self, facts: str) -> None:
        self.facts = facts


class Welcome(Aggregate):  # type: ignore[misc, unused-ignore]
    """The one output of a hire."""

    @event("Sent")  # type: ignore[misc, untyped-decorator, unused-ignore]
    def __init__(self, person: str) -> None:
        self.person = person


class People(Application[UUID]):  # type: ignore[misc, unused-ignore]
    """Records hires."""

    def hire(self, facts: dict[str, Any]) -> None:
        """Save one hire."""
        self.save(Person(facts=json.dumps(facts)))


class Welcomes(ProcessApplication[UUID]):  # type: ignore[misc, unused-ignore]
    """Answers each hire."""

    def policy(self, domain_event: Any, processing_event: Any) -> None:
        """Turn one hire into one output."""
        if isinstance(domain_event, Person.Hired):
            processing_event.collect_events(Welcome(person=str(domain_event.originator_id)))

    def count(self) -> int:
        """How many outputs were saved."""
        return int(self.recorder.max_notification_id() or 0)


@contextmanager
def started(work_dir: Path) -> Iterator[tuple[People, Welcomes]]:
    """Run both applications on databases of their own in a directory."""
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "PEOPLE_SQLITE_DBNAME": str(work_dir / "people.db"),
        "WELCOMES_SQLITE_DBNAME": str(work_dir / "welcomes.db"),
    }
    runner = SingleThreadedRunner(System(pipes=[[People, Welcomes]]), environment)
    runner.start()
    try:
        yield runner.get(People), runner.get(Welcomes)
    finally:
        runner.stop()
