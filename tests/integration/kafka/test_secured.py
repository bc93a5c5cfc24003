"""A cluster as one runs it in earnest: TLS, passwords from files, and no right that was not given."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from engine.runtimes.kafka.settings import KafkaSettings
from ops.kafka.fixture import why_none
from tests.builders import enrolled, hired, offer, programme_created, round_requested, want
from tests.contract.runtimes import SALT, line

if TYPE_CHECKING:
    from ops.kafka.secured import SecuredBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT: Final = Path(__file__).parent.parent.parent.parent
FAILS_WITHIN_SECONDS: Final = 15.0
HEARD_WITHIN_SECONDS: Final = 60.0
NUMBERS = count(1)
AT: Final = "2025-01-06T09:00:00Z"
OPENING: Final = (
    programme_created(AT, policy={"reserve_start": 0, "reserve_floor": 0, "holdout_percent": 0}),
    hired("ann", AT),
    hired("bob", AT),
    enrolled("ann", AT),
    enrolled("bob", AT, offers=[offer("strategy")], wants=[want("python")]),
)
Right = dict[str, Any]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SecuredBroker]":
    """A broker with an administrator and a worker."""
    lack = why_none()
    if lack is not None:
        pytest.skip(lack.reason)
    from ops.kafka.secured import SecuredBroker

    broker = SecuredBroker(tmp_path_factory.mktemp("secured"), "worker", heap="256m")
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One installation on the secured broker, its topics made."""

    admin: KafkaSettings
    worker: KafkaSettings
    rights: list[Right]
    """What `topics plan --acls` prints, none of it given yet."""

    def run(self, *arguments: str, settings: KafkaSettings | None = None, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one command as the administrator, or with other settings."""
        return subprocess.run(
            command(*arguments),
            cwd=ROOT,
            env=environment(settings or self.admin),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=FAILS_WITHIN_SECONDS,
            check=False,
        )

    def allow(self, rights: list[Right]) -> None:
        """Give the worker rights."""
        from ops.kafka.secured import allow

        allow(self.admin, "worker", rights)

    def proposed(self) -> dict[str, Any]:
        """Ask for rounds until one proposes a pair; the first may come before the enrolments."""
        deadline = time.monotonic() + HEARD_WITHIN_SECONDS
        for minute in count():
            asked = line(round_requested(f"2025-01-06T10:{minute:02}:00Z")).decode()
            assert 0 == self.run("publish", "-", stdin=asked).returncode
            read = self.run("tail", "mentorship.pairings.v1")
            assert 0 == read.returncode, read.stderr
            for event in map(json.loads, read.stdout.splitlines()):
                if event["type"] == "bothways.pairing.proposed.v1":
                    return dict(event)
            assert time.monotonic() < deadline, "nothing was proposed"
        raise AssertionError


def command(*arguments: str) -> list[str]:
    """Return the command line of one Kafka command."""
    return [sys.executable, "-m", "engine.cli.running.kafka", *arguments]


def environment(settings: KafkaSettings) -> dict[str, str]:
    """Return the environment of a process with these settings and no others of ours."""
    from ops.kafka.chaos import environment_of

    return {name: value for name, value in os.environ.items() if not name.startswith("BOTHWAYS_")} | environment_of(settings, SALT)


@pytest.fixture
def cluster(secured: "SecuredBroker") -> Cluster:
    """An installation that nobody else uses."""
    name = f"secured{next(NUMBERS)}"
    more = {"app": name, "prefix": f"{name}.", "partitions": 2, "replication": 1, "commit_seconds": 0.01, "session_seconds": 6}
    made = Cluster(admin=secured.settings("admin", **more), worker=secured.settings("worker", **more), rights=[])
    created, planned = made.run("topics", "create"), made.run("topics", "plan", "--acls", "--json")
    assert (0, 0) == (created.returncode, planned.returncode), created.stderr + planned.stderr
    return replace(made, rights=[json.loads(row) for row in planned.stdout.splitlines()])


@pytest.mark.parametrize("shell", ["thin", "faust"])
def test_worker_works_with_just_the_rights_that_the_plan_lists(cluster: Cluster, tmp_path: Path, shell: str) -> None:
    """Topics, publishing, both shells and reading go over TLS with a password from a file; the worker needs no right besides."""
    from ops.kafka.workers import Workers

    cluster.allow(cluster.rights)
    lines = b"\n".join(line(event) for event in OPENING).decode()

    with Workers(1, environment(cluster.worker), tmp_path / "worker.log", carrier=shell) as workers:
        published = cluster.run("publish", "-", "--json", stdin=lines)
        proposed = cluster.proposed()
        ends = workers.drain()

    assert {"published": 5, "dead_lettered": 0} == json.loads(published.stdout), published.stderr
    assert ["ann", "bob"] == [person["person_id"] for person in proposed["data"]["people"]]
    assert {0: 1} == ends, (tmp_path / "worker.log").read_text()[-2000:]


@pytest.mark.parametrize("arguments", [("topics", "create"), ("publish", "-"), ("tail", "hr.people.v1"), ("worker",)], ids=" ".join)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("password_file", "it refuses the user or the password. Correct BOTHWAYS_KAFKA_USERNAME or BOTHWAYS_KAFKA_PASSWORD_FILE"),
        ("ca_file", "its certificate is not trusted"),
    ],
)
def test_wrong_password_or_authority_is_one_line(
    secured: "SecuredBroker", tmp_path: Path, change: str, says: str, arguments: tuple[str, ...]
) -> None:
    """Whoever is not let in, or trusts nobody there, hears so in one line within 15 seconds, with exit code 1 (guarantees.S42)."""
    from ops.kafka.secured import Authority

    if change == "password_file":
        wrong = tmp_path / "password"
        wrong.write_text("another one\n")
    else:
        wrong = Authority(tmp_path / "another").ca_file
    settings = secured.settings("admin").model_copy(update={change: wrong})

    done = Cluster(admin=settings, worker=settings, rights=[]).run(*arguments)

    assert 1 == done.returncode
    assert says in done.stderr
    assert 1 == len(done.stderr.strip().splitlines()), done.stderr


def test_worker_is_told_what_it_is_not_allowed(cluster: Cluster) -> None:
    """Without any right, and without one alone, a worker says before it joins what is lacking."""
    prefix = cluster.admin.prefix
    nudges = next(right for right in cluster.rights if right["name"] == f"{prefix}mentorship.nudges.v1")
    rest = [right for right in cluster.rights if right is not nudges]

    with_none = cluster.run("worker", settings=cluster.worker)
    cluster.allow([*rest, {**nudges, "operations": ["Describe", "DescribeConfigs"]}])
    with_one_less = cluster.run("worker", settings=cluster.worker)

    means = "Allow what `bothways topics plan --acls` lists, then start again.\n"
    first = f"The user worker is not allowed to Read and Describe and DescribeConfigs {prefix}hr.people.v1, and 23 more."
    assert (1, f"{first} {means}") == (with_none.returncode, with_none.stderr)
    one = f"The user worker is not allowed to Write {prefix}mentorship.nudges.v1."
    assert (1, f"{one} {means}") == (with_one_less.returncode, with_one_less.stderr)


def test_command_says_what_its_user_is_not_allowed(cluster: Cluster) -> None:
    """Without rights a check says that topics are hidden, not that they are missing; publishing says in one line that it may not."""
    event = line(hired("ann", AT)).decode()
    described = [{**right, "operations": ["Describe"]} for right in cluster.rights if right["resource"] == "Topic"]

    hidden = cluster.run("topics", "check", settings=cluster.worker)
    cluster.allow(described)
    half_hidden = cluster.run("topics", "check", settings=cluster.worker)
    published = cluster.run("publish", "-", settings=cluster.worker, stdin=event)

    first = f"{cluster.admin.prefix}hr.people.v1 is hidden from this user, who needs Describe and DescribeConfigs"
    for checked in (hidden, half_hidden):
        assert (1, first) == (checked.returncode, checked.stdout.splitlines()[0]), checked.stderr
    assert 1 == published.returncode
    assert published.stderr.startswith("The user worker is not allowed to "), published.stderr
    assert 1 == len(published.stderr.strip().splitlines())


@pytest.mark.parametrize("shell", ["thin", "faust"])
@pytest.mark.parametrize(
    ("resource", "says"),
    [("Group", "use the group BOTHWAYS_KAFKA_APP"), ("TransactionalId", "use transactional ids that begin with BOTHWAYS_KAFKA_APP")],
)
def test_right_that_shows_late_ends_the_worker_with_its_name(cluster: Cluster, shell: str, resource: str, says: str) -> None:
    """What no broker tells beforehand ends the worker in the same clear words, with the exit code of a doubt."""
    cluster.allow([right for right in cluster.rights if right["resource"] != resource])

    done = cluster.run("worker", "--shell", shell, settings=cluster.worker)

    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]  # log lines are JSON
    assert 70 == done.returncode, done.stderr
    assert [f"The user is not allowed to {says}. Allow what `bothways topics plan --acls` lists, then start the worker again."] == lines
