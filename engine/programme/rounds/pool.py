"""The pool of a round: participants as members, with what bars them from each other.

Decides: what a round may know of each participant, and how long each has waited.
Never knows: which pairs come of it (matching/round).

Source: docs/rules.md, Rounds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from engine.matching.hours import TIMEZONE_DEFAULT
from engine.matching.pool import PoolMember
from engine.programme.facts.attributes import LANGUAGES_DEFAULT
from engine.programme.facts.names import normalised
from engine.programme.participants.participant import TAKING_PART, Participant, standing
from engine.programme.rounds.programme import Bar, Programme
from engine.programme.rounds.room import has_pair, in_pool, released_ids, room, taking_room
from engine.programme.times.reach_rules import is_not_yet
from schemas.terms.codes import EligibilityCode
from schemas.terms.ids import PairingId, PersonId
from schemas.terms.policy import Policy

LEVELS_PER_BAND: Final = 3
"""Job levels 1 to 12 in four career stages."""
_NO_HISTORY: Final[Mapping[PersonId, EligibilityCode]] = MappingProxyType({})
_NOBODY: Final[frozenset[PersonId]] = frozenset()
_T = TypeVar("_T")


class Shared:
    """One object for all that are equal.

    A million people offer the same topics in the same few languages, each read from its own row.
    """

    def __init__(self) -> None:
        self._kept: dict[object, object] = {}

    def one(self, value: _T) -> _T:
        """Return the first object that was equal to this one."""
        return self._kept.setdefault(value, value)  # type: ignore[return-value]

    def each(self, values: tuple[_T, ...]) -> tuple[_T, ...]:
        """Return a tuple of such objects."""
        return tuple([self.one(value) for value in values])


def band_of(participant: Participant, policy: Policy) -> int | None:
    """Return the self-declared experience band, or the career stage if policy says so."""
    declared = participant.profile.experience_band
    level = participant.facts.job_level
    if declared is not None or not policy.stage_stands_for_band or level is None:
        return declared
    return (level - 1) // LEVELS_PER_BAND


def is_anybody_in_pool(programme: Programme, participants: Iterable[Participant], at: datetime) -> bool:
    """Say whether a round would look for somebody, without building the pool."""
    capacity_max, training_required = programme.policy.capacity_max, programme.policy.training_required
    in_it = (one for one in participants if in_pool(one, capacity_max=capacity_max, training_required=training_required, at=at))
    return any(not is_not_yet(programme, one, at) for one in in_it)


def members_of(
    programme: Programme,
    participants: Iterable[Participant],
    bars: Iterable[Bar],
    at: datetime,
    *,
    proposed_ids: frozenset[PairingId] = frozenset(),
) -> list[PoolMember]:
    """Turn everybody who takes part, with a whole profile, into members of a round's pool.

    Args:
        proposed_ids: the proposals that are open.
    """
    policy, shared = programme.policy, Shared()
    history: dict[PersonId, dict[PersonId, EligibilityCode]] = {}
    partners: dict[PersonId, set[PersonId]] = {}
    people_of_open: dict[PairingId, tuple[PersonId, PersonId]] = {}
    for bar in bars:
        first, second = bar.people
        if bar.open_pairing_id is not None:
            people_of_open[bar.open_pairing_id] = bar.people
            partners.setdefault(first, set()).add(second)
            partners.setdefault(second, set()).add(first)
        code = history_code(bar, policy, at)
        if code is not None:
            history.setdefault(first, {})[second] = code
            history.setdefault(second, {})[first] = code
    return [
        member_of(
            programme,
            participant,
            at,
            bars=history.get(participant.person_id, _NO_HISTORY),
            partner_ids=frozenset(partners.get(participant.person_id, ())),
            undecided_ids=_undecided(participant, people_of_open, at),
            is_asked=not proposed_ids.isdisjoint(participant.pairing_ids),
            shared=shared,
        )
        for participant in participants
        if participant.status in TAKING_PART and participant.profile.is_complete
    ]


def _undecided(
    participant: Participant, people_of_open: Mapping[PairingId, tuple[PersonId, PersonId]], at: datetime
) -> frozenset[PersonId]:
    """Name the partners of proposals that take no room any more."""
    if not participant.roomless:
        return _NOBODY
    pairs = (people_of_open.get(pairing_id, ()) for pairing_id in released_ids(participant, at))
    return frozenset(person_id for people in pairs for person_id in people if person_id != participant.person_id)


def history_code(bar: Bar, policy: Policy, at: datetime) -> EligibilityCode | None:
    """Say what past of two people bars them: forbidden before past partners before resting."""
    if bar.is_forbidden:
        return EligibilityCode.FORBIDDEN
    if bar.is_past and not policy.past_partner_allowed:
        return EligibilityCode.PAST_PARTNER
    if bar.rests_until is not None and bar.rests_until > at:
        return EligibilityCode.RESTING
    return None


def member_of(
    programme: Programme,
    participant: Participant,
    at: datetime,
    *,
    bars: Mapping[PersonId, EligibilityCode] = _NO_HISTORY,
    partner_ids: frozenset[PersonId] = _NOBODY,
    undecided_ids: frozenset[PersonId] = _NOBODY,
    is_asked: bool = False,
    shared: Shared | None = None,
) -> PoolMember:
    """Turn one participant into a member.

    `waiting_days` counts whole days since the person became ready; `rounds_waited` the rounds held in between. What equals something of an
    earlier member is the same object, where `shared` is given.
    """
    policy, profile, facts = programme.policy, participant.profile, participant.facts
    shared = shared or Shared()
    since = participant.waiting_since
    return PoolMember(
        person_id=shared.one(participant.person_id),
        offers=shared.each(profile.offers),
        wants=shared.each(profile.wants),
        band=band_of(participant, policy),
        department=shared.one(None if facts.department is None else normalised(facts.department)),
        timezone=shared.one(facts.timezone or TIMEZONE_DEFAULT),
        hours=shared.one(profile.hours),
        languages=shared.one(frozenset(profile.languages or facts.languages or LANGUAGES_DEFAULT)),
        manager_id=shared.one(facts.manager_id),
        line=shared.one(shared.each(facts.line)),
        dotted_line_ids=facts.dotted_line_ids,
        excluded=frozenset(shared.one(one) for one in facts.barred_ids if bars.get(one) is not EligibilityCode.FORBIDDEN),
        bars=bars,
        partner_ids=partner_ids,
        undecided_ids=undecided_ids,
        room=room(participant, policy.capacity_max, at),
        live_count=len(taking_room(participant, at)),
        has_pair=has_pair(participant),
        is_asked=is_asked,
        waiting_days=0 if since is None else max(0, (at - since).days),
        rounds_waited=0 if since is None else max(0, programme.rounds_held - participant.waiting_since_round),
        is_first_in_queue=participant.is_first_in_queue,
        is_first_round=not participant.had_options,
        status=_status(programme, participant, at),
    )


def _status(programme: Programme, participant: Participant, at: datetime) -> EligibilityCode | None:
    """Say why somebody is in no round now."""
    found = standing(participant, training_required=programme.policy.training_required, at=at)
    return EligibilityCode.NOT_YET if found is None and is_not_yet(programme, participant, at) else found
