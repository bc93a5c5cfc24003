"""The drill: workers are killed, frozen and restarted under load, the broker too; then everything is verified from outside.

`python -m ops.kafka.chaos` runs the long form, `--short` the one that every test run repeats. Input: a programme with everybody in it, an
endless mix of changes, a round now and then, and people who accept what is proposed to them. Prints one line of JSON; exit 0 only if the
verifier found nothing (with `--plant` only if it found something).
"""

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine.runtimes.kafka.broker.topics import TopicAdmin
from engine.runtimes.kafka.folds.data_time import BusRecord, DataTimeDriver
from engine.runtimes.kafka.settings import KafkaSettings
from engine.simulation.load import PROGRAMME_ID, mixed_events
from ops.kafka.broker import Broker
from ops.kafka.verification import Findings, verified
from ops.kafka.workers import Workers

SALT: Final = "chaos"
SESSION_SECONDS: Final = 6
FROZEN_SECONDS: Final = 10.0
BROKER_DOWN_SECONDS: Final = 8.0
QUIET_SECONDS_MAX: Final = 150.0
IDLE_SECONDS: Final = 1.0
PLANTED_SECONDS: Final = 20.0
"""What was lost never comes; there is no point in waiting long for it."""
EVENTS_PER_ROUND: Final = 400
EAGER: Final = {
    "reserve_start": 0,
    "reserve_floor": 0,
    "min_benefit_ratio": 0.0,
    "shared_hours_min": 0,
    "holdout_percent": 0,
    "quiet_weekends": False,
}
"""A policy under which nearly everybody gets a proposal at once, so that there is something to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a drill does."""

    events: int = 30_000
    people: int = 300
    workers: int = 3
    partitions: int = 4
    kills: int = 16
    zombies: int = 3
    leaves: int = 3
    joins: int = 1
    broker_restarts: int = 1
    seconds: float = 150.0
    """Over how long the load is spread, at least."""
    seed: int = 1
    shell: str = "thin"
    is_planted: bool = False


SHORT: Final = Plan(events=3_000, people=120, kills=5, zombies=1, leaves=1, joins=0, broker_restarts=0, seconds=60.0)


@dataclass(slots=True)
class _Drill:
    plan: Plan
    broker: Broker | None
    """None where it is not ours to kill."""
    driver: DataTimeDriver
    workers: Workers
    draw: random.Random
    started: float = field(default_factory=time.monotonic)
    done: Counter[str] = field(default_factory=Counter)
    frozen: dict[int, float] = field(default_factory=dict)
    next_act: float = 0.0
    handled_count: int = 0
    handled_last: float = 0.0
    busy_since: float | None = None

    async def run(self) -> None:
        """Send the load, and be cruel meanwhile; then let it come to rest."""
        events = _load(self.plan)
        sent = 0
        while sent < self.plan.events or not self._is_satisfied():
            self.workers.keep()
            elapsed = time.monotonic() - self.started
            wanted = min(self.plan.events, int(self.plan.events * elapsed / self.plan.seconds))
            batch = [event for _, event in zip(range(wanted - sent), events, strict=False)]
            sent += len(batch)
            await self.driver.read_on()
            batch += _answers(self.driver.take_outputs())
            if batch:
                await self.driver.publish(batch)
            self._thaw(elapsed)
            self._watch(elapsed)
            if elapsed > self.next_act and self.busy_since is not None and not self._is_satisfied():
                await self._act(elapsed)
            await asyncio.sleep(0.02)
        self._thaw(float("inf"))
        await self._rest()

    def _watch(self, elapsed: float) -> None:
        """See whether work is done: a blow that hits an idle group proves nothing."""
        count = self.driver.handled_count
        if count > self.handled_count:
            self.handled_count, self.handled_last = count, elapsed
            if self.busy_since is None:
                self.busy_since = elapsed
                self.next_act = elapsed + self.draw.uniform(0.3, 2.0)
        elif elapsed - self.handled_last > IDLE_SECONDS:
            self.busy_since = None

    async def _rest(self) -> None:
        deadline = time.monotonic() + (PLANTED_SECONDS if self.plan.is_planted else QUIET_SECONDS_MAX)
        while True:
            self.workers.keep()
            try:
                await self.driver.quiet(3.0)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                continue
            answers = list(_answers(self.driver.take_outputs()))
            if not answers:
                return
            await self.driver.publish(answers)

    def _is_satisfied(self) -> bool:
        plan, done = self.plan, self.done
        return (
            done["kill"] >= plan.kills
            and done["zombie"] >= plan.zombies
            and done["leave"] >= plan.leaves
            and done["join"] >= plan.joins
            and done["broker restart"] >= plan.broker_restarts
        )

    async def _act(self, elapsed: float) -> None:
        """Do the next cruelty: kills, with the rarer ones in between at even distances."""
        plan, done, draw = self.plan, self.done, self.draw
        self.busy_since = None  # the next blow waits until the group works again
        progress = done["kill"] / max(1, plan.kills)
        able = [number for number in self.workers.live if number not in self.frozen]
        if done["broker restart"] < plan.broker_restarts and progress >= 0.5:
            await self._restart_broker()
        elif able and done["zombie"] < plan.zombies and progress >= (done["zombie"] + 1) / (plan.zombies + 1):
            number = max(able, key=self.workers.age)
            self.workers.send(number, signal.SIGSTOP)
            self.frozen[number] = elapsed + FROZEN_SECONDS
            done["zombie"] += 1
        elif able and done["leave"] < plan.leaves and progress >= (done["leave"] + 0.5) / (plan.leaves + 1):
            self.workers.send(draw.choice(able), signal.SIGTERM)
            done["leave"] += 1
        elif done["join"] < plan.joins and progress >= 0.25:
            self.workers.wanted += 1
            done["join"] += 1
        elif able and done["kill"] < plan.kills:
            self.workers.send(draw.choice(able), signal.SIGKILL)
            done["kill"] += 1

    def _thaw(self, elapsed: float) -> None:
        for number, until in list(self.frozen.items()):
            if elapsed > until:
                self.workers.send(number, signal.SIGCONT)
                del self.frozen[number]

    async def _restart_broker(self) -> None:
        assert self.broker is not None
        self.broker.kill()
        await asyncio.sleep(BROKER_DOWN_SECONDS)
        await asyncio.get_running_loop().run_in_executor(None, self.broker.start)
        self.done["broker restart"] += 1


def drill(plan: Plan, broker: Broker | str, directory: Path) -> tuple[Findings, dict[str, Any]]:
    """Run one drill.

    Args:
        broker: one of our own, or the address of one that must not be killed.
    Returns: what the verifier found, and what was done.
    """
    _be_quiet()
    assert isinstance(broker, Broker) or not plan.broker_restarts
    return asyncio.run(_drill(plan, broker, directory))


async def _drill(plan: Plan, broker: Broker | str, directory: Path) -> tuple[Findings, dict[str, Any]]:
    name = f"chaos{plan.seed}-{plan.shell}-{int(time.time())}"
    settings = KafkaSettings(
        brokers=broker if isinstance(broker, str) else broker.address,
        app=name[:40],
        prefix=f"{name}.",
        partitions=plan.partitions,
        replication=1,
        session_seconds=SESSION_SECONDS,
    )
    with TopicAdmin(settings) as admin:
        admin.create()
    workers = Workers(
        plan.workers,
        environment_of(settings, SALT),
        directory / f"{name}.log",
        carrier=plan.shell,
        module="ops.kafka.planted" if plan.is_planted else "engine.cli.running.kafka",
    )
    started = time.monotonic()
    async with DataTimeDriver(settings) as driver:
        with workers:
            at_work = _Drill(
                plan=plan, broker=None if isinstance(broker, str) else broker, driver=driver, workers=workers, draw=random.Random(plan.seed)
            )
            try:
                await at_work.run()
            except RuntimeError as stuck:
                if not plan.is_planted:
                    raise
                at_work.done[f"never quiet: {stuck}"[:60]] += 1
        ran = time.monotonic() - started
        findings = await verified(settings, SALT.encode())
    report = {
        "shell": plan.shell,
        "seed": plan.seed,
        "seconds": round(ran, 1),
        "done": dict(at_work.done),
        "exits": {str(code): count for code, count in sorted(workers.exits.items())},
        "workers_started": workers.started_count,
        "counts": dict(findings.counts),
        "problems": dict(findings.problems),
        "examples": findings.examples,
        "exact": findings.is_exact,
    }
    return findings, report


def environment_of(settings: KafkaSettings, salt: str) -> dict[str, str]:
    """Return the environment that gives a worker these settings."""
    given = settings.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return {f"BOTHWAYS_KAFKA_{name.upper()}": str(value) for name, value in given.items()} | {"BOTHWAYS_SALT": salt}


def _load(plan: Plan) -> Iterator[dict[str, Any]]:
    """The mix, with a round asked for now and then, as soon as everybody is in; of one second the higher id is the later one."""
    opening = 1 + 2 * plan.people
    for number, event in enumerate(mixed_events(plan.events, plan.seed, plan.people), start=1):
        if number >= opening and (number - opening) % EVENTS_PER_ROUND == 0:
            yield _event(f"round-{number:06}", "round.requested", {"programme_id": PROGRAMME_ID}, "coordinator")
        elif event["type"] == "bothways.programme.created.v1":
            yield {**event, "data": {**event["data"], "policy": EAGER}}
        else:
            yield event


def _answers(published: list[BusRecord]) -> Iterator[dict[str, Any]]:
    """Everybody accepts what is proposed."""
    for record in published:
        if dict(record.headers).get("ce_type") == b"bothways.pairing.proposed.v1" and record.value is not None:
            proposal = json.loads(record.value)
            for person in proposal["people"]:
                answer = {
                    "person_id": person["person_id"],
                    "pairing_id": proposal["pairing_id"],
                    "proposal_version": proposal["proposal_version"],
                    "answer": "accept",
                }
                id_ = f"answer-{proposal['pairing_id']}-{proposal['proposal_version']}-{person['person_id']}"
                yield _event(id_, "pairing.answered", answer, person["person_id"])


def _event(id_: str, type_: str, data: dict[str, Any], actor: str) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    envelope = {"specversion": "1.0", "id": id_, "source": "urn:bothways:chaos", "type": f"bothways.{type_}.v1", "time": now}
    return {**envelope, "actor": actor, "data": data}


def _be_quiet() -> None:
    """Keep the clients' warnings of restarts out of the report."""
    for name in ("aiokafka", "kafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def main(arguments: list[str]) -> int:
    """Run a drill on a broker of its own and print one line of JSON. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.kafka.chaos")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--plant", action="store_true", help="run workers with a planted bug, which must be noticed")
    parser.add_argument("--shell", choices=("faust", "thin"), default="thin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int)
    given = parser.parse_args(arguments)
    base = SHORT if given.short else Plan()
    changes: dict[str, Any] = {"seed": given.seed, "shell": given.shell, "is_planted": given.plant}
    if given.events:
        changes["events"] = given.events
    plan = Plan(**({name: getattr(base, name) for name in Plan.__slots__} | changes))
    with tempfile.TemporaryDirectory(prefix="bothways-chaos.", ignore_cleanup_errors=True) as directory:
        broker = Broker(Path(directory), heap="1g")
        broker.start()
        try:
            findings, report = drill(plan, broker, Path(directory))
        finally:
            broker.stop()
    print(json.dumps(report))
    return 0 if findings.is_exact != given.plant else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
