"""Rules of the dashboards (ops/grafana): written from code, asking for series that exist, leaving none of them out."""

import itertools
import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from engine.telemetry import METRICS
from ops.grafana.__main__ import FILES, HERE
from ops.grafana.dashboards import DASHBOARDS
from ops.prometheus.expressions import faults_in, metrics_in

ROOT: Final = Path(__file__).parent.parent.parent.parent
EXPRESSIONS: Final = [
    pytest.param(query.expression, id=f"{dashboard.uid}: {panel.title}")
    for dashboard in DASHBOARDS.values()
    for panel in dashboard.panels
    for query in panel.queries
]


def model(name: str) -> dict[str, Any]:
    """Read a committed file."""
    found: dict[str, Any] = json.loads((HERE / name).read_text("utf-8"))
    return found


def test_files_are_what_the_code_says() -> None:
    """Drift fails here; `python -m ops.grafana write` mends it."""
    assert [] == FILES.stale()


def test_stale_files_are_named(tmp_path: Path) -> None:
    """`check` says which one to look at."""
    FILES.write(tmp_path)
    (tmp_path / "flow.json").write_text("{}")

    assert ["flow.json"] == FILES.stale(tmp_path)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_panel_asks_for_series_that_exist(expression: str) -> None:
    """Series, labels and values are those of the catalogue; a panel on anything else stays empty."""
    assert metrics_in(expression)
    assert [] == list(faults_in(expression))


def test_every_metric_is_shown_somewhere() -> None:
    """What is measured can be looked at."""
    shown = {name for parameters in EXPRESSIONS for name in metrics_in(str(parameters.values[0]))}

    assert [] == [metric.name for metric in METRICS if not any(name.startswith(metric.name) for name in shown)]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_fill_the_page_without_overlap(name: str) -> None:
    """Every panel has a number of its own and a place inside of the page that no other one touches."""
    panels = model(name)["panels"]

    cells = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in panels)
    ]
    assert len(panels) > 1
    assert list(range(1, len(panels) + 1)) == [panel["id"] for panel in panels]
    assert all(x < 24 for place in cells for x, _ in place)
    assert not any(one & other for one, other in itertools.combinations(cells, 2))


def test_containers_show_every_dashboard() -> None:
    """Each file is mounted where Grafana is told to look, and the provider is mounted, too."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    mounts = dict(volume.split(":")[:2] for volume in compose["services"]["grafana"]["volumes"])
    provider = yaml.safe_load((ROOT / "ops/kafka/compose/dashboards.yml").read_text("utf-8"))["providers"][0]

    assert {f"./ops/grafana/pages/{name}": f"{provider['options']['path']}/{name}" for name in DASHBOARDS}.items() <= mounts.items()
    assert "./ops/kafka/compose/dashboards.yml" in mounts
