"""Many people of one programme, told as a story. Nobody is there at the start; the words for what people do are those of a pair's story."""

from collections.abc import Iterable
from typing import Any, Final

from engine.core.effects import StageName
from engine.core.table import Table
from engine.programme import tables
from engine.programme.rounds.programme import Programme
from engine.testing import TopologyDriver
from tests import builders
from tests.builders import PROGRAMME, offer, want
from tests.topology.stories.pair_story import POLICY, START, PairStory

DAILY: Final = {"round_every_days": 1}
"""Rounds every day at 06:00 UTC, for stories that let days pass."""


class ProgrammeStory(PairStory):
    """A programme without people yet."""

    def __init__(self, **policy: Any) -> None:
        TopologyDriver.__init__(self)
        self.now = START
        self._n = 0
        self.policy = {**POLICY, **policy}
        self.tell(builders.programme_created(self.now, policy=self.policy))

    def joins(self, person_id: str, teaches: str | None, learns: str | None, *, hired: bool = True, **data: Any) -> None:
        """Somebody is hired and enrols, at the highest level, without any knowledge of what it wants to learn."""
        hr = {name: data.pop(name) for name in ("department", "manager_id", "dotted_line_ids", "timezone", "job_level") if name in data}
        if hired:
            self.tell(builders.hired(person_id, self.now, **hr))
        offers = [offer(topic, 3) for topic in (teaches or "").split()]
        wants = [want(topic) for topic in (learns or "").split()]
        self.tell(builders.enrolled(person_id, self.now, offers=offers, wants=wants, **data))

    def join_in_twos(self, *pairs: tuple[str, str], **data: Any) -> None:
        """Of each two, the first teaches strategy and the second Python, which the other wants to learn."""
        for first, second in pairs:
            self.joins(first, "strategy", "python", **data)
            self.joins(second, "python", "strategy", **data)

    def rehearses(self) -> dict[str, Any]:
        """Ask for a dry run and return what it publishes."""
        self.tell(builders.round_requested(self.now, dry_run=True))
        return self.rounds()[-1]

    # What can be seen

    @property
    def programme(self) -> Programme:
        """The programme's row."""
        row = self.row(StageName.PROGRAMMES, tables.PROGRAMMES, PROGRAMME)
        assert isinstance(row, Programme)
        return row

    def rounds(self) -> list[dict[str, Any]]:
        """The bodies of all round reports, rehearsals included."""
        return [event["data"] for event in self.read(type_="round.completed")]

    def proposals(self) -> list[dict[str, Any]]:
        """The bodies of all proposals."""
        return [event["data"] for event in self.read(type_="pairing.proposed")]

    def proposed(self) -> list[tuple[str, ...]]:
        """Who was proposed to whom, in order."""
        return [tuple(side["person_id"] for side in proposal["people"]) for proposal in self.proposals()]

    def pairing_of(self, *people: str) -> str:
        """The id of the last proposal of two people."""
        by_people = dict(zip(self.proposed(), self.proposals(), strict=True))
        found: str = by_people[tuple(sorted(people))]["pairing_id"]
        return found

    def activates(self, *people: str) -> str:
        """Let both accept the last proposal between them."""
        pairing_id = self.pairing_of(*people)
        for person_id in people:
            self.answers(person_id, "accept", pairing_id=pairing_id)
        return pairing_id

    def refusals(self) -> list[tuple[str, str]]:
        """Type (in short form) and code of all refused commands."""
        bodies = [event["data"] for event in self.read(type_="command.refused")]
        return [(body["type"].removeprefix("bothways.").removesuffix(".v1"), body["code"]) for body in bodies]

    def recorded(self) -> list[str]:
        """Types (in short form) of all commands that were carried out."""
        bodies = [event["data"] for event in self.read(type_="command.recorded")]
        return [body["type"].removeprefix("bothways.").removesuffix(".v1") for body in bodies]

    def rows_of_people(
        self, tables_of_interest: Iterable[Table[Any]] = (tables.PROGRAMMES, tables.PARTICIPANTS, tables.PAIRINGS, tables.BARS)
    ) -> Any:
        """Everything that the programme knows, to compare."""
        rows = self.rows(StageName.PROGRAMMES)
        return {table.name: dict(rows.scan(table, "")) for table in tables_of_interest}


def two_ready(**policy: Any) -> ProgrammeStory:
    """Ann and Bob could be proposed to each other."""
    story = ProgrammeStory(**policy)
    story.join_in_twos(("ann", "bob"))
    return story


def lonely(**data: Any) -> ProgrammeStory:
    """Ann is ready, and nobody else is there."""
    story = ProgrammeStory(**DAILY)
    story.joins("ann", "strategy", "python", **data)
    return story
