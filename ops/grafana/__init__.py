"""Dashboards over the metric catalogue, written from a few lines of Python: `python -m ops.grafana write | check`."""
