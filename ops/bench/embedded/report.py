"""What was found: a table for people, JSON for the next comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ops.bench.embedded.parts import Figure, Section


def table(machine: Mapping[str, object], sections: Sequence[Section]) -> str:
    """Lay out everything: medians, then the range of the runs in brackets, then the aim."""
    lines = [" · ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items())]
    for section in sections:
        lines += ["", section.title, *(_row(figure) for figure in section.figures), *(f"  {remark}" for remark in section.remarks)]
    return "\n".join(lines)


def document(machine: Mapping[str, object], sections: Sequence[Section]) -> dict[str, Any]:
    """Return everything as plain values."""
    return {"machine": dict(machine), "sections": [asdict(section) for section in sections]}


def _row(figure: Figure) -> str:
    spread, aim = figure.spread, figure.aim
    span = "" if spread.low == spread.high else f"({_number(spread.low)}-{_number(spread.high)})"
    verdict = ""
    if aim is not None:
        bound = f"{'at least' if aim.is_floor else 'at most'} {_number(aim.bound)}"
        verdict = f"aim {bound}: {'met' if aim.is_met_by(spread.median) else 'missed'}"
    return f"  {figure.name:<56}{_number(spread.median):>9} {figure.unit:<9}{span:<20}{verdict}".rstrip()


def _number(value: float) -> str:
    """Three digits are all that such a run can know."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
