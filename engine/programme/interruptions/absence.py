"""An absence of one of two people: when the other one is asked whether to wait.

Decides: when the partner of somebody away is asked, and whose answer counts.
Never knows: why somebody is away, what the answer leads to (interruptions/absences).

Invariants
    interruptions.B1  The partner is asked once for one absence: `away_question_days` after it began if nobody knows its end, else as long
        past that end.
    interruptions.B2  Nobody who is away is asked about the other; whoever is back before is asked then.

Source: house rule.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from engine.programme.pairs.pairing import Away, Pairing, Timer, TimerKind, armed, disarmed
from engine.programme.times.calendar import start_of_day
from schemas.frozen import replace
from schemas.terms.codes import PairingState
from schemas.terms.ids import PersonId


def ask_at(since_at: datetime, until_on: date | None, zone: str | None, days: int) -> datetime:
    """Return when to ask the partner of somebody who is away (interruptions.B1)."""
    known_end_at = since_at if until_on is None else max(since_at, start_of_day(until_on, zone))
    return known_end_at + timedelta(days=days)


def rearmed(pairing: Pairing) -> Pairing:
    """Wait for the instant at which a partner is to be asked next; only a paused pair does."""
    others = disarmed(pairing, TimerKind.AWAY_QUESTION)
    due = [away.ask_at for away in awaited(pairing) if away.ask_at is not None]
    return armed(others, Timer(kind=TimerKind.AWAY_QUESTION, due_at=min(due))) if due else others


def awaited(pairing: Pairing) -> Iterable[Away]:
    """List the absences that the partner has not been asked about yet.

    See interruptions.B1 and interruptions.B2.
    """
    if pairing.state is not PairingState.PAUSED:
        return ()
    now = [away for away in pairing.away if not away.is_over]
    gone, asked = {away.person_id for away in now}, {away.person_id for away in now if away.asked_at is not None}
    return [away for away in now if away.person_id not in asked and pairing.partner_of(away.person_id) not in gone]


def with_question(pairing: Pairing, at: datetime) -> tuple[Pairing, tuple[PersonId, ...]]:
    """Ask about the absences that have lasted long enough.

    Returns: the pairing, and who is asked.
    """
    due = [away for away in awaited(pairing) if away.ask_at is not None and away.ask_at <= at]
    asked = tuple(replace(away, asked_at=at) if away in due else away for away in pairing.away)
    return rearmed(replace(pairing, away=asked)), tuple(sorted({pairing.partner_of(away.person_id) for away in due}))


def is_asked(pairing: Pairing, person_id: PersonId) -> bool:
    """Say whether somebody is asked whether to wait for the other, who is still away."""
    open_ = (away for away in pairing.away if not away.is_over and away.asked_at is not None and away.person_id != person_id)
    return pairing.state is PairingState.PAUSED and any(open_)
