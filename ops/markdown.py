"""Parts of the generated pages: tables and lists in Markdown."""

from collections.abc import Iterable, Iterator
from typing import Final

from ops.fields import FieldSaid

GENERATED: Final = "<!-- Written by `python -m ops.docs write`; edit what it is written from. -->"


def table(*heads: str, rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Write a table."""
    yield row(heads)
    yield "|---" * len(heads) + "|"
    yield from map(row, rows)


def row(cells: Iterable[object]) -> str:
    """Write one line of a table."""
    escaped = (str(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def listed(names: Iterable[str]) -> str:
    """Write names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


def field_row(field: FieldSaid) -> tuple[str, str, str]:
    """Write one field of a model; what may be left out is in italics."""
    return f"`{field.name}`" if field.is_required else f"*`{field.name}`*", field.value, field.meaning or "–"
