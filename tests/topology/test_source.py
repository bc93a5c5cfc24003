"""Given two installations with the same salt and the same input, when each has a name of its own, then they share no id."""

from typing import Any

from engine.testing import TopologyDriver
from schemas.envelope import SOURCE
from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, POLICY, START


def published(source: str) -> list[dict[str, Any]]:
    """What an installation publishes of two people who are proposed to each other."""
    driver = TopologyDriver(source=source)
    driver.pipe(builders.programme_created(START, policy=POLICY))
    for person_id, teaches, learns in ((ANN, "strategy", "python"), (BOB, "python", "strategy")):
        driver.pipe(builders.hired(person_id, START))
        driver.pipe(builders.enrolled(person_id, START, offers=[builders.offer(teaches, 3)], wants=[builders.want(learns)]))
    driver.pipe(builders.round_requested(START))
    return driver.read()


def ids(outputs: list[dict[str, Any]]) -> set[str]:
    """Every id and name in them that the engine made."""
    made = {str(output["id"]) for output in outputs} | {str(output["causation"]) for output in outputs if "causation" in output}
    return made | {str(output["data"][name]) for output in outputs for name in ("pairing_id", "nudge_id") if name in output["data"]}


def test_two_installations_share_no_id() -> None:
    """Staging and production never collide, not in an id of an event, a nudge or a pairing."""
    production, staging = published(SOURCE), published("staging")

    assert len(production) == len(staging) > 5
    assert not ids(production) & ids(staging)


def test_an_installation_signs_what_it_publishes() -> None:
    """With its own name, in every event."""
    assert [{"bothways"}, {"staging"}] == [{output["source"] for output in published(source)} for source in ("bothways", "staging")]
