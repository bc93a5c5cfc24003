"""What the two dashboards show. One looks at the machinery, one at the programme; neither can name a person, since no label does."""

from typing import Final

from ops.grafana.panels import Dashboard, Panel, Query, Unit

_LATENCY: Final = "histogram_quantile({share}, sum by (le) (rate(bothways_{name}_bucket[5m])))"


def _quantiles(name: str) -> tuple[Query, ...]:
    return tuple(Query(_LATENCY.format(share=share, name=name), f"{share:.0%}") for share in (0.5, 0.99))


def _a_day(name: str, by: str) -> Query:
    return Query(f"sum by ({by}) (increase(bothways_{name}[1d])) > 0", f"{{{{{by}}}}}")


FLOW: Final = Dashboard(
    uid="bothways-flow",
    title="Bothways: flow and reliability",
    says="For who keeps it running: is everything handled, in time, once?",
    panels=(
        Panel("Processes that answer", (Query('sum(up{job="bothways"})'),), is_figure=True),
        Panel("Records that wait", (Query("sum(bothways_consumer_lag_records)"),), is_figure=True),
        Panel("Dead letters, last day", (Query("sum(increase(bothways_dead_letters_total[1d]))"),), is_figure=True),
        Panel("Assertions that failed", (Query("sum(bothways_invariant_violations_total)"),), is_figure=True, bad_from=1),
        Panel("Events by outcome", (Query("sum by (outcome) (rate(bothways_events_total[5m]))", "{{outcome}}"),), Unit.PER_SECOND),
        Panel("Events by type", (Query("topk(8, sum by (type) (rate(bothways_events_total[5m])))", "{{type}}"),), Unit.PER_SECOND),
        Panel("Lag by topic", (Query("sum by (topic) (bothways_consumer_lag_records) > 0", "{{topic}}"),)),
        Panel(
            "Age of the newest record",
            (Query("time() - max by (topic) (bothways_last_processed_timestamp_seconds)", "{{topic}}"),),
            Unit.SECONDS,
        ),
        Panel("Dead letters by code", (_a_day("dead_letters_total", "code"),)),
        Panel("Commit", _quantiles("commit_seconds"), Unit.SECONDS),
        Panel("Handling of one event (embedded)", _quantiles("event_processing_seconds"), Unit.SECONDS),
        Panel("From happening to arriving", _quantiles("event_age_seconds"), Unit.SECONDS),
        Panel("Timers due", (Query("sum by (instance) (bothways_timers_due)", "{{instance}}"),)),
        Panel("Lateness of timers", _quantiles("timer_lateness_seconds"), Unit.SECONDS),
        Panel("Restoring tables (Kafka)", _quantiles("restore_seconds"), Unit.SECONDS),
        Panel("Erasure pending (embedded)", (Query("max by (instance) (bothways_erasures_pending)", "{{instance}}"),)),
        Panel(
            "Requests by address (HTTP)", (Query("sum by (route) (rate(bothways_http_requests_total[5m]))", "{{route}}"),), Unit.PER_SECOND
        ),
        Panel("Requests refused, by code (HTTP)", (_a_day("http_refusals_total", "code"),)),
        Panel("Time of a request (HTTP)", _quantiles("http_request_seconds"), Unit.SECONDS),
        Panel("Rows by table", (Query("sum by (table) (bothways_table_rows) > 0", "{{table}}"),)),
    ),
)

PROGRAMME: Final = Dashboard(
    uid="bothways-programme",
    title="Bothways: programme",
    says="For coordinators: do pairs form and last, are people waiting, is anybody told too much? All programmes together.",
    panels=(
        Panel("Pairs that are active", (Query("sum(bothways_active_pairings)"),), is_figure=True),
        Panel("Proposals, last 7 days", (Query('sum(increase(bothways_pairings_total{transition="proposed"}[7d]))'),), is_figure=True),
        Panel("Last round, of its bound", (Query("min(bothways_round_optimal_ratio > 0)"),), Unit.SHARE, is_figure=True),
        Panel("Nudges held by the breaker", (Query('sum(bothways_table_rows{table="parked"})'),), is_figure=True, bad_from=1),
        Panel("Steps of pairings a day", (_a_day("pairings_total", "transition"),)),
        Panel("Why people wait", (Query("sum by (reason) (bothways_waiting_people) > 0", "{{reason}}"),)),
        Panel("Nudges a day, by what became of them", (_a_day("nudges_total", "outcome"),)),
        Panel(
            "Nudges a day, by kind",
            (Query('sum by (key) (increase(bothways_nudges_total{outcome="requested"}[1d])) > 0', "{{key}}"),),
        ),
        Panel(
            "Evenness of pairs that ended, last 90 days",
            (Query("histogram_quantile(0.5, sum by (le) (increase(bothways_reciprocity_ratio_bucket[90d])))", "median"),),
            Unit.SHARE,
        ),
        Panel(
            "Pairs open beside a line of power, a day",
            (Query("sum(increase(bothways_conflict_exposure_seconds_total[1d]))", "exposure"),),
            Unit.SECONDS,
        ),
        Panel("Time of a round", _quantiles("round_seconds"), Unit.SECONDS),
        Panel("Odd things in the feed by code, a day", (_a_day("hr_findings_total", "code"),)),
        Panel("Cycles of managers in the feed, a day", (Query("sum(increase(bothways_line_cycles_total[1d]))", "people"),)),
    ),
)

DASHBOARDS: Final = {"flow.json": FLOW, "programme.json": PROGRAMME}
"""File → dashboard."""
