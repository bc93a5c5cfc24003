"""What an expression of Prometheus asks for, held against the metric catalogue.

Reads selectors alone (`name{label="value"}`), which is all that can be wrong about the catalogue; whether an expression is one at all is
promtool's to say.
"""

import re
from collections.abc import Iterator
from typing import Final

from engine.telemetry import METRIC_PREFIX, METRICS, MetricKind
from engine.topology import build

ADDED_BY_SCRAPES: Final = frozenset({"job", "instance"})
"""Labels that Prometheus gives to every series."""
MADE_BY_SCRAPES: Final = frozenset({"up"})
"""Series that Prometheus makes by itself."""
_SUFFIXES: Final = ("_bucket", "_sum", "_count")
_SELECTOR: Final = re.compile(rf"\b(up|{METRIC_PREFIX}[a-z0-9_]+)(?:\{{([^}}]*)\}})?")
_MATCHER: Final = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')


def series_of_catalogue() -> dict[str, dict[str, frozenset[str]]]:
    """Return every series that the engine has → its labels → their closed sets; an empty set is an open one."""
    topology = build()
    found: dict[str, dict[str, frozenset[str]]] = {}
    for metric in METRICS:
        labels = {label.name: frozenset(str(value) for value in label.values(topology)) for label in metric.labels}
        if metric.kind is MetricKind.HISTOGRAM:
            bounds = frozenset([*(str(bound) for bound in metric.buckets), "+Inf"])
            found |= {f"{metric.name}{suffix}": {"le": bounds} if suffix == "_bucket" else {} for suffix in _SUFFIXES}
        else:
            found[metric.name] = labels
    return found


def metrics_in(expression: str) -> frozenset[str]:
    """Return the series that an expression names."""
    return frozenset(name for name, _ in _SELECTOR.findall(expression))


def faults_in(expression: str) -> Iterator[str]:
    """Yield what an expression asks for that no process ever answers: a series, a label or a label's value."""
    catalogue = series_of_catalogue()
    for name, matchers in _SELECTOR.findall(expression):
        if name in MADE_BY_SCRAPES:
            continue
        if name not in catalogue:
            yield f"no series {name}"
            continue
        for label, operator, wanted in _MATCHER.findall(matchers):
            if label in ADDED_BY_SCRAPES:
                continue
            if label not in catalogue[name]:
                yield f"{name} has no label {label}"
            elif not _is_met(operator, wanted, catalogue[name][label]):
                yield f"{name} never has {label}{operator}{wanted}"


def _is_met(operator: str, wanted: str, values: frozenset[str]) -> bool:
    """Say whether what a matcher names is among the values; of alternatives each."""
    if operator in {"=", "!="}:
        return wanted in values
    return all(any(re.fullmatch(one, value) for value in values) for one in wanted.split("|"))
