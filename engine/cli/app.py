"""The commands put together, and the one place that turns errors into lines and exit codes.

Nothing is caught broadly: what nobody expected reaches Python's hook for uncaught errors, which says in one line that it is a bug.
"""

import os
import sys
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Final

from cyclopts import App, CycloptsError

from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.looking import contracts, explain, letters, look, report, tail
from engine.cli.output import say_error
from engine.cli.running import demo, erase, http, ingest, kafka, operate, rounds, serve
from engine.errors import EngineError, TransientError

DEBUG_FLAG: Final = "--debug"
UNFINISHED: Final = ((), ("dead-letters",), ("topics",), ("schemas",), ("token",))
"""What names no command yet; the help says which there are."""


def _version() -> str:
    from importlib.metadata import version

    return version("bothways")


app: Final = App(
    name="bothways",
    help="Two-way mentorship as an event-driven programme engine: HR facts and people's choices in, pairings and nudges out.",
    help_epilogue="Exit codes: 0 done, 1 refused or failed, 2 usage, 3 finished but some input was dead-lettered or some command refused, "
    "75 try again.",
    version=_version,
    suppress_keyboard_interrupt=False,
)
dead_letters: Final = App(name="dead-letters", help="Records that were refused: list them, show one, send them again.")

for command in (
    demo.demo,
    ingest.ingest,
    tail.tail,
    look.inspect,
    explain.explain,
    rounds.round_,
    operate.invite,
    operate.tick,
    serve.serve,
    operate.verify,
    operate.backup,
    erase.erase,
    report.report,
    kafka.worker,
    kafka.publish,
    kafka.topics_app,
    contracts.schemas_app,
    http.token_app,
):
    app.command(command)
app.command(dead_letters)
dead_letters.command(letters.list_letters, name="list")
dead_letters.command(letters.show, name="show")
dead_letters.command(letters.redrive, name="redrive")


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns its exit code; says in one line on standard error why it isn't 0, if somebody has to act."""
    sys.excepthook = partial(_report_bug, DEBUG_FLAG in arguments)
    if tuple(arguments) in UNFINISHED:
        app.help_print(arguments)
        return ExitCode.USAGE
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        say_error(f"{error} See `bothways --help`.")
        return ExitCode.USAGE
    except Misused as error:
        say_error(str(error))
        return ExitCode.USAGE
    except (Refused, EngineError) as error:
        say_error(str(error))
        return ExitCode.TRY_AGAIN if isinstance(error, TransientError) else ExitCode.REFUSED
    except UnicodeEncodeError:
        say_error("an argument is not UTF-8; ids, topics and instants are")
        return ExitCode.USAGE
    except PermissionError as error:
        say_error(f"{error.filename}: {error.strerror}; give this user the right to it, or name another")
        return ExitCode.REFUSED
    except KeyboardInterrupt:
        say_error("interrupted; what was committed stays")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    return ExitCode.DONE if code is None else ExitCode(code)


def _report_bug(is_debugging: bool, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:  # noqa: FBT001
    """Say in one line what nobody expected; Python then ends with exit code 1."""
    if is_debugging:
        sys.__excepthook__(kind, error, trace)
    say_error(f"{kind.__name__} inside bothways: this is a bug, please report it. {DEBUG_FLAG} shows where.")
