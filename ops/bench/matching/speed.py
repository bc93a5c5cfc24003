"""How long a round takes, from members to proposals, reasons and certificate; and from rows, as the embedded engine reads them."""

import gc
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.domain.eligibility import PoolMember
from engine.domain.messages import Employment, PersonFacts
from engine.domain.participant import Participant, ParticipantStatus, Profile
from engine.domain.pool import members_of
from engine.domain.programme import Programme
from engine.effects import StageName
from engine.processors.tables import PARTICIPANTS
from ops.bench.matching.people import AT, people
from ops.bench.matching.rounds import OPEN, held, told, warm_up
from schemas.ids import ProgrammeId

SIZES = (2_000, 10_000, 100_000)
PROGRAMME_ID = ProgrammeId("p")


def run(sizes: list[int]) -> None:
    """Hold a first round of pools of several sizes."""
    warm_up()
    for size in sizes or SIZES:
        told("round", size, held(people(size)))
        gc.collect()


def run_from_rows(sizes: list[int]) -> None:
    """Write participants into a store, then read them, make members and hold a round."""
    from engine.runtimes.embedded.database import Database
    from engine.runtimes.embedded.stage_rows import StageRows
    from engine.topology import build

    warm_up()
    stage = build().stages[StageName.PROGRAMMES]
    programme = Programme(programme_id=PROGRAMME_ID, policy_json=OPEN.model_dump_json(), created_at=AT)
    for size in sizes or SIZES:
        with TemporaryDirectory() as directory:
            database = Database(Path(directory) / "data")
            rows = StageRows(database, stage)
            for member in people(size):
                participant = _participant(member)
                rows.put(PARTICIPANTS, participant.key, participant)
            rows.write()
            begin = time.perf_counter()
            read = [row for _, row in StageRows(database, stage).scan(PARTICIPANTS, f"{PROGRAMME_ID}/")]
            scanned = time.perf_counter()
            members = members_of(programme, read, (), AT)
            made = time.perf_counter()
            round_ = held(members)
            print(
                f"rows           {size:>9,} scan {scanned - begin:.2f} s, members {made - scanned:.2f} s, round {round_.wall_seconds:.2f} s"
            )
            told("rows, in all", size, round_)
            database.close()


def _participant(member: PoolMember) -> Participant:
    since = datetime(2025, 3, 5, 6, tzinfo=UTC)
    facts = PersonFacts(
        person_id=member.person_id,
        employment=Employment.ACTIVE,
        manager_id=member.manager_id,
        line=member.line,
        department=member.department,
        timezone=member.timezone,
    )
    profile = Profile(
        offers=member.offers,
        wants=member.wants,
        experience_band=member.band,
        hours=member.hours,
        languages=tuple(sorted(member.languages)),
        capacity=member.room,
        exclude=tuple(sorted(member.excluded)),
    )
    return Participant(
        programme_id=PROGRAMME_ID,
        person_id=member.person_id,
        status=ParticipantStatus.ENROLLED,
        profile=profile,
        facts=facts,
        enrolled_at=since,
        waiting_since=since,
    )
