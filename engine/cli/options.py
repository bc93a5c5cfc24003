"""What all commands share: where the data is, in which form to print, and how the data is opened."""

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from engine.cli.exits import Misused, Refused

if TYPE_CHECKING:
    from engine.runtimes.embedded.engine import EmbeddedEngine
    from engine.runtimes.embedded.reading.look import Look
    from engine.runtimes.embedded.reading.reader import Reader
    from engine.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of every command."""

    data: Annotated[Path | None, Parameter(help="Data directory.  [default: $BOTHWAYS_DATA or ./bothways-data]")] = None
    json: Annotated[bool, Parameter(negative="", show_default=False, help="Print JSON, for programs.")] = False
    debug: Annotated[bool, Parameter(negative="", show_default=False, help="Show the traceback of an error that is a bug.")] = False

    def settings(self) -> "Settings":
        """Read the settings from the environment.

        Raises:
            InvalidSettings: a name is unknown or a value unusable.
        """
        from engine.settings import settings_from

        return settings_from(os.environ)

    def directory(self) -> Path:
        """Say where the data is. Reads the settings in any case, so that a wrong one is found by every command."""
        settings = self.settings()
        return self.data if self.data is not None else settings.data


DEFAULTS: Final = Options()
DATABASE_NAME: Final = "bothways.db"


def opened(
    options: Options,
    *,
    is_made: bool = False,
    own_salt: bytes | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> "EmbeddedEngine":
    """Open the data directory.

    Args:
        is_made: make it if there is none; otherwise its absence is refused, so that a misspelt name isn't answered with silence.
        own_salt: what a new directory keeps as its own instead of drawing one.
        clock: stamps `received_at`.
    Raises:
        Refused: there is no data. EngineError: somebody else has it open, or it can't be used.
    """
    directory = options.directory() if is_made else existing(options)
    from engine.runtimes.embedded.engine import EmbeddedEngine

    engine = EmbeddedEngine(directory, options.settings(), own_salt=own_salt, clock=clock)
    collect_from_here()
    return engine


def collect_from_here() -> None:
    """Switch the garbage collector on, which start-up keeps off; what is there by now stays, and is never looked at again."""
    gc.freeze()
    gc.enable()


def opened_to_read(options: Options) -> "Reader":
    """Open the data directory to look at it, much sooner than with the engine, and beside whoever writes there.

    Raises:
        Refused: there is no data. EngineError: it can't be used.
    """
    directory = existing(options)
    from engine.runtimes.embedded.reading.reader import Reader

    return Reader(directory)


def copied_to_look(options: Options) -> "Look":
    """Copy the committed state, for what reads much or long: whoever writes there is not held up.

    Raises:
        Refused: there is no data. EngineError: it can't be used.
    """
    directory = existing(options)
    from engine.runtimes.embedded.engine import built
    from engine.runtimes.embedded.reading.look import Look

    look = Look(directory, built())
    collect_from_here()
    return look


def existing(options: Options) -> Path:
    """Return the data directory.

    Raises:
        Refused: there is no data in it.
    """
    directory = options.directory()
    if not (directory / DATABASE_NAME).exists():
        raise Refused(f"no data in {directory}; start with `bothways ingest` or `bothways demo`")
    return directory


def instant_typed(text: str, option: str) -> datetime:
    """Read an instant that somebody typed; a day alone means its midnight UTC.

    Raises:
        Misused: it is neither.
    """
    from schemas.text.fields import parse_instant

    try:
        return parse_instant(f"{text}T00:00:00Z" if len(text) == len("2025-01-06") else text)
    except ValueError:
        raise Misused(
            f"{option} {text}: must be an instant with an offset like 2025-01-06T09:00:00Z, or a day, of the years 1900 to 9998"
        ) from None
