"""Rules of the service (engine/runtimes/embedded/service.py): one writer, a bounded queue, an answer after the commit."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from engine.core.cascade import TimeMode
from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.errors import Refused, ServiceBusy, ServiceStopped
from engine.observation import Observer
from engine.programme.people.tables import PEOPLE
from engine.runtimes.embedded.following import FollowedFile
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.observation import ObservedEngine
from engine.runtimes.embedded.service import WAITING_LINES_MAX, Service
from engine.settings import Settings
from engine.telemetry import Telemetry
from engine.topology import build

NOW = datetime(2025, 1, 6, 9, tzinfo=UTC)
SECONDS = 20.0


def hired(person_id: str) -> Line:
    """A line of a feed."""
    event = {
        "specversion": "1.0",
        "id": person_id,
        "source": "urn:example:hr",
        "type": "bothways.hr.hired.v1",
        "time": "2025-01-06T08:00:00Z",
        "data": {"person_id": person_id, "effective_on": "2024-01-01"},
    }
    return Line(0, json.dumps(event).encode())


@contextmanager
def serving(data_dir: Path) -> Iterator[Service]:
    """A service on a thread of its own; it has ended when this is left."""
    topology = build()
    with ObservedEngine(data_dir, Settings(), topology=topology, mode=TimeMode.WALL, clock=lambda: NOW) as engine:
        service = Service(engine, Observer(Telemetry(topology)), Settings(commit_seconds_max=5))
        loop = Thread(target=service.run)
        loop.start()
        try:
            yield service
        finally:
            service.stop()
            loop.join(SECONDS)
            assert not loop.is_alive()


@contextmanager
def held_up(service: Service) -> Iterator[None]:
    """The loop is busy until this is left."""
    begun, may_end = Event(), Event()

    def work(_: ObservedEngine) -> bool:
        begun.set()
        return may_end.wait(SECONDS)

    busy = service.call(work)
    assert begun.wait(SECONDS)
    yield
    may_end.set()
    assert busy.result(SECONDS)


def commits_count(service: Service) -> float:
    """How many commits wrote something."""
    return float(service._observer.telemetry.registry.get_sample_value("bothways_commit_seconds_count") or 0)


def test_answers_each_line_after_its_commit(tmp_path: Path) -> None:
    """An outcome for each, in their order; what was answered is there for whoever opens the directory next."""
    with serving(tmp_path) as service:
        answers = service.submit([hired("ann"), Line(1, b"nonsense"), hired("ann")]).result(SECONDS)
        assert 1 == service.tally.accepted

    assert [Outcome.APPLIED, Outcome.DEAD_LETTERED, Outcome.DUPLICATE] == [answer.outcome for answer in answers]
    with ObservedEngine(tmp_path, Settings()) as engine:
        assert ["ann"] == [key for key, _ in engine.scan(StageName.PEOPLE, PEOPLE)]
        assert NOW == engine.last_at


def test_what_waits_together_shares_a_commit(tmp_path: Path) -> None:
    """However many producers wait, one flush of the disk answers them."""
    with serving(tmp_path) as service:
        service.submit([hired("first")]).result(SECONDS)
        before = commits_count(service)
        with held_up(service):
            asked = [service.submit([hired(f"p{number}")]) for number in range(100)]
        assert [Outcome.APPLIED] * 100 == [one.result(SECONDS)[0].outcome for one in asked]
        assert 1 == commits_count(service) - before


def test_work_of_several_steps_is_undisturbed_and_durable(tmp_path: Path) -> None:
    """Whoever calls has the engine alone, and is answered after the commit; a refusal is its answer and stops nothing."""

    def refuse(_: ObservedEngine) -> None:
        raise Refused("not now")

    with serving(tmp_path) as service:
        assert NOW == service.call(lambda engine: engine.command("bothways.hr.erased.v1", {"person_id": "ann"}) and engine.last_at).result(
            SECONDS
        )
        with pytest.raises(Refused, match="not now"):
            service.call(refuse).result(SECONDS)
        assert service.health().is_ready
        assert service.health().is_well


def test_more_than_it_holds_is_refused_whole(tmp_path: Path) -> None:
    """guarantees.P10: the queue is bounded; what is refused was not taken, what was taken is answered."""
    with serving(tmp_path) as service:
        with held_up(service):
            taken = service.submit([Line(0, b"nonsense")] * (WAITING_LINES_MAX - 1))
            with pytest.raises(ServiceBusy):
                service.submit([hired("late")])
        assert WAITING_LINES_MAX - 1 == len(taken.result(SECONDS))
        assert Outcome.APPLIED == service.submit([hired("late")]).result(SECONDS)[0].outcome


def test_stopping_finishes_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    """guarantees.S10: what was asked before the end is answered, what comes after it is turned away."""
    asked: list[Future[Any]] = []
    with serving(tmp_path) as service, held_up(service):
        asked += [service.submit([hired(f"p{number}")]) for number in range(10)]
        service.stop()

    assert [Outcome.APPLIED] * 10 == [one.result(0)[0].outcome for one in asked]
    with pytest.raises(ServiceStopped):
        service.submit([hired("late")])


def test_a_source_that_blocks_holds_nobody_up(tmp_path: Path) -> None:
    """guarantees.S45: a pipe that nobody writes to is waited for by its own thread alone; the loop turns, answers and stops."""
    os.mkfifo(tmp_path / "pipe")

    with serving(tmp_path / "data") as service:
        service.follow(FollowedFile(tmp_path / "pipe"))
        assert Outcome.APPLIED == service.submit([hired("ann")]).result(SECONDS)[0].outcome


def test_a_source_that_can_not_be_read_stops_it_with_what_it_gave(tmp_path: Path) -> None:
    """The error of the system reaches whoever started the service."""
    (tmp_path / "file").write_bytes(b"")
    topology = build()
    with ObservedEngine(tmp_path / "data", Settings(), topology=topology, mode=TimeMode.WALL) as engine:
        service = Service(engine, Observer(Telemetry(topology)), Settings())
        service.follow(FollowedFile(tmp_path / "file" / "below"))

        with pytest.raises(NotADirectoryError):
            service.run()
