"""What operators see: the one catalogue of metrics, and log lines that can't leak.

Metrics have closed label sets: a value outside its set is counted as `other`, so no input can grow the number of series, and no label
ever names a person, a pairing or a small group. Log lines pass an allow-list of fields; an exception is logged as its type and a hash
of where it was raised, never with its message, which may quote a payload.

Only runtimes, the web app and commands use this module. Rules return notes (engine/core/effects), which the runtime records here.

Source: decision 0001 (names); guarantees.P8 (no personal data in logs or metrics).
"""

import contextlib
import hashlib
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import product
from pathlib import PurePath
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from engine.core.stage import Topology

METRIC_PREFIX: Final = "bothways_"
OTHER_LABEL: Final = "other"
"""The label of every value outside its closed set."""

FAST_SECONDS: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Buckets of one step or one commit."""
SLOW_SECONDS: Final = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)
"""Buckets of a round or a restore."""
DELAY_SECONDS: Final = (1.0, 60.0, 3600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0)
"""Buckets of how late something is, up to 30 days."""
RATIOS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Buckets of a share."""


class MetricKind(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Label:
    """One label and its closed set of values."""

    name: str
    values: Callable[["Topology"], Iterable[str]]
    """Called when the metrics are registered, so that importing this module stays cheap."""


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric: its name says noun and unit."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds, for histograms only."""


def _event_types(_: "Topology") -> Iterable[str]:
    from schemas.registry import INPUT_TYPES

    return INPUT_TYPES


def _tables(topology: "Topology") -> Iterable[str]:
    return (table for stage in topology.stages.values() for table in stage.tables)


def _topics(_: "Topology") -> Iterable[str]:
    from schemas.topics import ALL_TOPICS

    return (topic.name for topic in ALL_TOPICS)


def _dead_letter_codes(_: "Topology") -> Iterable[str]:
    from schemas.terms.codes import ErrorCode

    return ErrorCode


def _finding_codes(_: "Topology") -> Iterable[str]:
    from schemas.terms.codes import HrFindingCode

    return HrFindingCode


def _outcomes(_: "Topology") -> Iterable[str]:
    from engine.core.execution import Outcome

    return Outcome


def _waiting_reasons(_: "Topology") -> Iterable[str]:
    from engine.matching.eligibility import RULE_CODES
    from schemas.terms.codes import UnmatchedCode

    return (*RULE_CODES, *UnmatchedCode)


def _nudge_keys(_: "Topology") -> Iterable[str]:
    from schemas.terms.codes import NudgeKey

    return NudgeKey


def _nudge_outcomes(_: "Topology") -> Iterable[str]:
    return "requested cancelled suppressed delivered seen acted dismissed failed".split()


def _pairing_transitions(_: "Topology") -> Iterable[str]:
    from schemas.registry import OUTPUT_TYPES
    from schemas.topics import PAIRINGS, topic_of_type

    return (type_.split(".")[2] for type_ in OUTPUT_TYPES if topic_of_type(type_) is PAIRINGS)


def _http_routes(_: "Topology") -> Iterable[str]:
    from schemas.terms.http import RoutePath

    return (*RoutePath, "unknown")


def _problem_codes(_: "Topology") -> Iterable[str]:
    from schemas.terms.http import ProblemCode

    return ProblemCode


def _http_statuses(_: "Topology") -> Iterable[str]:
    return ("2xx", "4xx", "5xx")


def _counter(name: str, text: str, *labels: Label) -> MetricSpec:
    return MetricSpec(METRIC_PREFIX + name, MetricKind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: Label) -> MetricSpec:
    return MetricSpec(METRIC_PREFIX + name, MetricKind.GAUGE, text, labels)


def _histogram(name: str, text: str, buckets: tuple[float, ...]) -> MetricSpec:
    return MetricSpec(METRIC_PREFIX + name, MetricKind.HISTOGRAM, text, buckets=buckets)


_TOPIC: Final = Label("topic", _topics)

METRICS: Final[tuple[MetricSpec, ...]] = (
    _counter("events_total", "Input events handled, by what became of them.", Label("type", _event_types), Label("outcome", _outcomes)),
    _counter("hr_findings_total", "Odd things about HR facts that count all the same.", Label("code", _finding_codes)),
    _histogram("event_processing_seconds", "Time to handle one input event and its hops, without the commit; embedded only.", FAST_SECONDS),
    _histogram("event_age_seconds", "Time from when an event happened to when it was received.", DELAY_SECONDS),
    _counter("dead_letters_total", "Records sent to a dead-letter topic, by reason.", _TOPIC, Label("code", _dead_letter_codes)),
    _gauge("consumer_lag_records", "Records of a topic that are not handled yet; Kafka only.", _TOPIC),
    _gauge("last_processed_timestamp_seconds", "Engine time of the last record handled of a topic, in seconds since 1970.", _TOPIC),
    _histogram("commit_seconds", "Time of one commit, the sync to disk or the broker's answer included.", FAST_SECONDS),
    _gauge("timers_due", "Timers that are due and have not fired yet."),
    _histogram("timer_lateness_seconds", "Time from when a timer was due to when it fired.", DELAY_SECONDS),
    _gauge("erasures_pending", "1 while bytes of somebody who was erased may be in the files, as a reader sees them; embedded only."),
    _gauge("table_rows", "Rows of a table.", Label("table", _tables)),
    _histogram("restore_seconds", "Time to bring the tables back at start or after a rebalance; Kafka only.", SLOW_SECONDS),
    _counter("pairings_total", "Steps in the life of pairings, by the step.", Label("transition", _pairing_transitions)),
    _gauge("active_pairings", "Pairings that are active now."),
    _gauge("waiting_people", "People whom the last rounds left without a proposal, by reason.", Label("reason", _waiting_reasons)),
    _histogram("round_seconds", "Time of one matching round.", SLOW_SECONDS),
    _gauge("round_optimal_ratio", "Score of the last round as a share of the proven upper bound."),
    _counter("nudges_total", "Nudges, by what became of them.", Label("key", _nudge_keys), Label("outcome", _nudge_outcomes)),
    _counter("conflict_exposure_seconds_total", "Time that pairings stayed open while a line of power joined the two people."),
    _histogram("reciprocity_ratio", "How evenly the two sides of a pairing that ended had taught, from 0 to 1.", RATIOS),
    _counter(
        "http_requests_total",
        "Requests answered, by address and class of status.",
        Label("route", _http_routes),
        Label("status", _http_statuses),
    ),
    _counter("http_refusals_total", "Requests refused, by the code of the problem.", Label("code", _problem_codes)),
    _histogram("http_request_seconds", "Time from the head of a request to the end of its answer.", FAST_SECONDS),
    _counter("line_cycles_total", "Times that somebody newly stood in a cycle of managers; a finding about the feed."),
    _counter("invariant_violations_total", "Assertions of the core that failed; every one is a defect."),
)
"""The catalogue. Dashboards, alert rules and the documentation are checked against it."""


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """A running HTTP endpoint for the metrics; close it, or use it as a context manager."""

    server: "WSGIServer"
    thread: Thread

    @property
    def port(self) -> int:
        """The port that it listens on; the one drawn by the system where 0 was asked for."""
        return self.server.server_port

    def close(self) -> None:
        """Stop answering and free the port."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __enter__(self) -> Self:
        """Keep it open for the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()


class Telemetry:
    """The metrics of one engine, in a registry of their own.

    The topology says which tables there are. Another name than those of the catalogue is a programmer's error and raises KeyError;
    another label value counts as `other`.
    """

    def __init__(self, topology: "Topology") -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

        disable_created_metrics()  # type: ignore[no-untyped-call] # they would add a wall time to every series
        self.registry: CollectorRegistry = CollectorRegistry()
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self.known: dict[str, dict[str, frozenset[str]]] = {}
        """Metric → label → its closed set of values."""
        for spec in METRICS:
            names = tuple(label.name for label in spec.labels)
            self.known[spec.name] = {label.name: frozenset(str(value) for value in label.values(topology)) for label in spec.labels}
            match spec.kind:
                case MetricKind.COUNTER:
                    self._counters[spec.name] = counter = Counter(spec.name, spec.help, names, registry=self.registry)
                    for values in product(*(sorted(self.known[spec.name][name]) for name in names)) if names else ():
                        counter.labels(*values)  # there from the start, at 0: the first event is a rise that an alert sees
                case MetricKind.GAUGE:
                    self._gauges[spec.name] = Gauge(spec.name, spec.help, names, registry=self.registry)
                case MetricKind.HISTOGRAM:
                    self._histograms[spec.name] = Histogram(spec.name, spec.help, names, registry=self.registry, buckets=spec.buckets)

    def count(self, name: str, value: float = 1.0, **labels: str) -> None:
        """Add to a counter."""
        counter = self._counters[name]
        (counter.labels(**self._closed(name, labels)) if labels else counter).inc(value)

    def observe(self, name: str, value: float) -> None:
        """Add one observation to a histogram."""
        self._histograms[name].observe(value)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[name]
        (gauge.labels(**self._closed(name, labels)) if labels else gauge).set(value)

    def record(self, name: str, value: float, labels: Mapping[str, str]) -> None:
        """Take a note of the core: a counter counts it, a histogram observes it, a gauge is set to it."""
        if name in self._counters:
            self.count(name, value, **labels)
        elif name in self._gauges:
            self.set(name, value, **labels)
        else:
            self.observe(name, value)

    def text(self) -> bytes:
        """Return everything in the text format that Prometheus reads."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)

    def serve_metrics(self, port: int, host: str = "127.0.0.1") -> MetricsServer:
        """Answer `/metrics` on a port of its own, from a thread of its own."""
        from prometheus_client import start_http_server

        return MetricsServer(*start_http_server(port, host, self.registry))

    def _closed(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        known = self.known[name]
        return {label: value if value in known[label] else OTHER_LABEL for label, value in labels.items()}


LOG_FIELDS: Final = frozenset(
    {"event", "level", "timestamp", "error_type", "error_hash"}
    | {"programme_id", "stage", "table", "topic", "partition", "position", "type", "code", "outcome", "metric"}
    | {"count", "accepted", "duplicates", "dead_lettered", "seconds", "at", "host", "port", "signal", "version", "sqlite", "status"}
)
"""What a log line may hold: opaque ids of programmes, topics, codes and counts. Everything else is dropped."""
LOG_VALUE_LENGTH_MAX: Final = 200
_EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_.]{0,63}")


def configure_logging(level: str = "info", log_format: str = "json") -> None:
    """Set structlog up: one line per entry on standard error.

    Log with a constant snake_case name and allowed fields: `log.info("round_completed", programme_id=…, count=…)`. A name of
    another form is written as `unnamed`, since text built at run time may hold anything.

    Args:
        level: debug, info, warning or error.
        log_format: `json`, or `console` for a terminal.
    """
    import structlog

    renderer = structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_error,
            _keep_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _StderrLogger(),
        cache_logger_on_first_use=False,
    )


class _StderrLogger:
    """Writes lines to standard error; a broken pipe there never stops the engine."""

    def msg(self, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


def _name_error(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put type and place in the place of an exception; its message may quote a payload."""
    error = entry.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        place = "\n".join([type(error).__qualname__, *(f"{PurePath(frame.filename).name}:{frame.name}" for frame in frames)])
        entry["error_type"] = type(error).__qualname__
        entry["error_hash"] = hashlib.blake2b(place.encode(), digest_size=6).hexdigest()
    return entry


def _keep_allowed(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that are not allowed, and whatever could start a new line or fill the disk."""
    kept = {name: _plain(value) for name, value in entry.items() if name in LOG_FIELDS}
    if not _EVENT_NAME.fullmatch(str(kept.get("event", ""))):
        kept["event"] = "unnamed"
    return kept


def _plain(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value) if isinstance(value, (str, datetime)) else type(value).__qualname__
    return "".join(character if character.isprintable() else " " for character in text[:LOG_VALUE_LENGTH_MAX])
