"""Charts as inline SVG: drawn to fit a phone, coloured by the page's style sheet, named for people who don't see them.

All are WIDTH units wide, so that a unit is about a pixel on the narrowest screen and text never shrinks below reading size. A hidden
number is drawn as an outline, never as nothing: nothing would look like zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import Final

from engine.programme.insights.told_rules import Value
from engine.report.words import NOT_SHOWN

WIDTH: Final = 300
ROW: Final = 40
PLOT: Final = 126
LEFT: Final = 36
LINE: Final = 16
LINE_LETTERS: Final = 38
"""What fits across in a wide typeface."""
LETTER: Final = 7
"""How wide a letter of a tick is."""
VALUE_WIDTH: Final = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartNumber:
    """One number of a chart; None is hidden."""

    label: str
    value: Value
    text: str
    tick: str = ""
    """The label where there is little room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """A number with its interval."""

    label: str
    value: float
    low: float
    high: float
    text: str


def bars(id_: str, title: str, marks: Sequence[ChartNumber], *, most: float | None = None) -> str:
    """Draw horizontal bars, each under its label, from zero to the largest, or to `most`."""
    top = most or max((mark.value or 0 for mark in marks), default=0) or 1
    parts: list[str] = []
    y = 0
    for mark in marks:
        lines = wrap(mark.label, LINE_LETTERS - len(mark.text))
        parts.extend(_text(0, y + 14 + LINE * number, line) for number, line in enumerate(lines))
        parts.append(_text(WIDTH, y + 14, mark.text, kind="value" if mark.value is not None else "quiet", anchor="end"))
        y += LINE * (len(lines) - 1)
        parts.append(f'<rect class="track" x="0" y="{y + 21}" width="{WIDTH}" height="9" rx="2"/>')
        if mark.value is None:
            parts.append(f'<rect class="hidden" x="0.5" y="{y + 21.5}" width="{WIDTH - 1}" height="8" rx="2"/>')
        elif mark.value:
            parts.append(f'<rect class="bar" x="0" y="{y + 21}" width="{_n(max(2.0, WIDTH * mark.value / top))}" height="9" rx="2"/>')
        y += ROW
    return _svg(id_, title, marks, y - 6, parts)


def columns(id_: str, title: str, marks: Sequence[ChartNumber]) -> str:
    """Draw upright columns over time, with as many labels below as there is room for."""
    top = _round_up(max((mark.value or 0 for mark in marks), default=0))
    step = (WIDTH - LEFT) / max(1, len(marks))
    wide = min(26.0, step * 0.72)
    parts = _grid([(0.0, "0"), (0.5, f"{top / 2:,.0f}" if top % 2 == 0 else ""), (1.0, f"{top:,}")])
    for number, mark in enumerate(marks):
        x = LEFT + step * (number + 0.5) - wide / 2
        if mark.value is None:
            parts.append(_hidden_column(x + wide / 2, wide))
        elif mark.value:
            high = PLOT * mark.value / top
            parts.append(f'<rect class="bar" x="{_n(x)}" y="{_n(8 + PLOT - high)}" width="{_n(wide)}" height="{_n(high)}" rx="2"/>')
    return _svg(id_, title, marks, PLOT + 32, [*parts, *_below([mark.tick or mark.label for mark in marks], step)])


def line(id_: str, title: str, marks: Sequence[ChartNumber]) -> str:
    """Draw shares over time from 0 to 100%, with gaps where a number is hidden."""
    step = (WIDTH - LEFT) / max(1, len(marks))
    places = [
        None if mark.value is None else (LEFT + step * (number + 0.5), 8 + PLOT * (1 - mark.value)) for number, mark in enumerate(marks)
    ]
    parts = _grid([(0.0, "0%"), (0.5, "50%"), (1.0, "100%")])
    for before, after in pairwise(places):
        if before is not None and after is not None:
            parts.append(f'<line class="stroke" x1="{_n(before[0])}" y1="{_n(before[1])}" x2="{_n(after[0])}" y2="{_n(after[1])}"/>')
    has_room = step >= VALUE_WIDTH
    for number, (mark, place) in enumerate(zip(marks, places, strict=True)):
        if place is None:
            parts.append(_hidden_column(LEFT + step * (number + 0.5), min(26.0, step * 0.72)))
            continue
        parts.append(f'<circle class="dot" cx="{_n(place[0])}" cy="{_n(place[1])}" r="4"/>')
        if has_room:
            parts.append(_text(place[0], place[1] + (19 if place[1] < 26 else -10), mark.text, kind="value", anchor="middle"))
    return _svg(id_, title, marks, PLOT + 32, [*parts, *_below([mark.tick or mark.label for mark in marks], step)])


def whiskers(id_: str, title: str, marks: Sequence[Whisker]) -> str:
    """Draw dots with their intervals around a zero line; whiskers that don't touch it are drawn stronger."""
    reach = max((max(abs(mark.low), abs(mark.high)) for mark in marks), default=0.1) or 0.1
    middle, half = WIDTH / 2, WIDTH / 2 - 6
    low = len(marks) * ROW
    parts = [f'<line class="zero" x1="{_n(middle)}" y1="0" x2="{_n(middle)}" y2="{low}"/>']
    for number, mark in enumerate(marks):
        y = number * ROW
        sure = "" if mark.low <= 0 <= mark.high else " sure"
        x1, x2, x = (middle + half * value / reach for value in (mark.low, mark.high, mark.value))
        parts.append(f'<rect class="halo" x="0" y="{y + 1}" width="{WIDTH}" height="18"/>')
        parts.append(_text(0, y + 14, mark.label))
        parts.append(_text(WIDTH, y + 14, mark.text, kind="value", anchor="end"))
        parts.append(f'<line class="whisker{sure}" x1="{_n(x1)}" y1="{y + 27}" x2="{_n(x2)}" y2="{y + 27}"/>')
        parts.extend(f'<line class="whisker{sure}" x1="{_n(end)}" y1="{y + 23}" x2="{_n(end)}" y2="{y + 31}"/>' for end in (x1, x2))
        parts.append(f'<circle class="dot{sure}" cx="{_n(x)}" cy="{y + 27}" r="4.5"/>')
    parts.append(_text(middle - 8, low + 14, "← fewer act", kind="quiet", anchor="end"))
    parts.append(_text(middle + 8, low + 14, "more act →", kind="quiet"))
    return _svg(id_, title, marks, low + 20, parts)


def _svg(id_: str, title: str, marks: Sequence[ChartNumber | Whisker], high: float, parts: Sequence[str]) -> str:
    told = "; ".join(f"{mark.label}: {mark.text or NOT_SHOWN}" for mark in marks)
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {_n(high)}" aria-labelledby="{id_}-title {id_}-desc" focusable="false">'
        f'<title id="{id_}-title">{escape(title)}</title><desc id="{id_}-desc">{escape(told)}.</desc>{"".join(parts)}</svg>'
    )


def _grid(levels: Sequence[tuple[float, str]]) -> list[str]:
    parts = []
    for level, text in levels:
        y = 8 + PLOT * (1 - level)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{_n(y)}" x2="{WIDTH}" y2="{_n(y)}"/>')
        parts.append(_text(LEFT - 6, y + 4, text, kind="quiet", anchor="end"))
    return parts


def _hidden_column(middle: float, wide: float) -> str:
    return f'<rect class="hidden" x="{_n(middle - wide / 2)}" y="{8 + PLOT - 22}" width="{_n(wide)}" height="22" rx="2"/>'


def _below(labels: Sequence[str], step: float) -> list[str]:
    every = math.ceil((max(map(len, labels), default=0) + 1) * LETTER / step)
    return [
        _text(LEFT + step * (number + 0.5), PLOT + 25, label, kind="quiet", anchor="middle")
        for number, label in enumerate(labels)
        if number % every == 0
    ]


def _text(x: float, y: float, text: str, *, kind: str = "label", anchor: str = "start") -> str:
    at_end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}"{at_end}>{escape(text)}</text>' if text else ""


def _n(number: float) -> str:
    """Write a coordinate without needless digits, so that the same page has the same bytes."""
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _round_up(value: float) -> int:
    """Return a round number not below a value, so that the axis ends on it."""
    step = 1
    while True:
        for factor in (4, 6, 8, 10, 12, 16, 20, 30):
            if value <= factor * step:
                return factor * step
        step *= 10
