"""Rows as an operator may see them.

What a person said in confidence stays inside: exclusions, who accepted or declined, who is away and why, who cancelled, feedback. A group
of participants smaller than the programme's `k_min` has no count.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from engine.core.effects import StageName
from engine.programme.facts.names import shown
from engine.programme.nudges.outreach_rows import CONTACTS
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import ParticipantStatus
from engine.programme.people.person import Person
from engine.programme.people.person_view import described
from engine.programme.people.tables import PEOPLE
from engine.programme.rounds.programme import Programme
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions import teaching
from engine.programme.tables import PAIRINGS, PARTICIPANTS, PROGRAMMES
from schemas.terms.codes import PairingState
from schemas.terms.ids import PROGRAMME_ID_REGEX
from schemas.terms.policy import changed_fields
from schemas.text.fields import instant_text

if TYPE_CHECKING:
    from engine.runtimes.embedded.reading.reader import Reader
NAMES: Final = ("department", "location", "legal_entity")
"""What people type, each in a spelling of its own."""
QUESTION_STATES: Final = frozenset({PairingState.PAUSED, PairingState.SUSPENDED, PairingState.CONCLUDING})
"""Both are asked how to go on, now or when the reason is over."""


def person(reader: "Reader", person_id: str) -> dict[str, Any] | None:
    """Describe a person, with the pairings that are open now."""
    found = reader.get(StageName.PEOPLE, PEOPLE, person_id)
    if found is None or found.is_bare:
        return None
    pairings = [pairing for enrolment in found.enrolments for pairing in _open_pairings(reader, enrolment.programme_id, person_id)]
    contact = reader.get(StageName.PEOPLE, CONTACTS, person_id)
    held_back = [
        {"key": one.key, "programme_id": one.programme_id, "reason": one.reason, "at": instant_text(one.at)}
        for one in (contact.held_back if contact is not None else ())
    ]
    return {**described(found), **_names_shown(reader, found), "pairings": pairings, "nudges_held_back": held_back}


def _names_shown(reader: "Reader", found: Person) -> dict[str, str]:
    """Give each name the spelling that everybody sees, of those that the people here have for it."""
    said = {name: value for name in NAMES if (value := getattr(found.attributes, name)) is not None}
    if not said:
        return {}
    everybody = [person.attributes for _, person in reader.scan(StageName.PEOPLE, PEOPLE, "")]
    return {name: shown(value, (getattr(one, name) for one in everybody)) for name, value in said.items()}


def _open_pairings(reader: "Reader", programme_id: str, person_id: str) -> list[dict[str, Any]]:
    participant = reader.get(StageName.PROGRAMMES, PARTICIPANTS, f"{programme_id}/{person_id}")
    rows = [pairing_in(reader, pairing_id) for pairing_id in participant.pairing_ids] if participant is not None else []
    return [{"pairing_id": row.pairing_id, "state": row.state, "people": row.people} for row in rows if row is not None]


def pairing_in(reader: "Reader", pairing_id: str) -> Pairing | None:
    """Return the row of a pairing."""
    return reader.get(StageName.PROGRAMMES, PAIRINGS, pairing_id)


def programme_in(reader: "Reader", programme_id: str) -> Programme | None:
    """Return the row of a programme."""
    return reader.get(StageName.PROGRAMMES, PROGRAMMES, programme_id)


def pairing(reader: "Reader", pairing_id: str) -> dict[str, Any] | None:
    """Describe a pairing. Whether somebody has answered shows in nothing: an open question waits until it is settled."""
    found = pairing_in(reader, pairing_id)
    if found is None:
        return None
    held = ledger.held(found.meetings)
    at = reader.last_at
    booked = ledger.booked(found.meetings, at) if at is not None and found.is_live else []
    return {
        "pairing_id": found.pairing_id,
        "programme_id": found.programme_id,
        "people": found.people,
        "state": found.state,
        "since": found.since,
        "answers": _question_of(found),
        "track": found.track,
        "term": found.term,
        "policy_version": found.proposal.policy_version,
        "proposal": {
            "version": found.proposal.version,
            "score": found.proposal.score,
            "proposed_at": found.proposal.proposed_at,
            "expires_at": found.proposal.expires_at,
        },
        "activated_at": found.activated_at,
        "until_on": found.until_on,
        "end_code": found.end_code,
        "sessions_count": teaching.sessions_count(found),
        "next_session_at": booked[0].starts_at if booked else None,
        "taught_count": {person_id: teaching.taught_count(found, person_id) for person_id in found.people},
        "reciprocity_ratio": teaching.reciprocity_ratio(found),
        "sessions": [
            {
                "session_id": meeting.session_id,
                "starts_at": meeting.starts_at,
                "minutes": meeting.duration_minutes,
                "topics": [exchange.topic for exchange in meeting.exchanges],
            }
            for meeting in held
        ],
        "timers": [{"due_at": timer.due_at, "kind": timer.kind} for timer in found.timers],
    }


def _question_of(found: Pairing) -> str:
    if found.state is PairingState.PROPOSED:
        return "waiting for answers"
    return "open" if found.state in QUESTION_STATES or (found.is_live and found.is_convertible) else "none awaited"


def programme(reader: "Reader", programme_id: str) -> dict[str, Any] | None:
    """Describe a programme: its rules where they differ from the defaults, its rounds, and counts of people."""
    found = programme_in(reader, programme_id) if PROGRAMME_ID_REGEX.fullmatch(programme_id) else None
    if found is None:
        return None
    participants: Counter[ParticipantStatus] = Counter(
        row.status for _, row in reader.scan(StageName.PROGRAMMES, PARTICIPANTS, f"{programme_id}/")
    )
    rows = [row for _, row in reader.scan(StageName.PROGRAMMES, PAIRINGS, f"{programme_id}.")]
    return {
        "programme_id": found.programme_id,
        "name": found.name,
        "status": found.status,
        "created_at": found.created_at,
        "policy_version": found.policy_version,
        "policy": changed_fields(found.policy),
        "rounds_held": found.rounds_held,
        "next_round_at": found.next_round_at,
        "participants": {
            status: participants[status] if participants[status] >= found.policy.k_min else None for status in ParticipantStatus
        },
        "open_proposals": sum(row.state is PairingState.PROPOSED for row in rows),
        "live_pairs": sum(row.is_live for row in rows),
    }
