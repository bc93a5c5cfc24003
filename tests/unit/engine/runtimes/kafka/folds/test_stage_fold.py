"""A stage in one partition, without a broker: time, ticks, positions, refusals."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from engine.core.cascade import TimeMode
from engine.core.effects import Headers, Note, StageName
from engine.core.execution import Outcome
from engine.runtimes.kafka.broker.wire import Tick, Wired, encode_tick, whole_seconds_of
from engine.runtimes.kafka.folds.folding import Partitions
from engine.runtimes.kafka.folds.intake_fold import INBOX_OF, IntakeFold
from engine.runtimes.kafka.folds.stage_fold import POSITION_KEY, Position, StageFold
from engine.topology import build
from schemas.terms.codes import ErrorCode
from schemas.topics import ALL_TOPICS, HR_PEOPLE, PARTICIPATION, PEOPLE_CHANGELOG, PEOPLE_INBOX, dead_letter_topic
from tests.builders import StructuredEvent, enrolled, hired, offer, programme_created, round_requested, want
from tests.contract.runtimes import line

NOW: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
PARTITIONS: Final = Partitions({topic.name: 1 for topic in (*ALL_TOPICS, dead_letter_topic(PEOPLE_INBOX.name))})
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)


@dataclass
class Consumed:
    """A record as a consumer hands it over."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int = 0


def appended(event: StructuredEvent) -> list[tuple[str, Wired]]:
    """What intake appends for one event, with the topic."""
    fold = IntakeFold(HR_PEOPLE.name, 0, PARTITIONS, mode=TimeMode.DATA, clock=lambda: NOW)
    fold.take(Consumed(HR_PEOPLE.name, 0, None, line(event), STRUCTURED))
    return [(topic, record) for (topic, _), records in fold.take_pending().records.items() for record in records]


def taken_in(*events: StructuredEvent | bytes, mode: TimeMode = TimeMode.WALL) -> list[Wired]:
    """What intake appends to the inbox of people, and to the dead letters."""
    fold = IntakeFold(HR_PEOPLE.name, 0, PARTITIONS, mode=mode, clock=lambda: NOW)
    for offset, event in enumerate(events):
        fold.take(Consumed(HR_PEOPLE.name, offset, None, line(event), STRUCTURED))
    return [record for records in fold.take_pending().records.values() for record in records]


def stage_fold() -> StageFold:
    """A fresh partition of the people stage."""
    return StageFold(build().stages[StageName.PEOPLE], 0, PARTITIONS, salt=b"test")


def feed(fold: StageFold, *records: Wired) -> None:
    """Append records behind what was folded."""
    for record in records:
        fold.take(Consumed(PEOPLE_INBOX.name, fold.position, record.key, record.value, tuple(record.headers)))


def position_in(fold: StageFold) -> Position:
    """The row `@position` of the next commit."""
    newest = fold.take_pending().records[(PEOPLE_CHANGELOG.name, 0)][-1]
    assert newest.key == POSITION_KEY
    return msgspec.json.decode(newest.value or b"", type=Position)


def test_wall_time_is_when_intake_received_it() -> None:
    """On Kafka an event acts when it arrived, whatever its own time says."""
    fold = stage_fold()

    feed(fold, *taken_in(hired("ann", "2025-01-06T09:00:00Z")))

    assert NOW == fold.last_at


def test_data_time_is_the_event_s_own_and_never_goes_back() -> None:
    """A late event acts at the partition's last instant."""
    fold = stage_fold()
    events = (hired("ann", "2025-01-06T09:00:00Z"), hired("bob", "2025-01-05T09:00:00Z"))

    feed(fold, *taken_in(*events, mode=TimeMode.DATA))

    assert datetime(2025, 1, 6, 9, tzinfo=UTC) == fold.last_at


def test_repeated_event_moves_the_position_and_nothing_else() -> None:
    """A record that was seen before is passed."""
    fold = stage_fold()
    feed(fold, *taken_in(hired("ann", "2025-01-06T09:00:00Z")))
    fold.take_pending()

    feed(fold, *taken_in(hired("ann", "2025-01-06T09:00:00Z")))

    pending = fold.take_pending()
    assert {("bothways.hr.hired.v1", Outcome.DUPLICATE): 1} == dict(pending.outcomes)
    assert 1 == len(pending.records[(PEOPLE_CHANGELOG.name, 0)])
    assert 2 == pending.position


def test_record_before_the_position_is_not_folded_again() -> None:
    """What a commit holds already is skipped when a consumer hands it over once more."""
    fold = stage_fold()
    (record,) = taken_in(hired("ann", "2025-01-06T09:00:00Z"))
    feed(fold, record)
    fold.take_pending()

    fold.take(Consumed(PEOPLE_INBOX.name, 0, record.key, record.value, tuple(record.headers)))

    assert 0 == fold.pending_count


def test_tick_is_asked_for_once_and_again_when_it_came() -> None:
    """One own tick is on its way at a time; it is asked for only when a row is due."""
    fold = stage_fold()
    feed(fold, *taken_in(enrolled("ann", "2025-01-06T09:00:00Z")))
    fold.take_pending()
    due_at = fold.rows.timers.earliest()
    assert due_at is not None

    early = fold.ask_tick(due_at - timedelta(seconds=1))
    asked, again = fold.ask_tick(due_at), fold.ask_tick(due_at + timedelta(seconds=5))
    (tick,) = fold.take_pending().records[(PEOPLE_INBOX.name, 0)]
    feed(fold, tick)

    assert (False, True, False) == (early, asked, again)
    assert fold.last_at == due_at
    assert due_at != fold.rows.timers.earliest()


def test_position_carries_time_and_partitions() -> None:
    """The next owner knows where to read, what time it was, and how keys were dealt out."""
    fold = stage_fold()
    feed(fold, encode_tick(Tick(at=NOW, limit=0)))

    assert Position(offset=1, at=whole_seconds_of(NOW), partitions=1) == position_in(fold)


def test_restored_fold_goes_on_where_the_last_owner_stopped() -> None:
    """Rows, timers, time and position come back from the changelog alone (guarantees.S27)."""
    fold, heir = stage_fold(), stage_fold()
    feed(fold, *taken_in(hired("ann", "2025-01-06T09:00:00Z"), enrolled("ann", "2025-01-06T09:00:00Z")))
    for record in fold.take_pending().records[(PEOPLE_CHANGELOG.name, 0)]:
        heir.restore(record.key or b"", record.value, tuple(record.headers))

    for table in build().stages[StageName.PEOPLE].tables.values():
        assert list(fold.rows.scan(table, "")) == list(heir.rows.scan(table, ""))
    assert (fold.position, fold.last_at, fold.rows.timers.earliest()) == (heir.position, heir.last_at, heir.rows.timers.earliest())


def test_foreign_record_is_dead_lettered_and_passed() -> None:
    """An inbox record that nobody of us wrote is kept, and the next one is handled."""
    fold = stage_fold()

    feed(fold, Wired(b"x", b"not ours", []), *taken_in(hired("ann", "2025-01-06T09:00:00Z")))

    pending = fold.take_pending()
    topic = dead_letter_topic(PEOPLE_INBOX.name).name
    assert {(topic, ErrorCode.MALFORMED.value): 1} == dict(pending.refusals)
    assert 2 == pending.position
    assert fold.last_at == NOW


def test_intake_refuses_with_the_original_bytes() -> None:
    """What can't be read goes to its topic's dead letters as it came; a tombstone says nothing."""
    fold = IntakeFold(PARTICIPATION.name, 0, PARTITIONS, mode=TimeMode.WALL, clock=lambda: NOW)

    fold.take(Consumed(PARTICIPATION.name, 0, b"\xff", b"{", STRUCTURED))
    fold.take(Consumed(PARTICIPATION.name, 1, b"k", None, ()))

    pending = fold.take_pending()
    ((letter,),) = pending.records.values()
    assert {(dead_letter_topic(PARTICIPATION.name).name, 0)} == set(pending.records)
    assert (b"\xff", b"{", STRUCTURED[0]) == (letter.key, letter.value, letter.headers[0])
    assert 2 == pending.position


def test_steps_of_pairings_are_among_the_figures_of_a_unit() -> None:
    """What becomes visible is counted with it: a round's proposal, and what became of the nudges about it."""
    folds = {INBOX_OF[name].name: StageFold(stage, 0, PARTITIONS, salt=b"test") for name, stage in build().stages.items()}
    notes: list[Note] = []
    at = "2025-01-06T09:00:00Z"
    created = programme_created(at, policy={"reserve_start": 0, "reserve_floor": 0, "round_every_days": 0})
    bob = enrolled("bob", at, offers=[offer("strategy")], wants=[want("python")])

    for event in (created, hired("ann", at), hired("bob", at), enrolled("ann", at), bob, round_requested(at)):
        waiting = [*appended(event)]
        while waiting:
            topic, record = waiting.pop(0)
            fold = folds[topic]
            fold.take(Consumed(topic, fold.position, record.key, record.value, tuple(record.headers)))
            pending = fold.take_pending()
            notes += pending.notes
            waiting += [(name, hop) for (name, _), records in pending.records.items() if name in folds for hop in records]

    told = Counter((note.metric, *sorted(note.labels.values())) for note in notes)
    assert 1 == told[("bothways_pairings_total", "proposed")]
    assert 2 == told[("bothways_nudges_total", "proposal_ready", "requested")]
    assert 1 == told[("bothways_round_optimal_ratio",)]


def test_record_whose_report_no_topic_takes_is_refused() -> None:
    """What is larger than a record may be would end every worker that tries it; its cause goes to the dead letters, and work goes on."""
    stage = build().stages[StageName.PROGRAMMES]
    fold = StageFold(stage, 0, PARTITIONS, salt=b"test", output_bytes_max=150)
    at = "2025-01-06T09:00:00Z"

    for event in (programme_created(at), round_requested(at, dry_run=True), programme_created(at, "other")):
        ((topic, record),) = appended(event)
        fold.take(Consumed(topic, fold.position, record.key, record.value, tuple(record.headers)))

    pending = fold.take_pending()
    assert {(dead_letter_topic(HR_PEOPLE.name).name, ErrorCode.PROCESSING_FAILED.value): 1} == pending.refusals
    assert {Outcome.APPLIED: 2, Outcome.DEAD_LETTERED: 1} == {outcome: count for (_, outcome), count in pending.outcomes.items()}


def test_age_of_an_event_is_counted_from_when_it_happened() -> None:
    """Intake says of each event how old it was on arrival, and of its topic when the last one came."""
    fold = IntakeFold(HR_PEOPLE.name, 0, PARTITIONS, mode=TimeMode.WALL, clock=lambda: NOW)

    fold.take(Consumed(HR_PEOPLE.name, 0, None, line(hired("ann", "2026-11-23T08:59:00Z")), STRUCTURED))
    fold.take(Consumed(HR_PEOPLE.name, 1, None, b"nonsense", STRUCTURED))

    assert [60.0] == fold.take_pending().ages
    assert [] == fold.take_pending().ages
    assert NOW == fold.last_at
