"""The alert rules and the metrics, judged by Prometheus' own tool."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from engine.telemetry import METRICS, Telemetry
from engine.topology import build
from ops.grafana.dashboards import DASHBOARDS
from ops.prometheus.promtool import REQUIRED, RULES, TESTS, promtool, run

pytestmark = pytest.mark.integration

COMPOSE_CONFIG = Path(__file__).parent.parent.parent / "ops" / "kafka" / "compose" / "prometheus.yml"


@pytest.fixture(scope="module")
def program() -> str:
    """The program, or a skip with its reason."""
    found = promtool()
    if found is None:
        assert os.environ.get(REQUIRED) != "1", f"{REQUIRED}=1, but promtool is not found"
        pytest.skip("promtool not found: install Debian's package prometheus, or name the program in BOTHWAYS_PROMTOOL")
    return found


@pytest.fixture
def scraped() -> Iterator[bytes]:
    """What Prometheus would read over HTTP, with a series of every metric."""
    topology = build()
    telemetry = Telemetry(topology)
    for metric in METRICS:
        if metric.labels:
            labels = {label.name: min(str(value) for value in label.values(topology)) for label in metric.labels}
            telemetry.record(metric.name, 1.0, labels)
    with telemetry.serve_metrics(0) as server, urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        yield answer.read()


def test_rules_are_well_formed(program: str) -> None:
    """Prometheus loads them."""
    code, said = run(program, "check", "rules", str(RULES))

    assert 0 == code, said


def test_configuration_of_the_containers_loads_the_rules(program: str, tmp_path: Path) -> None:
    """What docker-compose mounts side by side is a whole configuration."""
    for file in (COMPOSE_CONFIG, RULES):
        shutil.copy(file, tmp_path)

    code, said = run(program, "check", "config", str(tmp_path / COMPOSE_CONFIG.name))

    assert 0 == code, said
    assert "rules found" in said


def test_every_case_of_an_alert_holds(program: str) -> None:
    """Each alert fires where it should, with the words that it should, and stays silent where it should."""
    code, said = run(program, "test", "rules", *map(str, TESTS))

    assert 0 == code, said


def test_expressions_of_the_dashboards_are_read(program: str, tmp_path: Path) -> None:
    """Prometheus takes every panel's expression for one."""
    expressions = [query.expression for dashboard in DASHBOARDS.values() for panel in dashboard.panels for query in panel.queries]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    code, said = run(program, "check", "rules", str(file))

    assert 0 == code, said


def test_metrics_are_named_as_prometheus_wants(program: str, scraped: bytes) -> None:
    """What a scrape gets follows the conventions on names, units and help, and every metric is in it."""
    code, said = run(program, "check", "metrics", stdin=scraped)

    assert (0, "") == (code, said)
    assert [] == [metric.name for metric in METRICS if f"# HELP {metric.name}".encode() not in scraped]
