"""Feedback: words of the two about their sessions, and what follows from them together.

Decides: which word of a person counts, when both have answered a question, whether somebody would rather stop.
Never knows: who hears of it, when a pair ends (sessions/feedback), what may be published (insights/metrics).

Invariants
    sessions.F1  One word counts for each person and session (or for the pair, where no session is named): the latest by stamp, whatever
        order they come in.
    sessions.F2  Somebody wants out while the latest of all their words says so: any later word replaces it.
    sessions.F3  A question is answered when both have answered it. One answer alone changes nothing that anybody can see, so nobody can
        tell from what is taken back who said something, and when.

Source: docs/rules.md, Sessions and the ledger of teaching.
"""

from collections.abc import Iterable
from typing import Final

from engine.core.stamp import Stamp
from engine.programme.sessions.meetings import Meeting
from schemas.frozen import Frozen
from schemas.terms.codes import Fit
from schemas.terms.ids import PersonId, SessionId

STRAY_WORDS_MAX: Final = 100
"""Words of one person about sessions that nobody has reported; more are not kept."""
HIGH_RATING: Final = 4
ABOUT_THE_PAIR: Final = SessionId("")


class Word(Frozen, kw_only=True):
    """What one person said about one session, or about the pair. Never published per person."""

    person_id: PersonId
    session_id: SessionId = ABOUT_THE_PAIR
    learned: bool
    fit: Fit
    rating: int | None = None
    stamp: Stamp

    @property
    def is_high(self) -> bool:
        """Whether the session was rated 4 or 5."""
        return self.rating is not None and self.rating >= HIGH_RATING


class Summed(Frozen, kw_only=True):
    """All that one side said, added up. Never published per person."""

    person_id: PersonId
    has_learned: bool = False
    ratings_count: int = 0
    ratings_total: int = 0
    high_count: int = 0


def heard(words: tuple[Word, ...], word: Word) -> tuple[Word, ...]:
    """Take in what somebody says (sessions.F1).

    Returns: the words in (person, session) order; the very same tuple where a later one is known, or this one.
    """
    known = next((one for one in words if _about(one) == _about(word)), None)
    if known is not None and word.stamp <= known.stamp:
        return words
    return tuple(sorted((*(one for one in words if one is not known), word), key=_about))


def has_room(words: Iterable[Word], word: Word, meetings: Iterable[Meeting]) -> bool:
    """Say whether a word may be kept that is about a session nobody has reported."""
    reported = {ABOUT_THE_PAIR, *(meeting.session_id for meeting in meetings)}
    if word.session_id in reported:
        return True
    strays = {one.session_id for one in words if one.person_id == word.person_id} - reported
    return word.session_id in strays or len(strays) < STRAY_WORDS_MAX


def is_unwanted(words: Iterable[Word]) -> bool:
    """Say whether one of the two would rather stop (sessions.F2)."""
    latest: dict[PersonId, Word] = {}
    for word in words:
        known = latest.get(word.person_id)
        if known is None or word.stamp > known.stamp:
            latest[word.person_id] = word
    return any(word.fit is Fit.NOT_A_FIT for word in latest.values())


def answered(words: tuple[Word, ...], people: Iterable[PersonId], meetings: Iterable[Meeting]) -> set[SessionId]:
    """Return the sessions about which both have said something (sessions.F3).

    A word about the pair after the session counts, too.
    """
    return {meeting.session_id for meeting in meetings if all(_has_answered(words, person_id, meeting) for person_id in people)}


def _has_answered(words: tuple[Word, ...], person_id: PersonId, meeting: Meeting) -> bool:
    return any(
        word.session_id == meeting.session_id or (word.session_id == ABOUT_THE_PAIR and word.stamp.time >= meeting.starts_at)
        for word in words
        if word.person_id == person_id
    )


def summed(words: Iterable[Word], before: Iterable[Summed] = ()) -> tuple[Summed, ...]:
    """Add words up, on top of sums from before; in the order of people."""
    sums = {one.person_id: one for one in before}
    for word in words:
        known = sums.get(word.person_id) or Summed(person_id=word.person_id)
        sums[word.person_id] = Summed(
            person_id=word.person_id,
            has_learned=known.has_learned or word.learned,
            ratings_count=known.ratings_count + (word.rating is not None),
            ratings_total=known.ratings_total + (word.rating or 0),
            high_count=known.high_count + word.is_high,
        )
    return tuple(sums[person_id] for person_id in sorted(sums))


def _about(word: Word) -> tuple[PersonId, SessionId]:
    return word.person_id, word.session_id
