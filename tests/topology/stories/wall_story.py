"""The stories of a pair and of a programme over the embedded engine in wall time: a clock that jumps, and a process that stops.

The words are those of the other stories. The clock is a value that the story sets, forwards or back; nothing sleeps.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from engine.core.cascade import TimeMode
from engine.core.effects import Rows, StageName
from engine.core.execution import Outcome
from engine.core.table import SEEN, RowT, Table
from engine.runtimes.embedded.answers import InputAnswer
from engine.runtimes.embedded.engine import EmbeddedEngine
from engine.settings import Settings
from engine.testing import TopologyDriver
from engine.topology import build
from schemas.topics import OUTPUT_TOPICS
from tests import builders
from tests.topology.stories.pair_story import POLICY, START, PairStory
from tests.topology.stories.programme_story import ProgrammeStory

SETTINGS: Final = Settings.model_validate({"salt": "of a test"})
MINUTE: Final = timedelta(minutes=1)
TIMED: Final = tuple(
    (stage.name, stage.tables[name]) for stage in build().stages.values() for name in sorted(stage.wakes) if name != SEEN.name
)


class WallClock(TopologyDriver):
    """The driver's interface over an engine with a directory, in wall time."""

    directory: Path
    now: datetime
    answered: InputAnswer
    """What the last event came to."""

    def __init__(self) -> None:
        self.starts()

    def starts(self) -> None:
        """Start the process over what the directory holds."""
        self.engine = EmbeddedEngine(self.directory, SETTINGS, mode=TimeMode.WALL, clock=lambda: self.now)

    def stops(self) -> None:
        """End the process; what was taken is durable."""
        self.engine.commit()
        self.engine.close()

    def is_down(self, **span: float) -> None:
        """Stop, let so much time pass, start again, and let the clock tick once."""
        self.stops()
        self.now += timedelta(**span)
        self.starts()
        self.advance(self.now)

    def pipe(self, *events: Mapping[str, Any] | bytes, received_at: datetime | None = None) -> Outcome:
        """Take events at what the clock shows."""
        outcome = Outcome.APPLIED
        for event in events:
            value = event if isinstance(event, bytes) else json.dumps(event).encode()
            self.answered = self.engine.offer(value, received_at or self.now)
            outcome = self.answered.outcome
        return outcome

    def advance(self, to: datetime) -> None:
        """Let the clock tick at an instant, until nothing is due."""
        while self.engine.tick_wall(to):
            pass

    def read(self, topic: str | None = None, type_: str | None = None) -> list[dict[str, Any]]:
        """Return published events, topic by topic."""
        self.engine.commit()
        return [
            event
            for name in (topic.name for topic in OUTPUT_TOPICS)
            if topic in {None, name}
            for record in self.engine.outputs(name)
            if record.value is not None and (event := json.loads(record.value))
            if type_ in {None, event["type"].removeprefix("bothways.").removesuffix(".v1")}
        ]

    def timers(self) -> list[datetime]:
        """Return every timer that is set, marks of what was seen aside."""
        rows = [row for stage, table in TIMED for _, row in self.engine.scan(stage, table)]
        return [row.wake_at for row in rows if row.wake_at is not None]

    def rows(self, stage: StageName) -> Rows:
        """Return the rows of one stage."""
        return self.engine.rows(stage)

    def row(self, stage: StageName, table: Table[RowT], key: str) -> RowT | None:
        """Return one row, or None."""
        return self.engine.row(stage, table, key)


class WallPair(PairStory, WallClock):
    """Ann and Bob by the clock."""

    def __init__(self, directory: Path, **policy: Any) -> None:
        self.directory, self.now = directory, START
        super().__init__(**policy)


class WallProgramme(ProgrammeStory, WallClock):
    """Many people by the clock."""

    def __init__(self, directory: Path, **policy: Any) -> None:
        self.directory, self.now, self._n = directory, START, 0
        self.policy = {**POLICY, **policy}
        WallClock.__init__(self)
        self.tell(builders.programme_created(self.now, policy=self.policy))
