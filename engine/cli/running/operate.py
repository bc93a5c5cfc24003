"""Commands of an operator: move time, invite, prove, back up."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from engine.cli.doing import carried_out, is_served
from engine.cli.exits import ExitCode, Refused
from engine.cli.options import DEFAULTS, Options, existing, instant_typed, opened
from engine.cli.output import ProgressBar, duration, plain, print_facts, print_json, print_table, say_error

FINDINGS_SHOWN: Final = 20


def tick(*, to: Annotated[str, Parameter(help="An instant, or a day for its midnight UTC.")], options: Options = DEFAULTS) -> int:
    """Move data time forward and fire every timer on the way. Into the past nothing happens."""
    target = instant_typed(to, "--to")
    if is_served(options):
        say_error("a service runs on this data, and its clock moves time; stop it first, then tick")
        return ExitCode.TRY_AGAIN
    with opened(options, is_made=True) as engine, ProgressBar("ticking") as bar:
        bar.pulse()
        ticks = engine.tick(target)
        reached = engine.last_at
    if options.json:
        print_json(plain({"ticks": ticks, "at": reached}))
    else:
        print_facts("", (("engine time", plain(reached)), ("ticks", f"{ticks:,}"), ("took", duration(bar.seconds))))
    return ExitCode.DONE


def invite(
    programme: str,
    /,
    *,
    department: Annotated[str | None, Parameter(help="Only people of this department.")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Nominate everybody who may be invited: active, here long enough, neither invited nor in it yet. Each gets one neutral invitation.

    Args:
        programme: its id.
    """
    from engine.commands.invite import Invite

    with ProgressBar("inviting") as bar:
        bar.pulse()
        answer = carried_out(options, Invite(programme_id=programme, department=department))
    if options.json:
        print_json(answer)
    else:
        print(f"invited {answer['invited']:,} {'person' if answer['invited'] == 1 else 'people'} to {programme}")
    return ExitCode.DEAD_LETTERED if answer["refused"] else ExitCode.DONE


def verify(*, options: Options = DEFAULTS) -> int:
    """Replay the log, since the last erasure or upgrade if there was one, into a fresh store and compare everything with what is kept."""
    directory = existing(options)
    from engine.runtimes.embedded.engine import built
    from engine.runtimes.embedded.reading.verified import verified

    with ProgressBar("replaying") as bar:

        def show(done: int, total: int) -> None:
            bar.show(done, f"{done:,} of {total:,} log entries", total=total)

        found = verified(directory, built(), given_salt=options.settings().salt_bytes(), on_progress=show)
        seconds = bar.seconds
    if options.json:
        compared = [{"name": each.name, "count": each.count, "identical": each.is_identical} for each in found.compared]
        counts = {"from_position": found.from_position, "entries": found.entries_count}
        print_json({"identical": found.is_identical, **counts, "compared": compared, "findings": found.findings})
    else:
        verdicts = {True: "identical", False: "differs"}
        rows = ((each.name, f"{each.count:,}", each.digest[:12], verdicts[each.is_identical]) for each in found.compared)
        print_table(("table or topic", "records", "digest", "replayed"), rows, right=frozenset({"records"}))
        for finding in found.findings[:FINDINGS_SHOWN]:
            print(finding)
        since = f" since the snapshot at position {found.from_position:,}" if found.from_position else ""
        print(f"{verdicts[found.is_identical]}   {found.entries_count:,} log entries{since} replayed in {duration(seconds)}")
    if found.is_identical:
        return ExitCode.DONE
    say_error("the replay differs from what is kept: keep a copy of the directory and restore the last backup")
    return ExitCode.REFUSED


def backup(file: Path, /, *, options: Options = DEFAULTS) -> None:
    """Copy the committed state into a new file, to be used as `bothways.db` of a new directory.

    Args:
        file: must not exist yet.
    """
    if file.exists():
        raise Refused(f"{file} exists already; name another file")
    if not file.parent.is_dir():
        raise Refused(f"{file.parent} is no directory; make it first")
    directory = existing(options)
    from engine.runtimes.embedded.reading.backup import back_up

    back_up(directory, file)
    size_bytes = file.stat().st_size
    if options.json:
        print_json({"file": str(file), "bytes": size_bytes})
    else:
        print(f"wrote {file}   {size_bytes:,} bytes")
