"""Erasure: what is left of a row when somebody whom it names was erased.

Decides: which fields of a row name people, what stands there afterwards, which statements an erasure voids, who is named by whom.
Never knows: how the word gets to the rows that name somebody (erasure/in_people, people/mentions); what runtimes keep beside the rows.

An erased person's own rows go. A row of somebody else, or of a pair, stays, because counts stay; it reads `erased` where it named the
person. So the reports of an erased manager still share one, and the ledger of a pair that taught each other still adds up.

Invariants
    erasure.Z1  No row holds the id of somebody who was erased and has not come back, except in what was said later than the erasure.
    erasure.Z2  What was said about a person up to the erasure (by event time) never counts again, whatever order it arrives in.
    erasure.Z3  Both sides of one pair stay apart when both are erased: the numbers of the pair are those that it had.
    erasure.Z4  `erased` begins nothing: two people are never at odds because each had a manager who was erased.

Must stay in sync with: every field of a row that holds a person's id. Intents that wait name partners, too, but none outlives its pair.

Source: decision 0009 (erasing somebody).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from engine.core.stamp import Stamp, nameless
from engine.programme.facts.attributes import Attribute, Value
from engine.programme.facts.person_facts import History, HrFact
from engine.programme.messages import PersonFacts, Reason
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.programme.people.apart import Exclusion
from engine.programme.people.person import Person
from engine.programme.rounds.programme import Lock, Programme, pair_of, programme_nameless
from engine.programme.sessions.feedback_rules import Word
from engine.programme.sessions.meetings import Meeting
from engine.programme.sessions.past import past_without
from schemas.frozen import Frozen, replace
from schemas.terms.ids import ERASED, PersonId, ProgrammeId

_NAMING: Final = (Attribute.MANAGER_ID, Attribute.DOTTED_LINE_IDS)
"""The attributes whose values are people."""
ERASED_TOO: Final = PersonId("erased:too")
"""The second erased side of one pair (erasure.Z3).

Never published: a pair has nothing to say any more when its first side is erased.
"""


class Erasure(Frozen, kw_only=True):
    """Row under the salted hash of a person who was erased (erasure.Z2).

    Nothing that was said of the person up to then counts again.
    """

    erased_at: datetime
    """Event time of the latest erasure."""

    @property
    def wake_at(self) -> None:
        """It stays for ever."""
        return

    def voids(self, said_at: datetime) -> bool:
        """Say whether something said at an event time is void."""
        return said_at <= self.erased_at


class Trace(Frozen, kw_only=True):
    """Under a person's key: a programme, or the row of somebody else, names this person.

    One of the two is set.
    """

    programme_id: ProgrammeId | None = None
    by_id: PersonId | None = None

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


def later(known: Erasure | None, erased_at: datetime) -> Erasure:
    """Return the erasure that reaches further."""
    return known if known is not None and known.voids(erased_at) else Erasure(erased_at=erased_at)


def survivor(person: Person, erasure: Erasure) -> Person:
    """Return a person with the facts since an erasure that arrived late.

    The person starts from nothing and takes part in nothing.
    """
    history = tuple(fact for fact in person.history if not erasure.voids(fact.time))
    return Person(person_id=person.person_id, history=history, erased_at=erasure.erased_at)


def named_in(person: Person) -> frozenset[PersonId]:
    """Return the people whom a person's row names.

    They are managers and dotted lines, in force, past or pending, and whom the person is not to meet. Nobody names itself.
    """
    named: set[PersonId] = {person_id for _, people in _apart_in(person) for person_id in people}
    for fact in person.history:
        for attribute, value in fact.says:
            named.update(_people_of(attribute, value))
    return frozenset(named - {person.person_id, ERASED})


def names_differ(before: Person, after: Person) -> bool:
    """Say whether two states of a person may name others.

    Cheap, because nearly always what names anybody is the same in both.
    """
    if before.exclusions != after.exclusions or before.forbids != after.forbids:
        return True
    return _naming(before.history) != _naming(after.history)


def _apart_in(person: Person) -> Iterator[tuple[Stamp, tuple[PersonId, ...]]]:
    for exclusion in person.exclusions:
        yield exclusion.stamp, exclusion.excluded_ids
    for forbid in person.forbids:
        yield forbid.stamp, (forbid.other_id,)


def _naming(history: History) -> list[tuple[Attribute, Value]]:
    return [saying for fact in history for saying in fact.says if saying[0] in _NAMING]


def named_at(person: Person, named_id: PersonId) -> datetime | None:
    """Return the latest event time at which a row names somebody; None where it doesn't."""
    by_hr = (fact.time for fact in person.history if named_id in named_by(fact))
    apart = (stamp.time for stamp, people in _apart_in(person) if named_id in people)
    return max((*by_hr, *apart), default=None)


def named_by(fact: HrFact) -> set[PersonId]:
    """Return whom a fact names."""
    return {person_id for attribute, value in fact.says for person_id in _people_of(attribute, value)}


def _people_of(attribute: Attribute, value: Value) -> tuple[PersonId, ...]:
    if attribute is Attribute.MANAGER_ID and isinstance(value, str):
        return (PersonId(value),)
    if attribute is Attribute.DOTTED_LINE_IDS and isinstance(value, tuple):
        return tuple(map(PersonId, value))
    return ()


def person_without(person: Person, erased_id: PersonId, erasure: Erasure, above_id: PersonId | None) -> Person:
    """Return a person whose facts up to the erasure no longer name somebody.

    The same person where nothing changes.

    Args:
        above_id: who stood over the erased one, if that was the manager; stands over the person from now on.
    """
    history = tuple(_fact_without(fact, erased_id) if erasure.voids(fact.time) else fact for fact in person.history)
    exclusions = tuple(_exclusion_without(one, erased_id) if erasure.voids(one.stamp.time) else one for one in person.exclusions)
    forbids = tuple(one for one in person.forbids if one.other_id != erased_id or not erasure.voids(one.stamp.time))
    rest = replace(person, history=history, exclusions=exclusions, forbids=forbids)
    if rest == person and person.above_erased != erased_id:
        return person
    if erased_id not in {person.above_erased, person.registered_with}:
        return rest
    return replace(rest, above_erased=None if above_id == person.person_id else above_id)


def _exclusion_without(exclusion: Exclusion, erased_id: PersonId) -> Exclusion:
    kept = _others(exclusion.excluded_ids, erased_id)
    return exclusion if len(kept) == len(exclusion.excluded_ids) else replace(exclusion, excluded_ids=kept, stamp=nameless(exclusion.stamp))


def _fact_without(fact: HrFact, erased_id: PersonId) -> HrFact:
    if erased_id not in named_by(fact):
        return fact
    return replace(fact, says=tuple((attribute, _value_without(attribute, value, erased_id)) for attribute, value in fact.says))


def _value_without(attribute: Attribute, value: Value, erased_id: PersonId) -> Value:
    people = _people_of(attribute, value)
    if erased_id not in people:
        return value
    return _each(people, erased_id) if isinstance(value, tuple) else ERASED


def facts_without(facts: PersonFacts, erased_id: PersonId) -> PersonFacts:
    """Return what a programme may know of a person, with nobody in it who was erased."""
    if erased_id not in {facts.manager_id, *facts.line, *facts.dotted_line_ids, *facts.excluded_ids, *facts.forbidden_ids}:
        return facts
    return replace(
        facts,
        excluded_ids=_others(facts.excluded_ids, erased_id),
        forbidden_ids=_others(facts.forbidden_ids, erased_id),
        manager_id=_one(facts.manager_id, erased_id),
        line=_each(facts.line, erased_id),
        dotted_line_ids=_each(facts.dotted_line_ids, erased_id),
    )


def participant_without(participant: Participant, erased_id: PersonId) -> Participant:
    """Return a participant who neither excludes nor stands under somebody erased.

    The same one where nothing changes.
    """
    facts = facts_without(participant.facts, erased_id)
    return participant if facts is participant.facts else replace(participant, facts=facts)


def programme_without(programme: Programme, erased_id: PersonId) -> Programme:
    """Return a programme whose locks name nobody erased.

    The next round refuses such a lock, like one with somebody who left.

    Its stamps keep no id of an event, either; the same programme where nothing changes.
    """
    named = programme_nameless(programme)
    if not any(erased_id in lock.people for lock in programme.locks):
        return programme if named == programme else named
    locks = {_pair(lock.people, erased_id) for lock in programme.locks}
    return replace(named, locks=tuple(Lock(people=people) for people in sorted(locks) if people[0] != people[1]))


def pairing_without(pairing: Pairing, erased_id: PersonId) -> Pairing:
    """Return a pairing in which one side reads `erased`; all else of the pair stays."""
    name = ERASED_TOO if ERASED in pairing.people else ERASED

    def renamed(person_id: PersonId) -> PersonId:
        return name if person_id == erased_id else person_id

    first, second = map(renamed, pairing.people)
    is_turned = first > second
    proposal = pairing.proposal
    sides = tuple(replace(side, person_id=renamed(side.person_id)) for side in proposal.sides)
    return replace(
        pairing,
        people=(second, first) if is_turned else (first, second),
        bands=(pairing.bands[1], pairing.bands[0]) if is_turned and pairing.bands is not None else pairing.bands,
        proposal=replace(
            proposal,
            sides=(sides[1], sides[0]) if is_turned else (sides[0], sides[1]),
            reasons=tuple(_reason_without(reason, erased_id, name) for reason in proposal.reasons),
        ),
        senior_id=_one(pairing.senior_id, erased_id, name),
        told=(),
        retracted=None,
        accepted_by=tuple(sorted(map(renamed, pairing.accepted_by))),
        said=(),  # the pair ends with the erasure, and stamps hold ids of inputs, which may name the person
        meetings=tuple(_meeting_without(meeting, erased_id, name) for meeting in pairing.meetings),
        past=None if pairing.past is None else past_without(pairing.past, {erased_id: name}),
        away=tuple(replace(away, person_id=renamed(away.person_id)) for away in pairing.away),
        settling=None
        if pairing.settling is None
        else replace(pairing.settling, away=tuple(replace(away, person_id=renamed(away.person_id)) for away in pairing.settling.away)),
        answers=tuple(sorted((renamed(person_id), answer) for person_id, answer in pairing.answers)),
        feedback=tuple(
            sorted(
                (_word_without(word, renamed(word.person_id)) for word in pairing.feedback),
                key=lambda word: (word.person_id, word.session_id),
            )
        ),
    )


def _word_without(word: Word, name: PersonId) -> Word:
    return replace(word, person_id=name, stamp=nameless(word.stamp))


def _meeting_without(meeting: Meeting, erased_id: PersonId, name: PersonId) -> Meeting:
    return replace(
        meeting,
        proposed_by=_one(meeting.proposed_by, erased_id, name),
        cancelled_by=_one(meeting.cancelled_by, erased_id, name),
        absent=tuple(sorted(name if person_id == erased_id else person_id for person_id in meeting.absent)),
        stamp=nameless(meeting.stamp),
        timed_by=None if meeting.timed_by is None else nameless(meeting.timed_by),
        booked_by=None if meeting.booked_by is None else nameless(meeting.booked_by),
        exchanges=tuple(
            replace(exchange, taught_by=name) if exchange.taught_by == erased_id else exchange for exchange in meeting.exchanges
        ),
    )


def _reason_without(reason: Reason, erased_id: PersonId, name: PersonId = ERASED) -> Reason:
    if reason.params.get("person_id") != erased_id:
        return reason
    return replace(reason, params={**reason.params, "person_id": name})


def has_erased_side(pairing: Pairing) -> bool:
    """Say whether one of the two was erased."""
    return ERASED in pairing.people


def names_a_stranger(pairing: Pairing, person_ids: Iterable[PersonId | None]) -> bool:
    """Say whether something said of a pair with an erased side names somebody else.

    That may be the erased one.
    """
    return has_erased_side(pairing) and any(one is not None and one not in pairing.people for one in person_ids)


def _one(person_id: PersonId | None, erased_id: PersonId, name: PersonId = ERASED) -> PersonId | None:
    return name if person_id == erased_id else person_id


def _others(people: Iterable[PersonId], erased_id: PersonId) -> tuple[PersonId, ...]:
    return tuple(person_id for person_id in people if person_id != erased_id)


def _each(people: Iterable[PersonId], erased_id: PersonId) -> tuple[PersonId, ...]:
    """Name each once, in order, with `erased` in the place of one."""
    return tuple(dict.fromkeys(ERASED if person_id == erased_id else person_id for person_id in people))


def _pair(people: tuple[PersonId, PersonId], erased_id: PersonId) -> tuple[PersonId, PersonId]:
    first, second = (ERASED if person_id == erased_id else person_id for person_id in people)
    return pair_of(first, second)
