"""Totals of the terms of a pair that are long over.

With them a row doesn't grow from term to term.

Decides: what is condensed when a pair renews, and which reports about it come too late.
Never knows: what is published of it.

A row keeps the sessions of the current term and of the one before, so that what is reported late or corrected still finds them. Older
sessions, and what was said about them, go into totals when the pair renews.

Invariants
    sessions.Q1  The totals of a pair (sessions, credits, topics, months, gaps, ratings) are the same before and after.
    sessions.Q2  A report or a word that was made before its session went into the totals is in them, or came too late: it changes nothing.
    sessions.Q3  The latest word of each side stays, for it says whether somebody wants out (sessions/feedback_rules, sessions.F2).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from engine.programme.sessions import meetings as ledger
from engine.programme.sessions.feedback_rules import ABOUT_THE_PAIR, Summed, Word, summed
from engine.programme.sessions.meetings import Meeting
from schemas.frozen import Frozen, replace
from schemas.terms.codes import TopicFamily
from schemas.terms.ids import PersonId, SessionId

CADENCE_GRACE_DAYS: Final = 7


class Past(Frozen, kw_only=True):
    """The totals."""

    until: datetime
    """Sessions that began by then are in the totals."""
    closed_at: datetime
    """When they were made."""
    sessions_count: int = 0
    taught: tuple[tuple[PersonId, int], ...] = ()
    topics: tuple[tuple[str, TopicFamily, int], ...] = ()
    months: tuple[tuple[str, int], ...] = ()
    """Sessions by the month they began in."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    gaps_count: int = 0
    gaps_kept_count: int = 0
    """Gaps between sessions, and how many of them kept to the rhythm of their day."""
    said: tuple[Summed, ...] = ()
    """What the two said about sessions of the totals."""


def condensed_meetings(
    past: Past | None, meetings: tuple[Meeting, ...], *, begun_at: datetime, until: datetime, cadence_days: int, at: datetime
) -> tuple[Past, tuple[Meeting, ...]]:
    """Put old sessions into the totals; return the totals and the rest (sessions.Q1).

    Args:
        begun_at: when the pair became active: the first gap counts from there.
        until: when the term before the one that begins now began.
        at: the renewal.
    """
    known = past or Past(until=until, closed_at=at)
    old = {meeting.session_id for meeting in meetings if meeting.starts_at <= until}
    old |= {meeting.session_id for meeting in meetings if meeting.same_as in old}
    held = [meeting for meeting in ledger.held(meetings) if meeting.session_id in old]
    exchanges = [exchange for meeting in held for exchange in meeting.exchanges]
    topics = Counter({(topic, family): count for topic, family, count in known.topics})
    topics.update((exchange.topic, exchange.family) for exchange in exchanges)
    taught, months = Counter(dict(known.taught)), Counter(dict(known.months))
    taught.update(exchange.taught_by for exchange in exchanges)
    months.update(f"{meeting.starts_at:%Y-%m}" for meeting in held)
    kept, gaps = gaps_of(held, known.last_at or begun_at, cadence_days)
    totals = replace(
        known,
        until=until,
        closed_at=at,
        sessions_count=known.sessions_count + len(held),
        taught=tuple(sorted(taught.items())),
        topics=tuple(sorted((topic, family, count) for (topic, family), count in topics.items())),
        months=tuple(sorted(months.items())),
        first_at=known.first_at or (held[0].starts_at if held else None),
        last_at=held[-1].starts_at if held else known.last_at,
        gaps_count=known.gaps_count + gaps,
        gaps_kept_count=known.gaps_kept_count + kept,
    )
    return totals, tuple(meeting for meeting in meetings if meeting.session_id not in old)


def gaps_of(held: Iterable[Meeting], begun_at: datetime, cadence_days: int) -> tuple[int, int]:
    """Count the gaps between sessions that keep to the rhythm with a week's grace, and all."""
    limit = timedelta(days=cadence_days + CADENCE_GRACE_DAYS)
    kept = gaps = 0
    previous = begun_at
    for meeting in held:
        gaps += 1
        kept += meeting.starts_at - previous <= limit
        previous = meeting.starts_at
    return kept, gaps


def condensed_words(past: Past, words: tuple[Word, ...], kept: Iterable[SessionId]) -> tuple[Past, tuple[Word, ...]]:
    """Put words about sessions of the totals into them (sessions.Q3).

    The latest word of each side stays.
    """
    stay = {ABOUT_THE_PAIR, *kept}
    latest = {word.person_id: word for word in sorted(words, key=lambda word: word.stamp)}
    old = [word for word in words if word.session_id not in stay and word is not latest[word.person_id]]
    return replace(past, said=summed(old, past.said)), tuple(word for word in words if word not in old)


def is_settled(past: Past | None, said_at: datetime) -> bool:
    """Say whether an unknown session may be in the totals, by a word's time (sessions.Q2)."""
    return past is not None and said_at <= past.closed_at


def is_over_with(past: Past | None, word: Word, known: Iterable[SessionId]) -> bool:
    """Say whether a word about a session of the totals is older than they are (sessions.Q2)."""
    return is_settled(past, word.stamp.time) and word.session_id not in {ABOUT_THE_PAIR, *known}


def past_without(past: Past, renamed: Mapping[PersonId, PersonId]) -> Past:
    """Return totals in which people have other names."""
    taught = tuple(sorted((renamed.get(person_id, person_id), count) for person_id, count in past.taught))
    said = tuple(replace(one, person_id=renamed.get(one.person_id, one.person_id)) for one in past.said)
    return replace(past, taught=taught, said=tuple(sorted(said, key=lambda one: one.person_id)))
