"""The report as a file: where it is written, what it says, and what it never says."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.integration.command_line import Bothways, line

pytestmark = pytest.mark.integration


def test_the_demo_leaves_the_report_that_the_command_writes(small_demo: Bothways, tmp_path: Path) -> None:
    """The same data gives the same bytes, whoever asks."""
    asked = small_demo("report", "--out", str(tmp_path / "again.html"))

    assert (0, f"{tmp_path / 'again.html'}\n") == (asked.code, asked.out)
    assert (small_demo.data / "report.html").read_bytes() == (tmp_path / "again.html").read_bytes()


def test_no_id_of_a_person_or_a_pair_is_in_the_page(small_demo: Bothways) -> None:
    """report.R2: nothing about single people leaves the engine this way, not even an id."""
    page = (small_demo.data / "report.html").read_text("utf-8")
    people = {record["data"]["person_id"] for record in small_demo("tail", "mentorship.nudges.v1").lines}
    pairs = [record["data"] for record in small_demo("tail", "mentorship.pairings.v1").lines]
    people |= {side if isinstance(side, str) else side["person_id"] for pair in pairs for side in pair["people"]}
    people = {person_id for person_id in people if not person_id.startswith("coordinator:")}

    assert len(people) > 30
    assert len(pairs) > 30
    assert [] == [id_ for id_ in sorted({*people, *(pair["pairing_id"] for pair in pairs)}) if id_ in page]
    assert "coordinator:" not in page


def test_the_page_needs_nothing_else(small_demo: Bothways) -> None:
    """It can be sent by mail and read without a network: no address, no script, no file beside it."""
    page = (small_demo.data / "report.html").read_text("utf-8")

    assert [] == re.findall(r"https?:|//[a-z]|<script|<link|<img|<iframe|@import|url\(|\son[a-z]+=", page)
    assert "default-src 'none'" in page


def test_headings_never_skip_a_level_and_ids_are_unique(small_demo: Bothways) -> None:
    """Somebody who hears the page moves by its headings."""
    read = _Read()
    read.feed((small_demo.data / "report.html").read_text("utf-8"))

    assert 1 == read.levels[0]
    assert 1 == read.levels.count(1)
    assert all(after - before <= 1 for before, after in zip(read.levels, read.levels[1:], strict=False))
    assert sorted(set(read.ids)) == sorted(read.ids)
    assert set(read.labels) <= set(read.ids)


def test_every_table_has_a_caption_and_every_header_a_scope(small_demo: Bothways) -> None:
    """A table says what it is about, and each header whether it heads a row or a column."""
    page = (small_demo.data / "report.html").read_text("utf-8")

    assert page.count("<table") == page.count("<caption>") > 10
    assert [] == re.findall(r"<th(?! scope=\"(?:row|col)\")[ >]", page)


def test_one_programme_alone_can_be_asked_for(small_demo: Bothways, tmp_path: Path) -> None:
    """A coordinator of one programme shows that one."""
    asked = small_demo("report", "--programme", "two-way", "--out", str(tmp_path / "one.html"), "--json")

    page = (tmp_path / "one.html").read_text("utf-8")
    assert ["two-way"] == [programme["programme_id"] for programme in asked.json["programmes"]]
    assert "two-way" in page
    assert "reverse-lab" not in page


def test_the_numbers_for_programs_are_those_that_were_published(small_demo: Bothways, tmp_path: Path) -> None:
    """The page and `programme.reported` of the same instant agree, where the page doesn't hide more."""
    reported: dict[str, Any] = {}
    for record in small_demo("tail", "mentorship.insights.v1").lines:
        if record["type"] == "bothways.programme.reported.v1":
            reported[record["data"]["programme_id"]] = record["data"]
    asked = small_demo("report", "--out", str(tmp_path / "r.html"), "--json").json

    at_same_instant = [one for one in asked["programmes"] if reported[one["programme_id"]]["as_of"] == asked["as_of"]]
    assert at_same_instant
    for programme in at_same_instant:
        published = reported[programme["programme_id"]]["metrics"]
        assert set(published) == set(programme["metrics"])
        assert [] == [name for name, value in programme["metrics"].items() if value not in {None, published[name]}]


def test_an_unknown_programme_is_refused_in_one_line(small_demo: Bothways) -> None:
    """A misspelt name is not answered with an empty page."""
    asked = small_demo("report", "--programme", "nobody-knows")

    assert (1, "bothways: there is no programme nobody-knows") == (asked.code, asked.error)


def test_a_place_that_cannot_be_written_is_refused_in_one_line(small_demo: Bothways, tmp_path: Path) -> None:
    """The operator hears what to do, not a traceback."""
    asked = small_demo("report", "--out", str(tmp_path / "missing" / "r.html"))

    assert (1, True) == (asked.code, "can't be written" in asked.error)


def test_a_programme_of_two_shows_no_number_about_them(tmp_path: Path) -> None:
    """insights.Y1: two people are a small group, whatever they do."""
    bothways = Bothways(data=tmp_path / "data")
    bothways.begin_with_a_pair()

    asked = bothways("report", "--json").json

    metrics = asked["programmes"][0]["metrics"]
    assert (None, None) == (metrics["enrolled_count"], metrics["match_ratio"])
    assert str((tmp_path / "data" / "report.html").resolve()) == asked["file"]


def test_data_without_a_programme_has_a_page_of_its_gaps(tmp_path: Path) -> None:
    """Before the first programme the HR feed can be looked at already."""
    bothways = Bothways(data=tmp_path / "data")
    bothways.ingest(line("hr.hired", "2025-01-06T08:00:00Z", {"person_id": "ann", "effective_on": "2025-01-06"}))

    asked = bothways("report")

    assert 0 == asked.code
    assert "No programme yet" in Path(asked.out.strip()).read_text("utf-8")


class _Read(HTMLParser):
    """Collects heading levels, ids and what points at them."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        self.labels.extend(given.get("aria-labelledby", "").split())
        if tag == "a" and given.get("href", "").startswith("#"):
            self.labels.append(given["href"][1:])
