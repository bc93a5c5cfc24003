"""How the benchmark is printed."""

from ops.bench.embedded.figures import Aim, Spread
from ops.bench.embedded.parts import Section
from ops.bench.embedded.report import document, table
from ops.bench.embedded.sample import Sample


def test_missed_aim_is_said() -> None:
    """The table says of every aim whether it was met."""
    section = Section(title="Part")
    section.add("engine ÷ peer", Spread(median=9.0, low=8.0, high=12.0), "×", Aim(bound=10))

    row = table({"cores": 2}, [section]).splitlines()[-1]

    assert "aim at least 10: missed" in row


def test_missing_peer_is_said() -> None:
    """A side that did not run is named, not left out in silence."""
    section = Section(title="Part", remarks=["dbos is not installed"])

    assert "dbos is not installed" in table({}, [section])


def test_document_holds_the_machine_and_every_figure() -> None:
    """What is kept for the next comparison is complete."""
    section = Section(title="Part")
    section.add("rate", Spread(median=1.0, low=1.0, high=1.0), "events/s")

    found = document({"cores": 2}, [section])

    assert {"cores": 2} == found["machine"]
    assert ["rate"] == [figure["name"] for figure in found["sections"][0]["figures"]]


def test_sample_survives_its_journey() -> None:
    """What a run prints is what is read."""
    sample = Sample(events=1, seconds=0.5, cpu_seconds=0.25, outputs=1, peak_rss_bytes=2, data_bytes=3, version="1")

    assert sample == Sample.from_json(sample.to_json())
