"""`bothways ingest`: events from files or standard input, in data time."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.options import DEFAULTS, Options, instant_from, opened
from engine.cli.output import ProgressBar, counted, duration, print_facts, print_json, say_error

if TYPE_CHECKING:
    from datetime import datetime

    from engine.core.cascade import Tally
    from engine.core.execution import Transition
    from engine.runtimes.embedded.lines import Line, LineReader

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
    bound = instant_from(emit_from, "--emit-from") if emit_from is not None else None
    codes: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    with ExitStack() as stack:
        readers = [stack.enter_context(_reader(file)) for file in files]
        source = Source(readers)
        engine = stack.enter_context(opened(options, is_made=True))
        engine.observe(lambda transition: _count_codes(codes, refusals, transition))
        bar = stack.enter_context(ProgressBar("ingesting", source.bytes_total))

        def show(tally: "Tally") -> None:
            taken = sum(tally.counts.values())
            text = f"{taken:,} lines · {taken / max(bar.seconds, 0.001):,.0f}/s · {tally.dead_lettered:,} dead letters"
            bar.show(source.bytes_read, text)

        tally = engine.ingest(source.lines(), emit_from=bound, on_progress=show)
        seconds, reached = bar.seconds, engine.last_at
    _print_tally(options, tally, (codes, refusals), seconds=seconds, reached=reached, is_cut_short=source.failure is not None)
    if source.failure is not None:
        raise Refused(f"reading stopped: {source.failure}; what came before it is kept")
    return ExitCode.DEAD_LETTERED if tally.dead_lettered or tally.refused else ExitCode.DONE


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

    def lines(self) -> "Iterator[Line]":
        """Yield all lines."""
        try:
            for reader in self._readers:
                yield from reader
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


def _count_codes(codes: "Counter[str]", refusals: "Counter[str]", transition: "Transition") -> None:
    codes.update(letter.code.value for letter in transition.dead_letters)
    if transition.refusal is not None:
        refusals[transition.refusal.value] += 1


def _print_tally(
    options: Options,
    tally: "Tally",
    found: "tuple[Counter[str], Counter[str]]",
    *,
    seconds: float,
    reached: "datetime | None",
    is_cut_short: bool,
) -> None:
    from schemas.text.fields import instant_text

    codes, refusals = found
    taken = sum(tally.counts.values())
    if options.json:
        counts = {
            "accepted": tally.accepted,
            "duplicates": tally.duplicates,
            "dead_lettered": tally.dead_lettered,
            "refused": tally.refused,
        }
        why = {"codes": dict(sorted(codes.items())), "refusals": dict(sorted(refusals.items()))}
        print_json({**counts, **why, "at": None if reached is None else instant_text(reached)})
        return
    print_facts(
        "",
        (
            ("accepted", f"{tally.accepted:,}"),
            ("duplicates", f"{tally.duplicates:,}"),
            ("dead-lettered", f"{tally.dead_lettered:,}" + (f"   {counted(codes)}" if codes else "")),
            ("refused", f"{tally.refused:,}   {counted(refusals)}" if refusals else None),
            ("took", f"{duration(seconds)}   {taken / max(seconds, 0.001):,.0f} events/s"),
            ("engine time", None if reached is None else instant_text(reached)),
        ),
    )
    if tally.dead_lettered and not is_cut_short:
        say_error(f"{tally.dead_lettered:,} lines were refused; see `bothways dead-letters list`")
    if tally.refused:
        say_error(f"{tally.refused:,} commands were refused: {counted(refusals)}; see `bothways tail mentorship.audit.v1`")
