"""Where the id of somebody is found, and a programme in which one person is named in every way there is."""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from engine.core.effects import StageName
from engine.core.execution import Outcome, Output
from engine.testing import TopologyDriver
from tests import builders
from tests.topology.stories.pair_story import PairStory
from tests.topology.stories.programme_story import ProgrammeStory

PAT: Final = "pat-4711"
"""Whoever is erased: an id that is part of no other word."""
XEN: Final = "xen"
"""Pat's partner."""
YAN: Final = "yan"
"""Pat's partner of before."""


def tables_of(driver: TopologyDriver) -> Iterator[tuple[str, str, Any]]:
    """Yield (table, key, row) of every row of every stage."""
    for stage in StageName:
        for table, rows in sorted(driver.store.rows(stage).tables.items()):
            for key, row in sorted(rows.items()):
                yield f"{stage}/{table}", key, row


def rows_naming(driver: TopologyDriver, person_id: str = PAT) -> list[str]:
    """Return `<table> <key>` of each row whose bytes hold an id, the key included."""
    return [f"{table} {key}" for table, key, row in tables_of(driver) if person_id.encode() in key.encode() + msgspec.json.encode(row)]


def outputs_naming(outputs: list[Output], person_id: str = PAT) -> list[str]:
    """Return type and body of each output whose bytes hold an id."""
    found = [json.dumps([output.topic, output.key, output.attributes, (output.data or b"").decode()]) for output in outputs]
    return [text for text in found if person_id in text]


def named_everywhere(**policy: Any) -> ProgrammeStory:
    """Pat leads, is led, is excluded, forbidden and locked, has a partner and had one, with sessions, feedback and nudges that wait."""
    story = ProgrammeStory(**{"past_partner_allowed": False, "capacity_max": 5, **policy})
    story.tell(builders.hired("boss", story.now))
    story.joins(PAT, "strategy", "python", manager_id="boss", dotted_line_ids=["una"], experience_band=3, capacity=3)
    story.joins(YAN, "python", "strategy", experience_band=0)
    story.round().activates(PAT, YAN)
    story.says(YAN, "end")
    story.joins(XEN, "python", "strategy", experience_band=0)
    story.round().activates(PAT, XEN)
    story.books("s0", by=PAT, days=1)
    story.cancels("s0", by=PAT)
    story.holds("s1", ("strategy", PAT), ("python", XEN))
    story.feedback(PAT, session_id="s1")
    story.joins("rex", "storytelling", "python", manager_id=PAT)
    story.joins("sub", "storytelling", "python", manager_id="rex")
    story.joins("dot", "storytelling", "python", dotted_line_ids=[PAT, "una"])
    story.tell(builders.role_changed("una", story.now, effective_on="2026-01-01", manager_id=PAT))
    story.joins("vic", "storytelling", "python", exclude=[PAT, "una"])
    story.tell(builders.pairing_forbidden(story.now, [PAT, "wes"]))
    story.tell(builders.pairing_locked(story.now, [PAT, "vic"]))
    return story.after(minutes=5)


def erased(story: PairStory, person_id: str = PAT) -> list[str]:
    """Erase somebody now. Returns what is published from here on that holds the id."""
    before = len(story.store.outputs)
    assert Outcome.APPLIED is story.tell(builders.erased(person_id, story.now))
    return outputs_naming(story.store.outputs[before:], person_id)
