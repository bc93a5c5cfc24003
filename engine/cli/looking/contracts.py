"""`bothways schemas`: the contracts as files, for whoever sends events or reads them."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.output import print_json, say_error

schemas_app: Final = App(name="schemas", help="The contracts as files: JSON Schema of every event, one AsyncAPI document.")

JsonFlag = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="Print JSON, for programs.")]


@schemas_app.command
def write(directory: Path | None = None, /, *, json_output: JsonFlag = False) -> int:
    """Write the schemas: into a directory, or to where the code keeps them.

    Nothing is written that would break whoever goes by the files that are there.

    Args:
        directory: where to; it is made if there is none.
    """
    from schemas.documents.files import PLACE, Contracts

    contracts = Contracts(place=directory or PLACE)
    if broken := contracts.broken():
        _say_broken(broken)
        raise Refused("nothing was written: raise MINOR for what is new, the major for what breaks; remove a file that nobody ever had")
    try:
        written = contracts.write()
    except OSError as error:
        raise Refused(f"{error.filename} can't be written: {error.strerror or error}") from error
    if json_output:
        print_json({"written": written})
    else:
        print(f"{len(written)} files written" if written else "every file is as it should be")
    return ExitCode.DONE


@schemas_app.command
def check(directory: Path | None = None, /, *, json_output: JsonFlag = False) -> int:
    """Say whether files are what this version writes, and whether this version breaks whoever goes by them. Exit 1 if either.

    Args:
        directory: a copy to hold against this version, for instance one that a consumer was built from.
    """
    from schemas.documents.files import PLACE, Contracts

    contracts = Contracts(place=directory or PLACE)
    if not (contracts.place / "json").is_dir():
        raise Refused(f"there are no schemas in {contracts.place}; `bothways schemas write DIRECTORY` makes some")
    broken, stale = contracts.broken(), contracts.stale()
    if json_output:
        print_json({"broken": broken, "stale": stale})
    else:
        _say_broken(broken)
        print("\n".join(f"{name} is not what this version writes" for name in stale) or "every file is as it should be")
    return ExitCode.REFUSED if broken or stale else ExitCode.DONE


@schemas_app.command
def register(*, dry_run: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print what a schema registry would be given, one JSON object a line: a subject, its compatibility and its versions.

    Args:
        dry_run: always needed: nothing is ever sent. Post each body to `/subjects/SUBJECT/versions` with the registry's own tool.
    """
    if not dry_run:
        raise Misused("schemas register: only prints; say --dry-run, and post the bodies with the registry's own tool")
    from schemas.documents.subjects import subjects

    for subject in subjects():
        print_json({"subject": subject.name, "compatibility": subject.compatibility, "bodies": list(subject.bodies)})
    return ExitCode.DONE


def _say_broken(broken: list[str]) -> None:
    for line in broken:
        say_error(line)
