"""A headless Chromium that looks at a page as a person would: at a width, in light or dark, without a network."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.integration.npm import installed

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",  # as root in a container there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDER_THAN_THE_VIEW: Final = """
const width = document.documentElement.clientWidth;
const isScroller = (element) => /(auto|scroll|hidden)/.test(getComputedStyle(element).overflowX);
const scrolls = (element) => element && (isScroller(element) || scrolls(element.parentElement));
return [...document.body.querySelectorAll('*')].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > width + 0.5 || box.left < -0.5) && !scrolls(element.parentElement);
}).map((element) => element.outerHTML.slice(0, 120));
"""
OUTSIDE_ITS_DRAWING: Final = """
return [...document.querySelectorAll('svg text')].filter((text) => {
  const box = text.getBoundingClientRect(), drawing = text.ownerSVGElement.getBoundingClientRect();
  return box.width > 0 && (box.right > drawing.right + 12 || box.left < drawing.left - 12);
}).map((text) => text.textContent);
"""
OVERLAPPING_TEXTS: Final = """
const found = [];
for (const svg of document.querySelectorAll('svg')) {
  const boxes = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  boxes.forEach(([one, a], number) => boxes.slice(number + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 4) found.push(one + ' / ' + other);
  }));
}
return found;
"""
ACCESSIBILITY: Final = """
const done = arguments[arguments.length - 1];
axe.run(document).then(
  (result) => done(result.violations.map((each) => each.id + ': ' + each.nodes.map((node) => node.html.slice(0, 120)).join(' | '))),
  (error) => done(['axe failed: ' + error]));
"""


def missing() -> str | None:
    """Say what is missing for looking at a page, if anything is."""
    if _chromium() is None:
        return "Chromium is not installed (Debian: apt-get install chromium)"
    return None if shutil.which("chromedriver") else "chromedriver is not installed (Debian: apt-get install chromium-driver)"


def _chromium() -> str | None:
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """Start a browser with an empty profile; skip where there is none, unless BOTHWAYS_REQUIRE_BROWSER=1."""
    if reason := missing():
        if os.environ.get("BOTHWAYS_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = _chromium() or ""
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def look(driver: Chrome, file: Path, width: int, scheme: str) -> None:
    """Open a file at a width in CSS pixels, in light or dark."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    metrics: dict[str, Any] = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(file.resolve().as_uri())


def open_details(driver: Chrome) -> None:
    """Open everything that a reader can open."""
    driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; });")


def axe_script() -> str:
    """Return axe-core; skip where npm is missing or can't fetch it."""
    return (installed("axe") / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
