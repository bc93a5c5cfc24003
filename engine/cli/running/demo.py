"""`bothways demo`: a synthetic organisation plays a programme year through the embedded engine.

Each simulated day the people of the organisation act on what the engine has published; the engine takes that in data time and fires what
is due, and the next day begins. The data directory is left for every other command to look into, with the report in it.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from engine.cli.exits import Misused, Refused
from engine.cli.looking.report import write_report
from engine.cli.options import DEFAULTS, Options, opened
from engine.cli.output import ProgressBar, plain, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from engine.core.execution import Transition
    from engine.runtimes.embedded.engine import EmbeddedEngine
    from engine.simulation.year import ProgrammeYear

STEP: Final = timedelta(days=1)
DEMO_SALT: Final = b"demo"
"""Names of pairings, lots and with them everything follow from the salt; nobody in a demo is real."""
PEOPLE_MIN: Final = 2
DEMO_PEOPLE_MAX: Final = 100_000
MONTHS_MAX: Final = 120


def demo(
    *,
    people: Annotated[int, Parameter(help="How many people the organisation has.")] = 300,
    seed: Annotated[int, Parameter(help="Another number is another organisation.")] = 1,
    months: Annotated[int, Parameter(help="How long it plays.")] = 12,
    open_: Annotated[bool, Parameter(name="--open", negative="", show_default=False, help="Open the report in a browser.")] = False,
    options: Options = DEFAULTS,
) -> None:
    """Build an organisation, play a programme year from 2025-01-06 through the engine, and say what happened."""
    if not PEOPLE_MIN <= people <= DEMO_PEOPLE_MAX or not 1 <= months <= MONTHS_MAX:
        raise Misused(f"demo: --people must be {PEOPLE_MIN} to {DEMO_PEOPLE_MAX:,} and --months 1 to {MONTHS_MAX}")
    directory = options.directory()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(f"{directory} is not empty; name another directory with --data")
    from engine.simulation.summary import summarise
    from engine.simulation.year import START_AT, ProgrammeYear

    with ExitStack() as stack:
        bar = stack.enter_context(ProgressBar("playing"))
        year = ProgrammeYear(people, seed, months)
        play = Play(year)
        engine = stack.enter_context(opened(options, is_made=True, own_salt=DEMO_SALT, clock=lambda: play.now))
        engine.observe(play.notice)
        for at in play.days(engine):
            bar.show((at - START_AT).days, play.told(), total=(year.end_at - START_AT).days)
        summary = summarise(published(engine), year.organisation)
        seconds = bar.seconds
    _, report = write_report(options)
    if options.json:
        print_json({"people": people, "seed": seed, "months": months, "events": play.events_count, **plain(asdict(summary))})
    else:
        from engine.cli.running.demo_summary import print_summary

        title, done = f"a programme year, to {play.now:%Y-%m-%d}", f"{play.events_count:,}"
        print_summary(summary, title=title, done=done, seconds=seconds, commands=_commands(play, directory))
        print(f"  the report: {report}")
    if open_ and has_display(os.environ, sys.platform):
        import webbrowser

        webbrowser.open(report.as_uri())


class Play:
    """One year on its way through the engine: the simulated clock, what people have not read yet, and the counts so far."""

    def __init__(self, year: "ProgrammeYear") -> None:
        from engine.simulation.year import START_AT

        self.now: datetime = START_AT
        self.events_count = 0
        self.counts: Counter[str] = Counter()
        """Published events so far, by short type; inputs by their type as well."""
        self.latest_pairing_id: str | None = None
        """Of the pair that formed last."""
        self.programme_ids = tuple(programme.programme_id for programme in year.programmes)
        self._year = year
        self._unread: list[dict[str, Any]] = []

    def days(self, engine: "EmbeddedEngine") -> "Iterator[datetime]":
        """Play until the end. Yields the instant reached after each day."""
        self._take(engine, self._year.start_events())
        while self.now < self._year.end_at:
            self.now = min(self.now + STEP, self._year.end_at)
            unread, self._unread = self._unread, []
            self._take(engine, self._year.events_until(self.now, unread))
            engine.tick(self.now)
            yield self.now

    def notice(self, transition: "Transition") -> None:
        """Keep what people will read tomorrow, in the order of publication."""
        import msgspec

        for output in transition.outputs:
            if output.data is not None:
                kind = str(output.attributes["type"])
                self.counts[kind] += 1
                if kind == "bothways.pairing.activated.v1":
                    self.latest_pairing_id = output.key
                if kind.startswith(("bothways.pairing.", "bothways.nudge.")):
                    self._unread.append({**output.attributes, "data": msgspec.json.decode(output.data)})

    def told(self) -> str:
        """Say in one line where the year stands."""
        counts = self.counts
        return (
            f"{self.now:%Y-%m-%d} · {counts['bothways.hr.hired.v1']:,} people · {counts['bothways.pairing.activated.v1']:,} pairs · "
            f"{counts['bothways.session.completed.v1']:,} sessions · {counts['bothways.nudge.requested.v1']:,} nudges"
        )

    def _take(self, engine: "EmbeddedEngine", events: list[dict[str, Any]]) -> None:
        import msgspec

        self.events_count += len(events)
        self.counts.update(event["type"] for event in events)
        engine.ingest(map(msgspec.json.encode, events))


def published(engine: "EmbeddedEngine") -> "Iterator[dict[str, Any]]":
    """Yield every published event as it is stored."""
    import msgspec

    from schemas.topics import OUTPUT_TOPICS

    for topic in OUTPUT_TOPICS:
        for record in engine.outputs(topic.name):
            if record.value is not None:
                yield msgspec.json.decode(record.value)


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Say whether a browser opened here would be seen by anybody."""
    return platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _commands(play: Play, directory: "Path") -> list[str]:
    place = f"--data {directory}"
    about_pair = [f"bothways explain {play.latest_pairing_id} --check {place}"] if play.latest_pairing_id else []
    return [
        *about_pair,
        f"bothways inspect programme {play.programme_ids[0]} {place}",
        f"bothways round {play.programme_ids[0]} --dry-run {place}",
        f"bothways tail mentorship.nudges.v1 {place}",
        f"bothways verify {place}",
    ]
