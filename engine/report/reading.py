"""Gather what the report shows from a data directory; nothing is written to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from engine.core.dead_letters import CODE_HEADER
from engine.core.effects import StageName
from engine.programme.insights.insights import evidence_of
from engine.programme.insights.told_figures import told_in
from engine.programme.people.tables import PEOPLE
from engine.programme.tables import PROGRAMMES
from engine.report.findings import SharedData, feed
from engine.report.page import ProgrammeOutputs, ProgrammePage, Round, programme_page
from engine.runtimes.embedded.reading.look import Look
from schemas.events.nudge import NudgeRequested
from schemas.events.round import RoundCompleted
from schemas.terms.codes import NudgeKey
from schemas.terms.ids import COORDINATOR_PREFIX
from schemas.terms.policy import Policy
from schemas.topics import INSIGHTS, NUDGES


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """Everything on the page."""

    as_of: datetime
    programmes: tuple[ProgrammePage, ...]
    feed: SharedData


class _RoundData(msgspec.Struct):
    programme_id: str
    dry_run: bool
    proposed: int
    waiting: int | None
    optimal_ratio: float
    no_option_by_reason: dict[str, int] | None


class _NudgeData(msgspec.Struct):
    key: NudgeKey
    person_id: str
    programme_id: str | None = None


class _Output(msgspec.Struct):
    type: str
    time: datetime
    data: msgspec.Raw = msgspec.Raw(b"null")


_output: Final = msgspec.json.Decoder(_Output).decode
_round: Final = msgspec.json.Decoder(_RoundData).decode
_nudge: Final = msgspec.json.Decoder(_NudgeData).decode


def report_page(look: Look, programme_id: str | None = None) -> ReportPage | None:
    """Gather the report of one programme, or of all.

    Returns: None where nothing has happened yet, so that there is no instant to report at.
    """
    at = look.last_at
    if at is None:
        return None
    found = [row for key, row in look.scan(StageName.PROGRAMMES, PROGRAMMES) if programme_id in {None, key}]
    published = _published(look)
    rows = look.rows(StageName.PROGRAMMES)
    pages = tuple(
        programme_page(
            evidence_of(rows, programme, at),
            published.get(programme.programme_id, ProgrammeOutputs()),
            told_in(rows, programme.programme_id),
        )
        for programme in found
    )
    people = (row for _, row in look.scan(StageName.PEOPLE, PEOPLE))
    k = max((page.k for page in pages), default=Policy().k_min)
    return ReportPage(as_of=at, programmes=pages, feed=feed(people, _dead_letter_codes(look), k))


def _published(look: Look) -> dict[str, ProgrammeOutputs]:
    rounds: dict[str, list[Round]] = {}
    asked: dict[str, list[tuple[NudgeKey, str]]] = {}
    for output in _outputs(look, INSIGHTS.name, RoundCompleted.TYPE):
        of_round = _round(output.data)
        if not of_round.dry_run:
            rounds.setdefault(of_round.programme_id, []).append(
                Round(
                    at=output.time,
                    proposed=of_round.proposed,
                    waiting=of_round.waiting,
                    optimal_ratio=of_round.optimal_ratio,
                    no_option_by_reason=of_round.no_option_by_reason,
                )
            )
    for output in _outputs(look, NUDGES.name, NudgeRequested.TYPE):
        nudge = _nudge(output.data)
        if nudge.programme_id is not None and not nudge.person_id.startswith(COORDINATOR_PREFIX):
            asked.setdefault(nudge.programme_id, []).append((nudge.key, nudge.person_id))
    return {id_: ProgrammeOutputs(rounds=rounds.get(id_, ()), asked=asked.get(id_, ())) for id_ in {*rounds, *asked}}


def _outputs(look: Look, topic: str, type_: str) -> Iterator[Any]:
    for record in look.outputs(topic):
        if record.value is not None and (output := _output(record.value)).type == type_:
            yield output


def _dead_letter_codes(look: Look) -> Iterator[str]:
    for letter in look.dead_letters():
        yield (dict(letter.headers).get(CODE_HEADER) or b"").decode()
