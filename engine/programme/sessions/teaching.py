"""The ledger of teaching of a whole pair: sessions of its row, and totals of older terms.

Decides: what a pair that renews keeps of its sessions one by one.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from engine.programme.pairs.pairing import Pairing
from engine.programme.sessions import meetings as ledger
from engine.programme.sessions.feedback_rules import Summed, summed
from engine.programme.sessions.past import condensed_meetings, condensed_words, gaps_of
from schemas.frozen import replace
from schemas.terms.codes import NudgeKey, TopicFamily
from schemas.terms.ids import PersonId


def sessions_count(pairing: Pairing) -> int:
    """Return how many sessions the pair has held."""
    return len(ledger.held(pairing.meetings)) + (pairing.past.sessions_count if pairing.past is not None else 0)


def taught_count(pairing: Pairing, person_id: PersonId) -> int:
    """Return how many credits a side has."""
    before = dict(pairing.past.taught).get(person_id, 0) if pairing.past is not None else 0
    return before + ledger.taught_count(pairing.meetings, person_id)


def reciprocity_ratio(pairing: Pairing) -> float | None:
    """Return min(taught) / max(taught) of all terms; None while nothing was taught."""
    taught = sorted(taught_count(pairing, person_id) for person_id in pairing.people)
    return None if taught[1] == 0 else round(taught[0] / taught[1], 4)


def topics(pairing: Pairing) -> Mapping[tuple[str, TopicFamily], int]:
    """Count the exchanges by topic."""
    counts = Counter({(topic, family): count for topic, family, count in pairing.past.topics} if pairing.past is not None else {})
    counts.update((exchange.topic, exchange.family) for meeting in ledger.held(pairing.meetings) for exchange in meeting.exchanges)
    return counts


def months(pairing: Pairing) -> Mapping[str, int]:
    """Count the sessions by the month they began in."""
    counts = Counter(dict(pairing.past.months) if pairing.past is not None else {})
    counts.update(f"{meeting.starts_at:%Y-%m}" for meeting in ledger.held(pairing.meetings))
    return counts


def first_met_at(pairing: Pairing) -> datetime | None:
    """Return when the pair first met."""
    if pairing.past is not None and pairing.past.first_at is not None:
        return pairing.past.first_at
    held = ledger.held(pairing.meetings)
    return held[0].starts_at if held else None


def gaps(pairing: Pairing, cadence_days: int) -> tuple[int, int]:
    """Count the gaps between sessions that keep to the rhythm with a week's grace, and all.

    The first gap counts from activation.
    """
    assert pairing.activated_at is not None, "only a pair that was active has met"
    past = pairing.past
    kept, count = gaps_of(ledger.held(pairing.meetings), (past and past.last_at) or pairing.activated_at, cadence_days)
    return (kept, count) if past is None else (kept + past.gaps_kept_count, count + past.gaps_count)


def said(pairing: Pairing) -> tuple[Summed, ...]:
    """Add up what each side said that has said something."""
    return summed(pairing.feedback, pairing.past.said if pairing.past is not None else ())


def condensed(pairing: Pairing, cadence_days: int, at: datetime) -> Pairing:
    """Put what is older than the term that ends now into totals, with its marks."""
    if pairing.term == 1:
        return pairing
    assert pairing.term_started_at is not None and pairing.activated_at is not None, "a live pair has a term"
    past, meetings = condensed_meetings(
        pairing.past,
        pairing.meetings,
        begun_at=pairing.activated_at,
        until=pairing.term_started_at,
        cadence_days=cadence_days,
        at=at,
    )
    past, words = condensed_words(past, pairing.feedback, [meeting.session_id for meeting in meetings])
    gone = {f"next/{meeting.session_id}" for meeting in pairing.meetings} - {f"next/{meeting.session_id}" for meeting in meetings}
    gone |= {f"{key}/{term}" for key in NudgeKey for term in range(1, pairing.term)}
    return replace(pairing, past=past, meetings=meetings, feedback=words, marks=tuple(mark for mark in pairing.marks if mark not in gone))
