"""`bothways inspect`: one person, pairing or programme as the engine's rows have it, without what is confidential."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from engine.cli.exits import Refused
from engine.cli.options import DEFAULTS, Options, opened_to_read
from engine.cli.output import plain, print_facts, print_json, print_table


def inspect(
    kind: Literal["person", "pairing", "programme"], id_: Annotated[str, Parameter(name="ID")], /, *, options: Options = DEFAULTS
) -> None:
    """Show one row: what the engine knows of a person, a pairing or a programme.

    Args:
        kind: what it is.
        id_: its id.
    """
    from engine.cli.looking import views

    describe = {"person": views.person, "pairing": views.pairing, "programme": views.programme}[kind]
    with opened_to_read(options) as reader:
        found: Mapping[str, Any] | None = describe(reader, id_)
        is_erasure_pending = reader.is_erasure_pending
    if found is None:
        pending = "; an erasure is pending: bytes of it may still be in the files" if is_erasure_pending else ""
        raise Refused(f"there is no {kind} {id_}{pending}")
    shown = plain(found)
    if options.json:
        print_json(shown)
        return
    _print_row(f"{kind} {id_}", shown)


def _print_row(title: str, row: Mapping[str, Any]) -> None:
    """Print single values first, then what there are several of as tables."""
    tables = {name: value for name, value in row.items() if _is_table(value)}
    print_facts(title, ((_words(name), _told(value)) for name, value in row.items() if name not in tables))
    for name, entries in tables.items():
        columns = list(dict.fromkeys(column for entry in entries for column in entry))
        told = ([_told(entry.get(column)) for column in columns] for entry in entries)
        print_table(map(_words, columns), told, title=_words(name))


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, Mapping) for entry in value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _told(value: object) -> str | None:
    match value:
        case None | [] | "":
            return None
        case bool():
            return "yes" if value else "no"
        case list() if _is_table(value):
            return f"{len(value)} of them"
        case list():
            return ", ".join(str(each) for each in value)
        case Mapping():
            return " · ".join(f"{_words(str(name))} {'<5' if each is None else _told(each) or '–'}" for name, each in value.items())
        case _:
            return str(value)
