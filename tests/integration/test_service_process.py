"""A service as a process: killed, told to stop, and asked from many sides at once."""

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.errors import ServiceStopped
from engine.runtimes.embedded.lines import Line
from engine.runtimes.embedded.serving.client import ServiceClient
from tests.acceptance.stories.service import SECONDS, service
from tests.integration.command_line import OPENING, ROOT, Bothways, line

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def bothways(tmp_path: Path) -> Bothways:
    """Return the command with an empty place for its data."""
    return Bothways(data=tmp_path / "data")


def hired(person_id: str) -> Line:
    """A line of a feed."""
    return Line(0, line("hr.hired", "2025-01-06T08:00:00Z", {"person_id": person_id, "effective_on": "2024-01-01"}).encode())


def client(bothways: Bothways) -> ServiceClient:
    """A connection to the service."""
    found = ServiceClient.of(bothways.data)
    assert found is not None
    return found


def test_a_kill_loses_nothing_that_was_answered(bothways: Bothways) -> None:
    """guarantees.P1: lines of four producers, killed in their midst; the next service takes the socket over and goes on."""
    acknowledged: list[str] = []

    def produce(producer: int) -> None:
        with client(bothways) as own:
            for number in range(1_000):
                person_id = f"p{producer}-{number}"
                own.lines([hired(person_id)])
                acknowledged.append(person_id)

    with service(bothways.data) as process, ThreadPoolExecutor(4) as pool:
        producers = [pool.submit(produce, producer) for producer in range(4)]
        while len(acknowledged) < 40 and not any(producer.done() for producer in producers):
            pass
        process.kill()
        failures = [producer.exception() for producer in producers]
    assert {ServiceStopped} == {type(failure) for failure in failures}
    assert (bothways.data / "socket").exists()

    with service(bothways.data):
        with client(bothways) as own:
            outcomes = {person_id: own.lines([hired(person_id)]).lines[0].outcome for person_id in acknowledged}
        assert {"duplicate"} == set(outcomes.values())
        assert 0 == bothways("verify").code
    assert not (bothways.data / "socket").exists()


def test_told_to_stop_it_answers_who_waits_and_ends(bothways: Bothways) -> None:
    """guarantees.S10: every line that was answered is there, every other one's producer knows that it isn't known."""
    answered: list[str] = []

    def produce(producer: int) -> None:
        with client(bothways) as own:
            for number in range(1_000):
                person_id = f"p{producer}-{number}"
                own.lines([hired(person_id)])
                answered.append(person_id)

    with service(bothways.data) as process, ThreadPoolExecutor(4) as pool:
        producers = [pool.submit(produce, producer) for producer in range(4)]
        while len(answered) < 20 and not any(producer.done() for producer in producers):
            pass
        process.send_signal(signal.SIGTERM)
        assert {ServiceStopped} == {type(producer.exception()) for producer in producers}
        process.communicate(timeout=SECONDS)
        assert 0 == process.returncode

    found = {person_id for person_id in answered[-5:] if bothways("inspect", "person", person_id).code == 0}
    assert set(answered[-5:]) == found


def test_a_followed_topic_shows_what_comes_beside_it(bothways: Bothways) -> None:
    """`tail --follow` beside the service: a line comes as soon as it is committed."""
    bothways.ingest(*OPENING)
    with service(bothways.data):
        argv = bothways.argv("tail", "dlq.ingest", "--follow")
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tail:
            assert tail.stdout is not None
            assert 3 == bothways.ingest("nonsense").code
            letter = json.loads(tail.stdout.readline())
            tail.kill()

    assert "bm9uc2Vuc2U=" == letter["value_base64"]


def test_a_writer_that_is_no_service_is_not_asked(bothways: Bothways) -> None:
    """A second writer beside an `ingest` that goes on is refused at once; a reader isn't."""
    bothways.ingest(*OPENING)
    with subprocess.Popen(bothways.argv("ingest", "-"), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdin is not None
        while not (bothways.data / "bothways.db-shm").exists():
            assert first.poll() is None
        second, looked = bothways.ingest("nonsense"), bothways("inspect", "person", "ann")
        first.communicate(timeout=SECONDS)

    assert (1, True, 0, 0) == (second.code, "in use by another process" in second.error, looked.code, first.returncode)
