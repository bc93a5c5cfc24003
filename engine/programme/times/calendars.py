"""Which calendar holds for a person of a programme, and by when two people have to answer.

Decides: the weekend days and holidays of one person, and the deadline of two.
Never knows: when a nudge goes out (nudges/ledger), what happens when a deadline passes (processors).

Invariants
    times.L1  The first entry of the policy's `calendars` counts whose lists, where not empty, name the person's values; without one,
        `quiet_weekends` and `holidays` do. Nothing is added up.
    times.L2  Places and legal entities are compared as names (facts/names); zones by their IANA name, UTC where none is known.
    times.L3  Two people have until the later of their two deadlines (times/waking, times.K4).

Whoever is no participant, a coordinator say, lives in UTC by the programme's default.

Source: house rule.
"""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from engine.programme.facts.names import normalised
from engine.programme.messages import PersonFacts
from engine.programme.participants.participant import Participant
from engine.programme.rounds.programme import Programme, policy_from
from engine.programme.times.calendar import WEEKEND_DEFAULT, Quiet
from engine.programme.times.waking import Waking
from schemas.frozen import Frozen

ZONE_DEFAULT: Final = "UTC"
_POLICIES_KEPT: Final = 64


class _Entry(Frozen, kw_only=True):
    locations: frozenset[str]
    legal_entities: frozenset[str]
    zones: frozenset[str]
    quiet: Quiet


class _Calendars(Frozen, kw_only=True):
    entries: tuple[_Entry, ...]
    otherwise: Quiet


def quiet_of(programme: Programme, facts: PersonFacts | None) -> Quiet:
    """Return when a person of a programme is not to be disturbed (times.L1)."""
    calendars = _calendars_of(programme.policy_json)
    if facts is None or not calendars.entries:
        return calendars.otherwise
    place, entity, zone = (_as_compared(name) for name in (facts.location, facts.legal_entity, facts.timezone or ZONE_DEFAULT))
    for entry in calendars.entries:
        named = ((entry.locations, place), (entry.legal_entities, entity), (entry.zones, zone))
        if all(not values or value in values for values, value in named):
            return entry.quiet
    return calendars.otherwise


def waking_of(programme: Programme, participant: Participant | None) -> Waking:
    """Return when a participant may hear from a programme.

    Without a row it is when the coordinator may.
    """
    if participant is None:
        return Waking(zone=ZONE_DEFAULT, quiet=quiet_of(programme, None))
    quiet = quiet_of(programme, participant.facts)
    return Waking(zone=participant.facts.timezone or ZONE_DEFAULT, quiet=quiet, hours=participant.profile.hours)


def deadline(at: datetime, days: int, people: Iterable[Waking]) -> datetime:
    """Return by when both have to answer what is put to them now (times.L3)."""
    return max(waking.over_at(at, days) for waking in people)


def _as_compared(name: str | None) -> str:
    return "" if name is None else normalised(name)


@lru_cache(maxsize=_POLICIES_KEPT)
def _calendars_of(policy_json: str) -> _Calendars:
    policy = policy_from(policy_json)

    def quiet(weekend: tuple[int, ...], holidays: tuple[date, ...]) -> Quiet:
        return Quiet(from_clock=policy.quiet_from, to_clock=policy.quiet_to, weekend=weekend, holidays=tuple(sorted(set(holidays))))

    return _Calendars(
        entries=tuple(
            _Entry(
                locations=frozenset(map(normalised, entry.locations)),
                legal_entities=frozenset(map(normalised, entry.legal_entities)),
                zones=frozenset(map(normalised, entry.timezones)),
                quiet=quiet(tuple(entry.weekend), entry.holidays),
            )
            for entry in policy.calendars
        ),
        otherwise=quiet(WEEKEND_DEFAULT if policy.quiet_weekends else (), policy.holidays),
    )
