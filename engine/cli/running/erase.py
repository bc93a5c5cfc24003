"""`bothways erase`: a person goes from rows, log, topics and dead letters, for good."""

import time
from typing import Annotated, Final

from cyclopts import Parameter

from engine.cli.doing import carried_out, is_served
from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.options import DEFAULTS, Options, copied_to_look, opened_to_read
from engine.cli.output import ProgressBar, duration, print_json, print_table, say_error

PENDING_SECONDS_MAX: Final = 7.0
"""How long to wait for a service to finish, longer than anybody may read one state."""
LOOK_SECONDS: Final = 0.2


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
    with ProgressBar("erasing") as bar:
        bar.pulse()
        counts = _named_counts(options, person_id)
        if not counts:
            raise Refused("nothing here names this person; ids are compared letter by letter, capitals included")
        is_pending = yes and _is_pending_once_erased(options, person_id, actor)
        left_count = sum(_named_counts(options, person_id).values()) if yes and not is_pending else 0
        seconds = bar.seconds
    if options.json:
        tables = {name: count for name, count in counts.items() if "/" in name}
        records = {name: counts[name] for name in counts.keys() - tables.keys()}
        print_json({"erased": yes and not is_pending, "pending": is_pending, "rows": tables, "records": records})
    else:
        print_table(
            ("table or topic", "names them"), ((name, f"{count:,}") for name, count in counts.items()), right=frozenset({"names them"})
        )
    if left_count:
        raise Refused(f"{left_count:,} of them are dated later than engine time and stay; tick to that time, then erase again")
    if is_pending:
        say_error("the erasure is pending: somebody still reads a state from before; the next writer finishes it, a service by itself")
        return ExitCode.TRY_AGAIN
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


def _named_counts(options: Options, person_id: str) -> dict[str, int]:
    with copied_to_look(options) as look:
        return look.named_counts(person_id)


def _is_pending_once_erased(options: Options, person_id: str, actor: str | None) -> bool:
    """Erase somebody. Returns whether bytes of it may still be in the files, after waiting for those who read longer than they may."""
    from engine.commands.event import EventCommand
    from schemas.events.hr import HrErased

    answer = carried_out(options, EventCommand(type=HrErased.TYPE, data={"person_id": person_id}, actor=actor))
    if answer["code"] is not None:
        raise Refused(f"the erasure was refused: {answer['code']}, {answer['message']}")
    until = time.monotonic() + PENDING_SECONDS_MAX
    is_pending = bool(answer["is_erasure_pending"])
    while is_pending and is_served(options) and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        with opened_to_read(options) as reader:
            is_pending = reader.is_erasure_pending
    return is_pending
