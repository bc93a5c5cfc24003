"""`bothways ingest`: events from files or standard input, in data time."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.cli.doing import service_of
from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.options import DEFAULTS, Options, instant_typed, opened
from engine.cli.output import ProgressBar, counts_written, duration, print_facts, print_json, say_error

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.cascade import OutcomeCounts
    from engine.core.execution import Transition
    from engine.runtimes.embedded.engine import EmbeddedEngine
    from engine.runtimes.embedded.lines import Line, LineReader
    from engine.runtimes.embedded.serving.client import ServiceClient

STANDARD_INPUT = "-"


def ingest(
    *files: Annotated[str, Parameter(name="FILE", allow_leading_hyphen=True)],
    emit_from: Annotated[str | None, Parameter(help="Nudges before this instant are recorded as suppressed.")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Take events, one JSON object per line, in data time: timers fire on the way.

    Args:
        files: JSONL files of input events of any type, in this order; `.gz` too, `-` is standard input.
    """
    _check_usage(files)
    bound = instant_typed(emit_from, "--emit-from") if emit_from is not None else None
    with ExitStack() as stack:
        readers = [stack.enter_context(_reader(file)) for file in files]
        source = Source(readers)
        bar = stack.enter_context(ProgressBar("ingesting", source.bytes_total))

        def show(tally: "OutcomeCounts") -> None:
            count = sum(tally.counts.values())
            text = f"{count:,} lines · {count / max(bar.seconds, 0.001):,.0f}/s · {tally.dead_lettered:,} dead letters"
            bar.show(source.bytes_read, text)

        service = service_of(options)
        if service is not None:
            taken = _taken_by(stack.enter_context(service), source, bound, show)
        else:
            taken = _taken_here(stack.enter_context(opened(options, is_made=True)), source, bound, show)
        seconds = bar.seconds
    _print_tally(options, taken, seconds=seconds, is_cut_short=source.failure is not None)
    if source.failure is not None:
        raise Refused(f"reading stopped: {source.failure}; what came before it is kept")
    return ExitCode.DEAD_LETTERED if taken.tally.dead_lettered or taken.tally.refused else ExitCode.DONE


@dataclass(slots=True)
class Taken:
    """What became of the lines."""

    tally: "OutcomeCounts"
    codes: Counter[str] = field(default_factory=Counter)
    """Of the dead letters."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Of the commands that were heard and not carried out."""
    reached: "datetime | None" = None
    """Engine time."""


def _taken_here(engine: "EmbeddedEngine", source: "Source", emit_from: "datetime | None", show: "Callable[[OutcomeCounts], None]") -> Taken:
    """Take lines in this process, in data time."""
    from engine.core.cascade import OutcomeCounts

    taken = Taken(OutcomeCounts())

    def notice(transition: "Transition") -> None:
        taken.codes.update(letter.code.value for letter in transition.dead_letters)
        if transition.refusal is not None:
            taken.refusals[transition.refusal.value] += 1

    engine.observe(notice)
    taken.tally = engine.ingest(source, emit_from=emit_from, on_progress=show)
    taken.reached = engine.last_at
    return taken


def _taken_by(service: "ServiceClient", source: "Source", emit_from: "datetime | None", show: "Callable[[OutcomeCounts], None]") -> Taken:
    """Have a service take lines, by its clock. What was counted is durable."""
    from engine.core.cascade import OutcomeCounts
    from engine.runtimes.embedded.lines import batches_of

    taken = Taken(OutcomeCounts())
    for batch in batches_of(source):
        answer = service.lines(batch, emit_from=emit_from)
        emit_from, taken.reached = None, answer.at
        for line in answer.lines:
            taken.tally.counts[line.outcome] += 1
            if line.code is not None:
                taken.codes[line.code.value] += 1
            if line.refusal is not None:
                taken.refusals[line.refusal.value] += 1
        show(taken.tally)
    return taken


class Source:
    """Several readers as one stream of lines. A failure to read ends the stream, so that what was read before it is kept."""

    def __init__(self, readers: "list[LineReader]") -> None:
        self._readers = readers
        self.failure: OSError | None = None

    @property
    def bytes_total(self) -> int | None:
        """Size of all files, None if one of them is endless."""
        sizes = [reader.bytes_total for reader in self._readers if reader.bytes_total is not None]
        return sum(sizes) if len(sizes) == len(self._readers) else None

    @property
    def bytes_read(self) -> int:
        """How much of it was read."""
        return sum(reader.bytes_read for reader in self._readers)

    def batches(self) -> "Iterator[list[Line]]":
        """Yield all lines, as many at a time as are there."""
        try:
            for reader in self._readers:
                yield from reader.batches()
        except OSError as error:
            self.failure = error


def _check_usage(files: tuple[str, ...]) -> None:
    if not files:
        raise Misused("ingest: name at least one FILE, or - for standard input")
    for file in files:
        if file.startswith("-") and file != STANDARD_INPUT:
            raise Misused(f"Unknown option: {file}. See `bothways ingest --help`.")


def _reader(file: str) -> "LineReader":
    from engine.runtimes.embedded.lines import LineReader

    try:
        return LineReader(sys.stdin.buffer if file == STANDARD_INPUT else Path(file))
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror or error}") from error


def _print_tally(options: Options, taken: Taken, *, seconds: float, is_cut_short: bool) -> None:
    from schemas.text.fields import instant_text

    tally, codes, refusals = taken.tally, taken.codes, taken.refusals
    reached = None if taken.reached is None else instant_text(taken.reached)
    count = sum(tally.counts.values())
    if options.json:
        counts = {
            "accepted": tally.accepted,
            "duplicates": tally.duplicates,
            "dead_lettered": tally.dead_lettered,
            "refused": tally.refused,
        }
        why = {"codes": dict(sorted(codes.items())), "refusals": dict(sorted(refusals.items()))}
        print_json({**counts, **why, "at": reached})
        return
    print_facts(
        "",
        (
            ("accepted", f"{tally.accepted:,}"),
            ("duplicates", f"{tally.duplicates:,}"),
            ("dead-lettered", f"{tally.dead_lettered:,}" + (f"   {counts_written(codes)}" if codes else "")),
            ("refused", f"{tally.refused:,}   {counts_written(refusals)}" if refusals else None),
            ("took", f"{duration(seconds)}   {count / max(seconds, 0.001):,.0f} events/s"),
            ("engine time", reached),
        ),
    )
    if tally.dead_lettered and not is_cut_short:
        say_error(f"{tally.dead_lettered:,} lines were refused; see `bothways dead-letters list`")
    if tally.refused:
        say_error(f"{tally.refused:,} commands were refused: {counts_written(refusals)}; see `bothways tail mentorship.audit.v1`")
