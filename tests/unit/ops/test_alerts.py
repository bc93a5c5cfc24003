"""Rules of the alerts (ops/prometheus): each has series that exist, a page that says what to do, a case that fires and one that doesn't."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ops.prometheus.expressions import faults_in, metrics_in
from ops.prometheus.promtool import RULES, TESTS

ROOT: Final = Path(__file__).parent.parent.parent.parent
RUNBOOKS: Final = ROOT / "ops" / "runbooks"
ALERTS: Final[dict[str, dict[str, Any]]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
}
CASES: Final[list[dict[str, Any]]] = [case for file in TESTS for case in yaml.safe_load(file.read_text("utf-8"))["tests"]]


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_asks_for_series_that_exist(name: str) -> None:
    """Series, labels and values are those of the catalogue; an alert on anything else is silent for ever."""
    expression = ALERTS[name]["expr"]

    assert metrics_in(expression)
    assert [] == list(faults_in(expression))


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(name: str) -> None:
    """Severity, a summary, a description that ends with the page, and that page is about this alert."""
    rule = ALERTS[name]

    page = rule["annotations"]["description"].partition(" Runbook ")[2]
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"]
    assert f"# {name}" == (ROOT / page).read_text("utf-8").splitlines()[0]


def test_every_page_is_about_an_alert() -> None:
    """A page that no alert leads to is found by nobody at night."""
    titles = {file.name: file.read_text("utf-8").splitlines()[0].removeprefix("# ") for file in RUNBOOKS.glob("*.md")}

    assert sorted(ALERTS) == sorted(titles.values())


def test_links_between_pages_lead_somewhere() -> None:
    """Every link of a page is a file."""
    links = [(file, link) for file in RUNBOOKS.glob("*.md") for link in re.findall(r"\]\(([^)]+)\)", file.read_text("utf-8"))]

    assert links
    assert [] == [(file.name, link) for file, link in links if not (RUNBOOKS / link).is_file()]


def test_settings_and_metrics_that_a_page_names_exist() -> None:
    """Somebody at night types what the page says; it has to be there."""
    from engine.runtimes.kafka.settings import KafkaSettings
    from engine.settings import Settings
    from engine.telemetry import METRICS

    known = {metric.name for metric in METRICS}
    known |= {f"BOTHWAYS_{name.upper()}" for name in Settings.model_fields}
    known |= {f"BOTHWAYS_KAFKA_{name.upper()}" for name in KafkaSettings.model_fields}
    named = {name for file in RUNBOOKS.glob("*.md") for name in re.findall(r"(?:BOTHWAYS|bothways)_[A-Za-z_]+", file.read_text("utf-8"))}

    assert named
    assert set() == named - known


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_has_a_case_that_fires_and_one_that_stays_silent(name: str) -> None:
    """An alert that can't fire, or can't be silent, protects nothing; promtool runs the cases."""
    asked = [test for case in CASES for test in case["alert_rule_test"] if test["alertname"] == name]

    assert {True, False} == {bool(test["exp_alerts"]) for test in asked}


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("bothways_nothing_total > 0", "no series bothways_nothing_total"),
        ("bothways_commit_seconds > 1", "no series bothways_commit_seconds"),
        ('bothways_table_rows{topic="parked"}', "bothways_table_rows has no label topic"),
        ('bothways_table_rows{table="park"}', "bothways_table_rows never has table=park"),
        ('bothways_dead_letters_total{code!~"malformed|nonsense"}', "bothways_dead_letters_total never has code!~malformed|nonsense"),
        ('bothways_timer_lateness_seconds_bucket{le="3600"}', "bothways_timer_lateness_seconds_bucket never has le=3600"),
    ],
)
def test_a_planted_fault_is_found(expression: str, fault: str) -> None:
    """The check sees each thing that it exists for."""
    assert [fault] == list(faults_in(expression))
