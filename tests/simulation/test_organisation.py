"""Rules of the simulated organisation and of the load for benchmarks (engine/simulation)."""

from collections import Counter

import pytest

from engine.simulation.load import hires, mixed_events
from engine.simulation.people.organisation import BAND_SHARES, organisation
from engine.simulation.year import START_AT


@pytest.mark.parametrize("people", [1, 2, 9, 300])
def test_the_manager_tree_has_one_root_and_no_cycle(people: int) -> None:
    """simulation.G2: following managers upwards ends at the same person from everybody."""
    staff = organisation(people, 3).by_id
    roots = set()
    for person_id in staff:
        here, steps = person_id, 0
        while (above := staff[here].employee.manager_id) is not None:
            here, steps = above, steps + 1
            assert steps < people
        roots.add(here)

    assert 1 == len(roots)


def test_nobody_reports_to_somebody_who_joins_later() -> None:
    """simulation.G3: a newcomer has no reports."""
    everybody = organisation(300, 5).people
    newcomers = {person.person_id for person in everybody if person.employee.hired_on > START_AT.date()}

    assert newcomers
    assert not newcomers & {person.employee.manager_id for person in everybody}


def test_everybody_offers_and_wants_and_nobody_wants_what_they_offer() -> None:
    """All generations teach and learn; the bands have their shares."""
    everybody = organisation(3_000, 1).people
    bands = Counter(person.employee.band for person in everybody)

    assert all(person.profile.offers and person.profile.wants for person in everybody)
    assert not any({o.topic for o in p.profile.offers} & {w.topic for w in p.profile.wants} for p in everybody)
    assert all(abs(bands[band] / 30 - share) < 3 for band, share in enumerate(BAND_SHARES))


def test_hires_cover_everybody_once_in_no_order_of_rank() -> None:
    """A feed names some reports before their managers."""
    events = list(hires(200, 1))
    at = {event["data"]["person_id"]: number for number, event in enumerate(events)}
    early = [event for event in events if at.get(event["data"].get("manager_id"), -1) > at[event["data"]["person_id"]]]

    assert 200 == len(at) == len(events)
    assert early


def test_mixed_events_give_the_number_asked_for_in_order_of_time() -> None:
    """A benchmark gets what it asked for, with ids that never repeat."""
    events = list(mixed_events(5_000, 1, 100))
    times = [event["time"] for event in events]

    assert 5_000 == len({event["id"] for event in events}) == len(events)
    assert sorted(times) == times
