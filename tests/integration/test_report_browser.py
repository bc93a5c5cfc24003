"""The report in a real browser: nothing sticks out, nothing complains, everybody can read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from tests.integration.browser import (
    ACCESSIBILITY,
    OUTSIDE_ITS_DRAWING,
    OVERLAPPING_TEXTS,
    WIDER_THAN_THE_VIEW,
    axe_script,
    browser,
    look,
    open_details,
)
from tests.integration.command_line import Bothways

pytestmark = pytest.mark.integration

views = pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")])


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Start one browser for this file."""
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def report(small_demo: Bothways) -> Path:
    """Return the report that the demo wrote."""
    return small_demo.data / "report.html"


@views
def test_nothing_is_wider_than_the_screen(chromium: Chrome, report: Path, width: int, scheme: str) -> None:
    """No element sticks out at either width, opened tables included; wide tables scroll within themselves."""
    look(chromium, report, width, scheme)
    open_details(chromium)

    page_width, view_width = chromium.execute_script("const e = document.documentElement; return [e.scrollWidth, e.clientWidth];")
    assert page_width <= view_width <= width
    assert [] == chromium.execute_script(WIDER_THAN_THE_VIEW)


@views
def test_texts_of_charts_stay_apart(chromium: Chrome, report: Path, width: int, scheme: str) -> None:
    """No label covers another or leaves its drawing."""
    look(chromium, report, width, scheme)

    assert [] == chromium.execute_script(OVERLAPPING_TEXTS)
    assert [] == chromium.execute_script(OUTSIDE_ITS_DRAWING)


@views
def test_the_console_stays_silent(chromium: Chrome, report: Path, width: int, scheme: str) -> None:
    """The page asks for nothing that its own policy forbids, and nothing is broken in it."""
    look(chromium, report, width, scheme)
    open_details(chromium)

    assert [] == chromium.get_log("browser")


@views
def test_axe_finds_no_barrier(chromium: Chrome, report: Path, width: int, scheme: str) -> None:
    """Contrast, names, order and landmarks hold, with everything opened too."""
    script = axe_script()
    look(chromium, report, width, scheme)
    open_details(chromium)
    chromium.execute_script(script)

    assert [] == chromium.execute_async_script(ACCESSIBILITY)


def test_the_keyboard_reaches_the_content_first(chromium: Chrome, report: Path) -> None:
    """The first tab stop skips the navigation, and every link within the page leads somewhere."""
    look(chromium, report, 1440, "light")

    first = chromium.execute_script("return document.querySelector('a, button, summary, [tabindex=\"0\"]').getAttribute('href');")
    dead = chromium.execute_script(
        "return [...document.querySelectorAll('a')].map((a) => a.getAttribute('href')).filter((to) => !document.querySelector(to));"
    )
    assert ("#report", []) == (first, dead)


def test_the_page_prints_on_paper(chromium: Chrome, report: Path) -> None:
    """In print the tables are open and nothing is cut off at the side."""
    look(chromium, report, 794, "light")
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    is_shown = chromium.execute_script("return document.querySelector('details table').getBoundingClientRect().height > 0;")
    sticks_out = chromium.execute_script(WIDER_THAN_THE_VIEW)
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert (True, []) == (is_shown, sticks_out)
