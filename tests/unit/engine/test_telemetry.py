"""Rules of metrics and logs (engine/telemetry.py)."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import structlog

import engine.telemetry as telemetry_module
from engine.core.effects import StageName
from engine.core.stage import Stage, Topology
from engine.core.table import Table
from engine.telemetry import LOG_FIELDS, METRICS, OTHER_LABEL, Label, MetricKind, Telemetry, configure_logging
from schemas.terms.codes import HrFindingCode

CANARY = "ann.smith@example.org"


@pytest.fixture
def telemetry() -> Telemetry:
    """Metrics of a topology with one table."""
    table = Table(name="people", row_type=object)
    people = Stage(name=StageName.PEOPLE, tables={"people": table}, handlers={}, wakes={})
    return Telemetry(Topology(stages={StageName.PEOPLE: people}))


@pytest.fixture
def fresh_logging() -> Iterator[None]:
    """Leave no logging configuration behind."""
    yield
    structlog.reset_defaults()


def fail_with(message: str) -> None:
    """Raise as a rule would, quoting what it was given."""
    raise ValueError(message)


def lines_of(telemetry: Telemetry, name: str) -> list[str]:
    """Return the samples of one metric, without the series at which nothing has happened yet."""
    lines = telemetry.text().decode().splitlines()
    return [line for line in lines if re.match(rf"{name}[{{ ]", line) and not line.endswith("} 0.0")]


def test_every_metric_of_the_contract_is_in_the_catalogue() -> None:
    """Dashboards and alerts are built on these names."""
    promised = {
        "events_total", "event_processing_seconds", "event_age_seconds", "dead_letters_total", "consumer_lag_records",
        "last_processed_timestamp_seconds", "commit_seconds", "timers_due", "timer_lateness_seconds", "table_rows", "restore_seconds",
        "pairings_total", "active_pairings", "waiting_people", "round_seconds", "round_optimal_ratio", "nudges_total",
        "conflict_exposure_seconds_total", "reciprocity_ratio", "invariant_violations_total",
    }  # fmt: skip

    assert {f"bothways_{name}" for name in promised} <= {spec.name for spec in METRICS}


def test_every_metric_is_named_by_the_rules_of_prometheus() -> None:
    """Counters end in _total and nothing else does; no label can name a person, a pairing or a programme."""
    for spec in METRICS:
        assert (spec.kind is MetricKind.COUNTER) == spec.name.endswith("_total"), spec.name
        assert (spec.kind is MetricKind.HISTOGRAM) == bool(spec.buckets), spec.name
        assert spec.help.endswith("."), spec.name
        assert {label.name for label in spec.labels} <= {
            "type",
            "outcome",
            "topic",
            "code",
            "table",
            "transition",
            "reason",
            "key",
            "route",
            "status",
        }


def test_every_series_of_a_counter_is_there_from_the_start(telemetry: Telemetry) -> None:
    """The first event of a kind is a rise from 0, which an alert sees; a series that begins at 1 has never risen."""
    lines = telemetry.text().decode().splitlines()

    for code in HrFindingCode:
        assert f'bothways_hr_findings_total{{code="{code}"}} 0.0' in lines


def test_a_known_label_value_is_counted_as_itself(telemetry: Telemetry) -> None:
    """Types are those of the published schemas."""
    telemetry.count("bothways_events_total", type="bothways.hr.hired.v1", outcome="applied")
    telemetry.count("bothways_events_total", 2, type="bothways.hr.hired.v1", outcome="applied")

    assert ['bothways_events_total{outcome="applied",type="bothways.hr.hired.v1"} 3.0'] == lines_of(telemetry, "bothways_events_total")


def test_an_unknown_label_value_is_counted_as_other(telemetry: Telemetry) -> None:
    """Whoever sends made-up types can't grow the number of series, nor put a person into one."""
    for type_ in ("bothways.made.up.v1", CANARY, "hr.hired"):
        telemetry.count("bothways_events_total", type=type_, outcome="dead_lettered")

    assert [f'bothways_events_total{{outcome="dead_lettered",type="{OTHER_LABEL}"}} 3.0'] == lines_of(telemetry, "bothways_events_total")


@pytest.mark.parametrize(
    "label", [(spec.name, label) for spec in METRICS for label in spec.labels], ids=lambda pair: f"{pair[0]}-{pair[1].name}"
)
def test_a_closed_set_is_small_and_never_empty(telemetry: Telemetry, label: tuple[str, Label]) -> None:
    """Every series costs the scraper memory for ever; an empty set would count everything as other."""
    values = telemetry.known[label[0]][label[1].name]

    assert 0 < len(values) < 60
    assert OTHER_LABEL not in values


def test_pairings_are_counted_by_the_steps_that_are_published(telemetry: Telemetry) -> None:
    """The steps are the event types of the pairings topic; the state topic repeats them and isn't counted."""
    steps = "proposed activated paused resumed suspended stalled concluding renewed converted lapsed completed ended"

    assert set(steps.split()) == telemetry.known["bothways_pairings_total"]["transition"]


def test_an_unknown_metric_is_a_programming_error(telemetry: Telemetry) -> None:
    """Names exist once, in the catalogue."""
    with pytest.raises(KeyError):
        telemetry.count("bothways_made_up_total")


@pytest.mark.parametrize(
    ("name", "value", "labels", "line"),
    [
        ("bothways_pairings_total", 1.0, {"transition": "activated"}, 'bothways_pairings_total{transition="activated"} 1.0'),
        ("bothways_waiting_people", 7.0, {"reason": "hours"}, 'bothways_waiting_people{reason="hours"} 7.0'),
        ("bothways_round_optimal_ratio", 0.97, {}, "bothways_round_optimal_ratio 0.97"),
        ("bothways_reciprocity_ratio_sum", 0.4, {}, "bothways_reciprocity_ratio_sum 0.4"),
    ],
)
def test_a_note_of_the_core_is_recorded_by_the_kind_of_its_metric(
    telemetry: Telemetry, name: str, value: float, labels: dict[str, str], line: str
) -> None:
    """A rule says what happened; the catalogue knows how the metric moves."""
    telemetry.record(name.removesuffix("_sum"), value, labels)

    assert [line] == lines_of(telemetry, name)


def test_metrics_without_labels_are_there_from_the_start(telemetry: Telemetry) -> None:
    """An alert on a counter that has never moved needs its zero."""
    assert ["bothways_invariant_violations_total 0.0"] == lines_of(telemetry, "bothways_invariant_violations_total")


def test_two_engines_in_one_process_do_not_share_metrics(telemetry: Telemetry) -> None:
    """Each has a registry of its own."""
    other = Telemetry(Topology(stages={}))

    telemetry.count("bothways_invariant_violations_total")

    assert ["bothways_invariant_violations_total 0.0"] == lines_of(other, "bothways_invariant_violations_total")


def test_metrics_are_served_until_closed(telemetry: Telemetry) -> None:
    """Port 0 draws a free one; closing frees it."""
    with telemetry.serve_metrics(0) as server:
        url = f"http://127.0.0.1:{server.port}/metrics"
        with urlopen(url, timeout=10) as answer:
            assert b"bothways_timers_due 0.0" in answer.read()

    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=10)


def test_every_note_of_the_core_names_a_metric_of_the_catalogue() -> None:
    """Rules can't import the catalogue, so their spelling is checked from outside: full names, written as literals."""
    known = {spec.name for spec in METRICS}
    notes = [
        node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else ast.unparse(node)
        for path in sorted(Path(telemetry_module.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note"
    ]

    assert len(set(notes)) > 5
    assert [] == [note for note in notes if note not in known]


@pytest.mark.usefixtures("fresh_logging")
def test_a_log_line_is_json_with_a_utc_instant(capsys: pytest.CaptureFixture[str]) -> None:
    """One line per entry on standard error; standard output belongs to the commands."""
    configure_logging()

    structlog.get_logger().info("round_completed", programme_id="grads", count=12)

    captured = capsys.readouterr()
    entry = json.loads(captured.err)
    assert "" == captured.out
    assert ("round_completed", "info", "grads", 12) == (entry["event"], entry["level"], entry["programme_id"], entry["count"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", entry["timestamp"])


@pytest.mark.usefixtures("fresh_logging")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_nothing_of_a_person_reaches_the_log(capsys: pytest.CaptureFixture[str], log_format: str) -> None:
    """Fields outside the list, names built at run time and exceptions' messages are all ways to leak; none is open."""
    configure_logging("debug", log_format)
    log = structlog.get_logger()
    built_at_run_time = f"hired {CANARY}"

    log.info("hired", person_id=CANARY, payload={"email": CANARY}, count=1)
    log.info(built_at_run_time)
    log.warning("refused", code={"nested": CANARY})
    try:
        fail_with(CANARY)
    except ValueError:
        log.exception("step_failed", topic="hr.people.v1")

    text = capsys.readouterr().err
    assert CANARY not in text
    assert 4 == len(text.splitlines())
    assert "ValueError" in text


@pytest.mark.usefixtures("fresh_logging")
def test_a_value_can_not_start_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends and control characters become spaces, and a long value is cut."""
    configure_logging("info", "console")

    structlog.get_logger().info("read", topic="x\r\nfake line\x1b[31m" + "y" * 1_000)

    text = capsys.readouterr().err
    assert 1 == len(text.splitlines())
    assert "\x1b" not in text
    assert len(text) < 400


@pytest.mark.usefixtures("fresh_logging")
def test_the_same_failure_has_the_same_hash_whatever_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    """The hash names the place, so that one defect can be counted without seeing its data."""
    configure_logging()

    for message in ("first", "second"):
        try:
            fail_with(message)
        except ValueError:
            structlog.get_logger().exception("step_failed")

    entries: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert entries[0]["error_hash"] == entries[1]["error_hash"]


@pytest.mark.usefixtures("fresh_logging")
def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """The level is a setting."""
    configure_logging("warning")

    structlog.get_logger().info("read")

    assert "" == capsys.readouterr().err


def test_no_allowed_field_can_name_a_person() -> None:
    """Ids of people, pairings, sessions and nudges stay out of the log."""
    assert not {name for name in LOG_FIELDS if re.search(r"person|people|pairing|session|nudge|name|payload|message|data$", name)}
