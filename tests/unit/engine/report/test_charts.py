"""Charts: what they draw, and what they say to people who don't see them."""

import re
from xml.etree import ElementTree as ET

import pytest

from engine.report.charts import ChartNumber, Whisker, bars, columns, line, whiskers

MARKS = (
    ChartNumber(label="Culture & <craft>", value=10, text="10"),
    ChartNumber(label="Data", value=5, text="5"),
    ChartNumber(label="Careers", value=None, text="not shown"),
)


@pytest.mark.parametrize("draw", [bars, columns, line])
def test_a_chart_has_a_name_and_tells_every_number(draw: object) -> None:
    """Whoever hears the chart hears its title and each number."""
    assert callable(draw)
    drawn = draw("id", "What was taught", [ChartNumber(label=m.label, value=m.value and m.value / 10, text=m.text) for m in MARKS])
    svg = ET.fromstring(drawn)  # noqa: S314 – our own drawing

    title, desc = svg.findall("title")[0], svg.findall("desc")[0]
    assert "What was taught" == title.text
    assert "Culture & <craft>: 10; Data: 5; Careers: not shown." == desc.text
    assert f"{title.get('id')} {desc.get('id')}" == svg.get("aria-labelledby")


def test_the_longest_bar_is_as_wide_as_the_chart_and_half_of_it_is_half() -> None:
    """Bars start at zero, so their lengths compare like their numbers."""
    widths = re.findall(r'class="bar"[^>]* width="([\d.]+)"', bars("id", "t", MARKS))

    assert ["300", "150"] == widths


def test_a_hidden_number_is_an_outline() -> None:
    """Nothing at all would look like zero."""
    assert 1 == bars("id", "t", MARKS).count('class="hidden"') == columns("id", "t", MARKS).count('class="hidden"')


def test_a_line_has_a_gap_where_a_number_is_hidden() -> None:
    """A line across the gap would guess the number."""
    marks = [ChartNumber(label=str(number), value=value, text="") for number, value in enumerate((0.9, None, 0.8, 0.7))]

    drawn = line("id", "t", marks)

    assert (1, 3) == (drawn.count('class="stroke"'), drawn.count('class="dot"'))


def test_a_whisker_that_crosses_zero_is_drawn_as_unsure() -> None:
    """What the data can't tell must not look as if it could."""
    sure = Whisker(label="a", value=0.3, low=0.1, high=0.5, text="+30 pts")
    unsure = Whisker(label="b", value=0.1, low=-0.1, high=0.3, text="+10 pts")

    assert (1, 0) == tuple(whiskers("id", "t", [mark]).count('class="dot sure"') for mark in (sure, unsure))


def test_the_axis_ends_on_a_round_number_not_below_the_largest() -> None:
    """45 sessions stand under 60, with 30 half-way."""
    texts = re.findall(r">([\d,]+)</text>", columns("id", "t", [ChartNumber(label="", value=45, text="45")]))

    assert ["0", "30", "60"] == texts
