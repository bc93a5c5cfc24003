"""`bothways erase`: a person goes from rows, log, topics and dead letters, for good."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.options import DEFAULTS, Options, opened
from engine.cli.output import ProgressBar, duration, print_json, print_table, say_error

if TYPE_CHECKING:
    from engine.runtimes.embedded.engine import EmbeddedEngine


def erase(
    person_id: Annotated[str, Parameter(name="PERSON_ID")],
    /,
    *,
    yes: Annotated[
        bool, Parameter(name="--yes", negative="", show_default=False, help="Do it; without this only say what names them.")
    ] = False,
    actor: Annotated[str | None, Parameter(help="Who asked for it; the audit topic keeps a salted hash.")] = None,
    options: Options = DEFAULTS,
) -> int:
    """Erase a person: every row, log entry, published record and dead letter that names them goes, or names nobody any more.

    There is no way back. Backups made earlier still hold the person, and so does whatever has read the topics.

    Args:
        person_id: as HR writes it, capitals included.
    """
    _check_usage(person_id)
    with opened(options) as engine, ProgressBar("erasing") as bar:
        bar.show(None)
        counts = engine.named_counts(person_id)
        if not counts:
            raise Refused("nothing here names this person; ids are compared letter by letter, capitals included")
        left_count = _erased(engine, person_id, actor) if yes else 0
        seconds = bar.seconds
    if options.json:
        tables = {name: count for name, count in counts.items() if "/" in name}
        print_json({"erased": yes, "rows": tables, "records": {name: counts[name] for name in counts.keys() - tables.keys()}})
    else:
        print_table(
            ("table or topic", "names them"), ((name, f"{count:,}") for name, count in counts.items()), right=frozenset({"names them"})
        )
    if left_count:
        raise Refused(f"{left_count:,} of them are dated later than engine time and stay; tick to that time, then erase again")
    if not yes:
        say_error("nothing was erased; add --yes to do it, there is no way back")
        return ExitCode.REFUSED
    if not options.json:
        print(f"erased in {duration(seconds)}; backups made earlier still hold this person")
    return ExitCode.DONE


def _check_usage(person_id: str) -> None:
    from schemas.terms.ids import ERASED, PERSON_ID_REGEX

    if PERSON_ID_REGEX.fullmatch(person_id) is None or person_id == ERASED:
        raise Misused("erase: PERSON_ID must be the id of one person, at most 64 letters, digits and . _ : -")


def _erased(engine: "EmbeddedEngine", person_id: str, actor: str | None) -> int:
    """Erase somebody at the last `at`. Returns how much still names the person."""
    from schemas.events.hr import HrErased

    answer = engine.command(HrErased.TYPE, {"person_id": person_id}, actor=actor)
    if answer.code is not None:
        raise Refused(f"the erasure was refused: {answer.code}, {answer.message}")
    return sum(engine.named_counts(person_id).values())
