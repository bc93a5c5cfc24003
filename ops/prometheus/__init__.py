"""Alert rules over the metric catalogue, each with tests of its own, and where `promtool`, which checks both, is found."""
