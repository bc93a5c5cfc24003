"""Rounds of people who stand in a store, each in a process of its own: seconds by step, and the most memory it ever had.

The people are written once and kept under `build/bench/matching`. The process that is measured starts with nothing: it loads compiled code
from its cache, reads the rows as the embedded engine reads them, makes members of them and holds the round.
"""

import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from engine.core.effects import StageName
from engine.matching.assigning.choosing import ChosenPairs, RoundTask
from engine.matching.compiled import choose_pairs
from engine.matching.pool import PoolMember
from engine.matching.round import hold_round
from engine.programme.messages import Employment, PersonFacts
from engine.programme.participants import participant
from engine.programme.participants.participant import Participant, ParticipantStatus
from engine.programme.participants.profile import Profile
from engine.programme.rounds.pool import members_of
from engine.programme.rounds.programme import Programme
from engine.programme.tables import BARS, PARTICIPANTS
from engine.runtimes.embedded import layout
from engine.runtimes.embedded.database import Database
from engine.runtimes.embedded.rows.stage_rows import StageRows
from engine.topology import build
from ops.bench.matching import people as organisation
from ops.bench.matching.peers.peer_run import memory_mb
from ops.bench.matching.people import AT, FAMILIES, people
from ops.bench.matching.rounds import OPEN, warm_up
from schemas.terms.ids import ProgrammeId

SIZES: Final = (2_000, 10_000, 100_000)
STORES: Final = Path("build/bench/matching")
WRITTEN_AT_ONCE: Final = 50_000
PROGRAMME: Final = Programme(programme_id=ProgrammeId("p"), policy_json=OPEN.model_dump_json(), created_at=AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One round in a process of its own."""

    people: int
    pairs: int
    ratio: float
    waiting: int
    wall_seconds: float
    """From the first row to the last proposal and reason."""
    cpu_seconds: float
    memory_mb_max: int
    steps: dict[str, tuple[float, int]]
    """Seconds of each step, and the memory at its end in MB."""


def run(sizes: list[int]) -> None:
    """Hold a first round for each size and say how the cost of one person grows."""
    warm_up()
    first: Seen | None = None
    for size in sizes or SIZES:
        store = stored(size)
        command = [sys.executable, "-m", "ops.bench.matching.from_rows", str(store)]
        answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        seen = Seen(**answer)
        first = first or seen
        growth = (seen.cpu_seconds / seen.people) / (first.cpu_seconds / first.people)
        told = ", ".join(f"{name} {seconds:.2f} s ({memory:,} MB)" for name, (seconds, memory) in seen.steps.items())
        print(
            f"from rows      {size:>9,} {seen.wall_seconds:8.2f} s wall {seen.cpu_seconds:8.2f} s cpu {seen.memory_mb_max:>6,} MB at most "
            f"{seen.pairs:>8,} pairs  ratio {seen.ratio:.5f}  left out {seen.waiting:,}\n"
            f"  {told}\n"
            f"  cost of one person × {growth:.2f}; log n grew × {math.log(seen.people) / math.log(first.people):.2f}",
            flush=True,
        )


def stored(size: int) -> Path:
    """Return the directory that holds a programme of that many people; write it if it isn't there."""
    written_by = b"".join(Path(source).read_bytes() for source in (organisation.__file__, layout.__file__, participant.__file__))
    place = STORES / f"rows-{size}-{blake2b(written_by, digest_size=4).hexdigest()}"
    if (place / "whole").exists():
        return place
    database = Database(place, is_durable=False)
    rows = StageRows(database, build().stages[StageName.PROGRAMMES])
    for number, member in enumerate(people(size), start=1):
        row = _participant(member)
        rows.put(PARTICIPANTS.name, row.key, row)
        if number % WRITTEN_AT_ONCE == 0 or number == size:
            rows.write()
            database.commit()
    database.close()
    (place / "whole").touch()
    return place


def _participant(member: PoolMember) -> Participant:
    facts = PersonFacts(
        person_id=member.person_id,
        employment=Employment.ACTIVE,
        manager_id=member.manager_id,
        line=member.line,
        department=member.department,
        timezone=member.timezone,
        excluded_ids=tuple(sorted(member.excluded)),
    )
    profile = Profile(
        offers=member.offers,
        wants=member.wants,
        experience_band=member.band,
        hours=member.hours,
        languages=tuple(sorted(member.languages)),
        capacity=member.room,
    )
    return Participant(
        programme_id=PROGRAMME.programme_id,
        person_id=member.person_id,
        status=ParticipantStatus.ENROLLED,
        profile=profile,
        facts=facts,
        enrolled_at=AT,
        waiting_since=AT,
    )


class _Watch:
    """Notes when each step ends and how much memory there is."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, int]] = {}
        self._name, self._since = "", time.perf_counter()

    def next(self, name: str) -> None:
        """End the step that runs and begin another."""
        now = time.perf_counter()
        if self._name:
            self.steps[self._name] = (now - self._since, memory_mb("VmRSS"))
            print(f"  {self._name}: {now - self._since:.1f} s, {memory_mb():,} MB at most so far", file=sys.stderr, flush=True)
        self._name, self._since = name, now

    def chosen(self, task: RoundTask) -> ChosenPairs:
        """Choose as the engine does."""
        self.next("choice")
        choice = choose_pairs(task, progress=self.next)
        self.next("proposals, reasons")
        return choice


def _measured(store: Path) -> Seen:
    database = Database(store, is_durable=False)
    rows = StageRows(database, build().stages[StageName.PROGRAMMES])
    prefix = f"{PROGRAMME.programme_id}/"
    watch, wall, cpu = _Watch(), time.perf_counter(), time.process_time()
    watch.next("rows read, members made")
    participants = (row for _, row in rows.scan(PARTICIPANTS, prefix))
    bars = (row for _, row in rows.scan(BARS, prefix))
    members = members_of(PROGRAMME, participants, bars, AT)
    people_count = len(members)
    watch.next("round begun")
    result = hold_round(members, OPEN, round_ordinal=1, at=AT, topic_catalogue=FAMILIES, chooser=watch.chosen)
    pairs_count = sum(1 for _ in result.proposals)
    watch.next("")
    return Seen(
        people=people_count,
        pairs=pairs_count,
        ratio=result.certificate.ratio,
        waiting=result.waiting_count,
        wall_seconds=time.perf_counter() - wall,
        cpu_seconds=time.process_time() - cpu,
        memory_mb_max=memory_mb(),
        steps=watch.steps,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(Path(sys.argv[1])))))
