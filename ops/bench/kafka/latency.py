"""How long a nudge needs, from an input to a reader of `mentorship.nudges.v1`, beside a steady load.

Two figures. Transactional: somebody goes on leave, and the partner hears that the pair pauses; nothing in the rules waits, so all of it is
the runtime's: four units of work (intake, the person, the programme, the partner), each a transaction. Waking: an invitation gathers for a
minute by rule and is due at a whole second, with everybody else of that second; what counts is from that instant to the reader.

Instants are those of one clock: sent before the producer, read after a `read_committed` consumer. What a probe went through is read off the
inboxes.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from engine.matching.scoring import TECH_FAMILIES
from engine.runtimes.kafka.broker.connection import client_options
from engine.runtimes.kafka.broker.wire import KIND
from engine.runtimes.kafka.folds.data_time import DataTimeDriver
from engine.runtimes.kafka.folds.stage_fold import WAKE_HEADER
from engine.runtimes.kafka.settings import KafkaSettings
from engine.simulation.load import mixed_events
from engine.simulation.topics import FAMILY_BY_TOPIC
from ops.kafka.chaos import EAGER, environment_of
from ops.kafka.workers import Workers
from schemas.topics import NUDGES, PAIRINGS, PEOPLE_CHANGELOG, PEOPLE_INBOX, PROGRAMMES_INBOX

RATE: Final = 500
"""Inputs a second, all kinds together."""
PROBED_PER_SECOND: Final = 40
NOMINATED_PER_SECOND: Final = 100
SECONDS: Final = 20
"""Over which the probes are sent."""
WARM_SECONDS: Final = 30
"""Before the probes: a broker that has just started is slow for a while."""
ALL_SECONDS: Final = 82
"""Until the last invitation is due; the load goes on all the time."""
PROGRAMMES: Final = 16
BEHIND_PEOPLE: Final = 500
"""Who the load is about."""
DIGITAL: Final = next(topic for topic, family in FAMILY_BY_TOPIC.items() if family in TECH_FAMILIES)
EXPERIENCE: Final = next(topic for topic, family in FAMILY_BY_TOPIC.items() if family not in TECH_FAMILIES)
PERCENTILES: Final = ((0.5, "p50_ms"), (0.99, "p99_ms"))
Json = dict[str, Any]
_decode: Final = msgspec.json.Decoder().decode


class Watch:
    """Reads what becomes visible, and stamps the stages of every probe."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.stamps: dict[str, dict[str, float]] = {}
        """By the person on leave: the instant of each stage."""
        self.partner_of: dict[str, str] = {}
        """Both ways."""
        self.due: dict[str, float] = {}
        """By person: when the invitation is due, once a changelog says so."""
        self.waking_seconds: list[float] = []
        self.proposals: list[Json] = []
        self._settings = settings
        self._read_by_topic = {
            settings.topic(PEOPLE_INBOX.name): self._people,
            settings.topic(PROGRAMMES_INBOX.name): self._programmes,
            settings.topic(PEOPLE_CHANGELOG.name): self._row,
            settings.topic(NUDGES.name): self._nudge,
            settings.topic(PAIRINGS.name): self._pairing,
        }

    async def run(self) -> None:
        """Read until cancelled."""
        reader = AIOKafkaConsumer(**client_options(self._settings), group_id=None, isolation_level="read_committed", fetch_max_wait_ms=100)
        await reader.start()
        try:
            reader.assign([TopicPartition(name, part) for name in self._read_by_topic for part in range(self._settings.partitions)])
            await reader.seek_to_beginning()
            while True:
                for place, records in (await reader.getmany(timeout_ms=100)).items():
                    now, read = time.time(), self._read_by_topic[place.topic]
                    for record in records:
                        read(record, now)
        finally:
            await reader.stop()

    def _stamp(self, person_id: str, stage: str, now: float) -> None:
        stages = self.stamps.get(person_id)
        if stages is not None:
            stages.setdefault(stage, now)

    def _people(self, record: ConsumerRecord, now: float) -> None:
        kind = record.headers[0][1] if record.headers[0][0] == KIND else b""
        key = record.key.decode()
        if kind == b"event":
            self._stamp(key, "intake", now)
        elif kind == b"NudgeIntended" and key in self.partner_of:
            self._stamp(self.partner_of[key], "programmes", now)

    def _programmes(self, record: ConsumerRecord, now: float) -> None:
        if record.headers[0][1] == b"FactsChanged":
            self._stamp(_decode(record.value)["facts"]["person_id"], "people", now)

    def _row(self, record: ConsumerRecord, now: float) -> None:
        del now
        table, _, key = record.key.decode().partition("/")
        wake = dict(record.headers).get(WAKE_HEADER)
        if table == "contacts" and key.startswith("nominated-") and wake is not None:
            self.due.setdefault(key, float(wake))

    def _nudge(self, record: ConsumerRecord, now: float) -> None:
        if record.value is None:
            return
        data = _decode(record.value)
        key, nudge = record.key.decode(), data.get("key")
        if nudge == "pairing_paused" and key in self.partner_of:
            self._stamp(self.partner_of[key], "outreach", now)
        elif nudge == "open_invitation" and key in self.due:
            self.waking_seconds.append(now - self.due[key])

    def _pairing(self, record: ConsumerRecord, now: float) -> None:
        del now
        if dict(record.headers).get("ce_type") == b"bothways.pairing.proposed.v1" and record.value is not None:
            self.proposals.append(_decode(record.value))


async def measured(settings: KafkaSettings, scale: float) -> Json:
    """Make pairs, then send load, leaves and nominations at a steady rate, and read."""
    watch = Watch(settings)
    reading = asyncio.ensure_future(watch.run())
    try:
        async with DataTimeDriver(settings) as driver:
            probed = int(PROBED_PER_SECOND * SECONDS * scale)
            behind = iter(list(mixed_events(1 + 2 * BEHIND_PEOPLE + RATE * ALL_SECONDS, 1, BEHIND_PEOPLE)))
            await driver.offer_all(islice(behind, 1 + 2 * BEHIND_PEOPLE))
            pairs = await _paired(driver, watch, probed)
            watch.partner_of |= dict(pairs) | {other: one for one, other in pairs}
            nominated = int(NOMINATED_PER_SECOND * SECONDS * scale)
            await driver.offer_all(_hires(f"nominated-{n}" for n in range(nominated)))
            await _send(driver, watch, behind, leaving=[one for one, _ in pairs], nominated=nominated)
        await asyncio.sleep(1.0)
    finally:
        reading.cancel()
    return _report(watch)


async def _paired(driver: DataTimeDriver, watch: Watch, wanted: int) -> list[tuple[str, str]]:
    """Let rounds pair people, and everybody accept. Returns as many pairs as wanted, if there are."""
    size = 3 * wanted // PROGRAMMES + 2
    names = [f"late-{n}" for n in range(PROGRAMMES)]
    policy = {**EAGER, "round_every_days": 0, "nudge_storm_per_day": 1_000_000}
    await driver.offer_all(_event(f"p-{name}", "programme.created", {"programme_id": name, "policy": policy}) for name in names)
    people = [(name, f"{name}-p{n}") for name in names for n in range(size)]
    await driver.offer_all(_hires(person_id for _, person_id in people))
    await driver.offer_all(
        _event(f"e-{who}", "participation.enrolled", _taking_part(place, name, who), who) for place, (name, who) in enumerate(people)
    )
    await driver.offer_all(_event(f"r-{name}", "round.requested", {"programme_id": name}) for name in names)
    await asyncio.sleep(0.5)
    proposals = list(watch.proposals)
    answers = [(proposal, person["person_id"]) for proposal in proposals for person in proposal["people"]]
    await driver.offer_all(
        _event(f"a-{proposal['pairing_id']}-{who}", "pairing.answered", _accepted(proposal, who), who) for proposal, who in answers
    )
    pairs = [tuple(sorted(person["person_id"] for person in proposal["people"])) for proposal in proposals]
    return [(pair[0], pair[1]) for pair in pairs[:wanted]]


async def _send(driver: DataTimeDriver, watch: Watch, behind: Iterator[Json], *, leaving: Sequence[str], nominated: int) -> None:
    """Send everything at its time: leaves and nominations first among what is due, the rest of the rate from the load."""
    started = time.monotonic()
    today = datetime.now(UTC).date().isoformat()
    probes, nominations, count = 0, 0, 0
    while (elapsed := time.monotonic() - started) < ALL_SECONDS:
        while probes < len(leaving) and probes < (elapsed - WARM_SECONDS) * PROBED_PER_SECOND:
            who = leaving[probes]
            event = _event(f"l-{who}", "hr.leave_started", {"person_id": who, "effective_on": today})
            watch.stamps[who] = {"sent": time.time()}
            await driver.publish_soon(event)
            probes, count = probes + 1, count + 1
        while nominations < nominated and nominations < elapsed * NOMINATED_PER_SECOND:
            data = {"person_id": f"nominated-{nominations}", "programme_id": f"late-{nominations % PROGRAMMES}"}
            await driver.publish_soon(_event(f"n-{nominations}", "participation.nominated", data))
            nominations, count = nominations + 1, count + 1
        while count < elapsed * RATE:
            await driver.publish_soon(next(behind))
            count += 1
        await asyncio.sleep(0.002)


def _report(watch: Watch) -> Json:
    stages = ("sent", "intake", "people", "programmes", "outreach")
    whole = [stamps for stamps in watch.stamps.values() if all(stage in stamps for stage in stages)]
    hops = {
        f"{stage}_{name}": value
        for before, stage in pairwise(stages)
        for name, value in _percentiles([each[stage] - each[before] for each in whole]).items()
    }
    transactional = _percentiles([each["outreach"] - each["sent"] for each in whole])
    return {
        "transactional": {"sent": len(watch.stamps), "nudged": len(whole), **transactional},
        "hops": hops,
        "waking": {"due": len(watch.due), "nudged": len(watch.waking_seconds), **_percentiles(watch.waking_seconds)},
    }


def _percentiles(seconds: Sequence[float]) -> Json:
    ordered = sorted(seconds)
    return {name: round(1000 * ordered[int(len(ordered) * share)]) for share, name in PERCENTILES} if ordered else {}


def _hires(names: Iterator[str]) -> Iterator[Json]:
    hired_on = (datetime.now(UTC) - timedelta(days=200)).date().isoformat()
    return (_event(f"h-{name}", "hr.hired", {"person_id": name, "effective_on": hired_on}) for name in names)


def _taking_part(place: int, programme_id: str, person_id: str) -> Json:
    offered, wanted = (DIGITAL, EXPERIENCE) if place % 2 else (EXPERIENCE, DIGITAL)
    return {
        "person_id": person_id,
        "programme_id": programme_id,
        "offers": [{"topic": offered, "level": 3}],
        "wants": [{"topic": wanted, "importance": 3, "own_level": 0}],
        "experience_band": 0 if place % 2 else 3,
        "languages": ["en"],
        "capacity": 1,
    }


def _accepted(proposal: Json, person_id: str) -> Json:
    return {"person_id": person_id, "answer": "accept"} | {name: proposal[name] for name in ("pairing_id", "proposal_version")}


def _event(id_: str, type_: str, data: Json, actor: str = "bench") -> Json:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    envelope = {"specversion": "1.0", "id": id_, "source": "urn:bothways:bench", "type": f"bothways.{type_}.v1", "time": now}
    return {**envelope, "actor": actor, "data": data}


def latency(settings: KafkaSettings, salt: str, shell: str, scale: float) -> Json:
    """Run one worker and measure."""
    log = Path(tempfile.mkstemp(prefix="bothways-bench.")[1])
    with Workers(1, environment_of(settings, salt), log, carrier=shell):
        return asyncio.run(measured(settings, scale))
