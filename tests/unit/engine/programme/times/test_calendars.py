"""Rules of whose calendar holds (engine/programme/times/calendars.py)."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from engine.programme.messages import PersonFacts
from engine.programme.participants.participant import Participant
from engine.programme.rounds.programme import Programme
from engine.programme.times.calendars import deadline, quiet_of, waking_of
from schemas.terms.ids import PersonId, ProgrammeId
from schemas.terms.policy import Policy

AT: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
ANN: Final = PersonId("ann")
HERE: Final = {"id": "here", "locations": ["Site 1"], "holidays": ["2025-01-07"]}
GULF: Final = {"id": "gulf", "timezones": ["Asia/Riyadh"], "weekend": [5, 6]}
FIRM: Final = {"id": "firm", "legal_entities": ["Acme\u0301 Ltd"], "locations": ["Site 1", "Site 2"], "weekend": []}


def programme(*calendars: dict[str, Any], **policy: Any) -> Programme:
    """Build a programme with these calendars."""
    text = Policy.model_validate({"calendars": list(calendars), **policy}).model_dump_json()
    return Programme(programme_id=ProgrammeId("p"), policy_json=text, created_at=AT)


def facts(**said: Any) -> PersonFacts:
    """Build what a programme knows of somebody."""
    return PersonFacts(person_id=ANN, **said)


@pytest.mark.parametrize(
    ("calendars", "said", "weekend", "holidays"),
    [
        ((HERE,), {"location": "site-1"}, (6, 7), ()),
        ((HERE,), {"location": " SITE 1 "}, (6, 7), (date(2025, 1, 7),)),
        ((HERE,), {}, (6, 7), ()),
        ((GULF, HERE), {"location": "Site 1", "timezone": "Asia/Riyadh"}, (5, 6), ()),
        ((HERE, GULF), {"location": "Site 1", "timezone": "Asia/Riyadh"}, (6, 7), (date(2025, 1, 7),)),
        ((FIRM,), {"location": "site 2", "legal_entity": "ACM\u00c9 ltd"}, (), ()),
        ((FIRM,), {"location": "site 3", "legal_entity": "ACM\u00c9 ltd"}, (6, 7), ()),
        (({"id": "all", "weekend": [7]},), {}, (7,), ()),
        (({"id": "utc", "timezones": ["UTC"], "weekend": [1]},), {}, (1,), ()),
    ],
)
def test_first_entry_whose_lists_all_name_the_person_counts(
    calendars: tuple[dict[str, Any], ...], said: dict[str, Any], weekend: tuple[int, ...], holidays: tuple[date, ...]
) -> None:
    """times.L1, times.L2: every list that isn't empty, compared trimmed, case-folded and in one form of Unicode; nothing is added up."""
    quiet = quiet_of(programme(*calendars), facts(**said))

    assert (weekend, holidays) == (quiet.weekend, quiet.holidays)


def test_without_an_entry_the_policy_itself_counts() -> None:
    """times.L1: `quiet_weekends` and `holidays` are for whoever no entry names, coordinators included."""
    found = programme(GULF, quiet_weekends=False, holidays=["2025-01-08"])

    assert ((), (date(2025, 1, 8),)) == (quiet_of(found, facts()).weekend, quiet_of(found, facts()).holidays)
    assert quiet_of(found, facts()) == waking_of(found, None).quiet
    assert "UTC" == waking_of(found, None).zone


def test_two_people_have_until_the_later_of_their_days() -> None:
    """times.L3: a holiday of one site gives both the day."""
    found = programme(HERE)
    anywhere = waking_of(found, None)
    at_site = waking_of(found, Participant(programme_id=found.programme_id, person_id=ANN, facts=facts(location="Site 1")))

    assert datetime(2025, 1, 13, 9, tzinfo=UTC) == deadline(AT, 7, [anywhere, anywhere])
    assert datetime(2025, 1, 14, 9, tzinfo=UTC) == deadline(AT, 7, [anywhere, at_site])
