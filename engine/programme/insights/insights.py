"""Insights: what is counted as it happens, and the daily report of each programme.

The clock of a report: anything that reaches a programme arms it for the next midnight UTC; a report that says nothing new lets it rest.
A programme that closes reports at once. So reports come daily while the programme changes, and at its end.
"""

import hashlib
import json
from datetime import UTC, datetime, time, timedelta
from typing import Final

from engine.core.effects import Due, Effects, Emit, Put, Record, Refuse, Rows, existing
from engine.core.stage import Processor, processor, woken
from engine.core.table import Table
from engine.programme.insights.evidence import Evidence, SharedInsight
from engine.programme.insights.metrics import report
from engine.programme.insights.people_figures import PAGE, figures_of, public_groups
from engine.programme.insights.told_figures import told_anew
from engine.programme.insights.trials import ACTED_BY, Attention, Tally, Trial, acted, heard, held_back, is_open, tried
from engine.programme.messages import NudgeOutcome
from engine.programme.rounds.programme import Programme
from engine.programme.tables import PAIRINGS, PARTICIPANTS, PROGRAMMES, participant_in
from schemas.events.insight import InsightAnswered, InsightShared
from schemas.events.programme import ProgrammeClosed, ProgrammeReported
from schemas.frozen import Frozen, replace
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms.codes import ErrorCode, NudgeClass, SuppressionReason
from schemas.terms.ids import COORDINATOR_PREFIX, PairingId, PersonId, ProgrammeId
from schemas.text.fields import instant_text
from schemas.topics import INSIGHTS

TALLIES: Final = Table(Tally, "tallies")
ATTENTION: Final = Table(Attention, "attention")
TRIALS_OF_PAIRS: Final = Table(Attention, "trials_of_pairs")
NOTES: Final = Table(SharedInsight, "notes")

_UNHEARD: Final = Attention()
_UNCOUNTED: Final = Tally()
OF_ROUNDS: Final = "round."
"""What names of figures that rounds tell of begin with."""
HELD_OUT: Final = f"suppressed:{SuppressionReason.HELD_OUT}"


class ReportClock(Frozen, kw_only=True):
    """When a programme reports next, and a hash of what it said last."""

    wake_at: datetime | None
    said: str = ""


CLOCKS: Final = Table(ReportClock, "clocks")


def watching(rules: Processor) -> Processor:
    """Let the report's clock see whatever has reached a programme, after every other rule."""
    return replace(rules, handlers={kind: (*those, _watched) for kind, those in rules.handlers.items()})


def _watched(rows: Rows, data: object, record: Record) -> Effects:
    """Arm the report's clock; a programme that closes reports at once."""
    programme = rows.get(PROGRAMMES, ProgrammeId(record.key))
    if programme is None:
        return
    if isinstance(data, ProgrammeClosed):
        yield from _reported(rows, programme, record.at)
        return
    clock = rows.get(CLOCKS, record.key) or ReportClock(wake_at=None)
    if clock.wake_at is None:
        yield Put(CLOCKS, record.key, replace(clock, wake_at=next_midnight(record.at)))


def next_midnight(at: datetime) -> datetime:
    """Return the first midnight UTC after an instant."""
    return datetime.combine(at.date() + timedelta(days=1), time.min, tzinfo=UTC)


def wake(rows: Rows, _clock: ReportClock, due: Due) -> Effects:
    """Report, if there is anything new to say."""
    programme = existing(rows, PROGRAMMES, ProgrammeId(due.key))
    yield from _reported(rows, programme, due.at)


def _reported(rows: Rows, programme: Programme, at: datetime) -> Effects:
    clock = rows.get(CLOCKS, programme.programme_id) or ReportClock(wake_at=None)
    evidence = evidence_of(rows, programme, at)
    figures = figures_of(evidence)
    told, _ = yield from told_anew(rows, programme, figures, at, public=public_groups(evidence))
    never = dict.fromkeys(name for name in figures if not name.startswith(PAGE))
    said = {name: one for name, one in told.figures.items() if not name.startswith((PAGE, OF_ROUNDS))}
    metrics = dict(sorted({**never, **{name: one.value for name, one in said.items()}, **report(evidence)}.items()))
    hashed = hashlib.blake2b(json.dumps(metrics).encode(), digest_size=16).hexdigest()
    if hashed == clock.said:
        yield Put(CLOCKS, programme.programme_id, replace(clock, wake_at=None))
        return
    yield Put(CLOCKS, programme.programme_id, ReportClock(wake_at=next_midnight(at), said=hashed))
    data = ProgrammeReported(
        programme_id=programme.programme_id,
        as_of=at,
        metrics=metrics,
        k=programme.policy.k_min,
        as_of_by_metric={name: one.as_of for name, one in said.items()},
    )
    yield Emit(topic=INSIGHTS, key=programme.programme_id, data=data, subjects=(instant_text(at),))


def evidence_of(rows: Rows, programme: Programme, at: datetime) -> Evidence:
    """Gather what a report reads. O(participants + pairings of the programme)."""
    prefix = f"{programme.programme_id}/"
    return Evidence(
        programme=programme,
        participants=[row for _, row in rows.scan(PARTICIPANTS, prefix)],
        pairings=[row for _, row in rows.scan(PAIRINGS, f"{programme.programme_id}.")],
        attention={key.removeprefix(prefix): row for key, row in rows.scan(ATTENTION, prefix)},
        trials_of_pairs=[row for _, row in rows.scan(TRIALS_OF_PAIRS, prefix)],
        tally=_tally(rows, programme.programme_id),
        notes=[row for _, row in rows.scan(NOTES, prefix)],
        at=at,
    )


def on_outcome(rows: Rows, message: NudgeOutcome, _record: Record) -> Effects:
    """Count what became of a nudge.

    It is counted in trials for its effect, in weeks for the load, and by reason where it was held back.

    Of whom the programme doesn't know (any more) nothing is kept: what is late from the key of somebody erased brings no row back.
    """
    if rows.get(PROGRAMMES, message.programme_id) is None or message.person_id.startswith(COORDINATOR_PREFIX):
        return
    known = _attention(rows, message.programme_id, message.person_id)
    is_requested, is_held_out = message.outcome == "requested", message.outcome == HELD_OUT
    attention = heard(known, message.at) if is_requested else known
    if message.outcome.startswith("suppressed:"):
        attention = held_back(attention, message.outcome.removeprefix("suppressed:"))
    if message.outcome == "opted_out":
        attention = replace(attention, has_opted_out=True)
    if attention != known and participant_in(rows, message.programme_id, message.person_id) is not None:
        yield Put(ATTENTION, f"{message.programme_id}/{message.person_id}", attention)
    if (is_requested or is_held_out) and CATALOGUE[message.key].class_ is NudgeClass.BEHAVIOURAL:
        yield from _tried(rows, message, Trial(key=message.key, is_held_out=is_held_out, at=message.at))


def _tried(rows: Rows, message: NudgeOutcome, trial: Trial) -> Effects:
    """Open a trial of the pair, or of the person where the nudge is about none.

    Both sides of a pair are one trial, as they are one lot.
    """
    known, tally = _trials(rows, message.programme_id, message.person_id, message.pairing_id), _tally(rows, message.programme_id)
    if message.pairing_id is not None and is_open(known, trial):
        return
    is_kept = message.pairing_id is not None or participant_in(rows, message.programme_id, message.person_id) is not None
    trials, counted = tried(known, tally, trial)
    if is_kept:
        yield _put_trials(message.programme_id, message.person_id, message.pairing_id, trials)
    yield Put(TALLIES, message.programme_id, counted)


def did(
    rows: Rows, programme_id: ProgrammeId, person_id: PersonId, action: str, at: datetime, *, pairing_id: PairingId | None = None
) -> Effects:
    """Count that a person did what a nudge may have asked for.

    Args:
        action: a key of ACTED_BY.
        pairing_id: of the pair for which it was done.
    """
    known, tally = _trials(rows, programme_id, person_id, pairing_id), _tally(rows, programme_id)
    trials, counted = acted(known, tally, ACTED_BY[action], at)
    if trials != known:
        yield _put_trials(programme_id, person_id, pairing_id, trials)
    if counted != tally:
        yield Put(TALLIES, programme_id, counted)


def _trials(rows: Rows, programme_id: ProgrammeId, person_id: PersonId, pairing_id: PairingId | None) -> Attention:
    if pairing_id is None:
        return _attention(rows, programme_id, person_id)
    return rows.get(TRIALS_OF_PAIRS, f"{programme_id}/{pairing_id}") or _UNHEARD


def _put_trials(programme_id: ProgrammeId, person_id: PersonId, pairing_id: PairingId | None, trials: Attention) -> Put[Attention]:
    if pairing_id is None:
        return Put(ATTENTION, f"{programme_id}/{person_id}", trials)
    return Put(TRIALS_OF_PAIRS, f"{programme_id}/{pairing_id}", trials)


def exposed(rows: Rows, programme_id: ProgrammeId, seconds: int) -> Effects:
    """Count how long a conflict stood before the pair was suspended."""
    tally = _tally(rows, programme_id)
    if seconds > 0:
        total, count = tally.conflict_exposure_seconds + seconds, tally.exposures_count + 1
        yield Put(TALLIES, programme_id, replace(tally, conflict_exposure_seconds=total, exposures_count=count))


def _attention(rows: Rows, programme_id: ProgrammeId, person_id: PersonId) -> Attention:
    return rows.get(ATTENTION, f"{programme_id}/{person_id}") or _UNHEARD


def _tally(rows: Rows, programme_id: ProgrammeId) -> Tally:
    return rows.get(TALLIES, programme_id) or _UNCOUNTED


def on_note(rows: Rows, data: InsightShared | InsightAnswered, record: Record) -> Effects:
    """Take an anonymous note, or a sponsor's answer to one.

    An answer to an unknown note changes nothing.
    """
    if rows.get(PROGRAMMES, data.programme_id) is None:
        yield Refuse(ErrorCode.UNKNOWN_PROGRAMME, "programme_id: no such programme")
        return
    key = f"{data.programme_id}/{data.insight_id}"
    known = rows.get(NOTES, key)
    if isinstance(data, InsightShared):
        if known is None:
            yield Put(NOTES, key, SharedInsight(family=data.family, shared_at=record.at))
    elif known is not None and known.answered_at is None:
        yield Put(NOTES, key, replace(known, answered_at=record.at))


PROCESSOR: Final = processor(on_note, on_outcome, wakes=woken(CLOCKS, wake))
