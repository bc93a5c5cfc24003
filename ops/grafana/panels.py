"""Dashboards as values, and their form in Grafana's JSON model.

Figures stand in a row on top, graphs below them, two abreast. The data source is a variable, so a dashboard can be imported anywhere.

Source: Grafana's dashboard JSON model, schema version 41 (Grafana 12).
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SCHEMA_VERSION: Final = 41
WIDTH: Final = 24
"""Columns of a dashboard."""
FIGURE_HEIGHT: Final = 4
GRAPH_HEIGHT: Final = 8
GRAPH_WIDTH: Final = WIDTH // 2
DATA_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


class Unit(StrEnum):
    """What a value is, in Grafana's words."""

    COUNT = "short"
    SECONDS = "s"
    PER_SECOND = "ops"
    SHARE = "percentunit"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure or graph."""

    title: str
    queries: tuple[Query, ...]
    unit: Unit = Unit.COUNT
    is_figure: bool = False
    """A single number instead of a graph."""
    bad_from: float | None = None
    """The value from which a figure is red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One page."""

    uid: str
    title: str
    says: str
    panels: tuple[Panel, ...]


def page(dashboard: Dashboard) -> str:
    """Write a dashboard as Grafana reads it."""
    return json.dumps(_model(dashboard), indent=1, ensure_ascii=False) + "\n"


def _model(dashboard: Dashboard) -> dict[str, Any]:
    figures = [panel for panel in dashboard.panels if panel.is_figure]
    graphs = [panel for panel in dashboard.panels if not panel.is_figure]
    width = WIDTH // len(figures)
    placed = [(panel, {"x": n * width, "y": 0, "w": width, "h": FIGURE_HEIGHT}) for n, panel in enumerate(figures)]
    for n, panel in enumerate(graphs):
        place = {"x": n % 2 * GRAPH_WIDTH, "y": FIGURE_HEIGHT + n // 2 * GRAPH_HEIGHT, "w": GRAPH_WIDTH, "h": GRAPH_HEIGHT}
        placed.append((panel, place))
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.says,
        "tags": ["bothways"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]},
        "panels": [_panel(panel, number, place) for number, (panel, place) in enumerate(placed, 1)],
    }


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    defaults = {"unit": panel.unit.value, "thresholds": {"mode": "absolute", "steps": steps}}
    return {
        "id": number,
        "title": panel.title,
        "type": "stat" if panel.is_figure else "timeseries",
        "gridPos": place,
        "datasource": DATA_SOURCE,
        "fieldConfig": {"defaults": defaults if panel.is_figure else {**defaults, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": DATA_SOURCE, "expr": query.expression, "legendFormat": query.legend}
            for n, query in enumerate(panel.queries)
        ],
    }
