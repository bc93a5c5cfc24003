"""Commands about two people: a lock for the next round, a forbid, and its opposite.

A forbid and its opposite live in the two people's own rows (people/kept_apart), because they hold in every programme while any stands.
"""

from engine.core.effects import Effects, Record, Rows, Send, StageName
from engine.core.stamp import is_later, stamp_of
from engine.programme.coordinators.command_answers import done, refused
from engine.programme.messages import PairAllowed, PairForbidden, PersonNamed
from engine.programme.rounds.programme import Lock, Programme, ProgrammeStatus, pair_of, with_lock
from engine.programme.tables import bar_in, participant_in, put_bar, put_programme
from schemas.events.pairing import PairingAllowed, PairingForbidden, PairingLocked
from schemas.frozen import replace
from schemas.terms.codes import RefusalCode
from schemas.terms.ids import ProgrammeId

PairCommand = PairingLocked | PairingForbidden | PairingAllowed


def locked(rows: Rows, programme: Programme, record: Record, data: PairingLocked) -> Effects:
    """Keep a lock for the next round, which may still refuse it by a hard rule."""
    people, stamp = pair_of(*data.person_ids), stamp_of(record.event)
    bar = bar_in(rows, programme.programme_id, people)
    if not is_later(record.event, bar.lock_said):
        yield from done(rows, programme.programme_id, record)
    elif programme.status is ProgrammeStatus.CLOSED:
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
        yield from _named(programme.programme_id, record, data)
    elif any(participant_in(rows, programme.programme_id, person_id) is None for person_id in people):
        yield from refused(rows, programme.programme_id, record, RefusalCode.NOT_PARTICIPANTS)
        yield from _named(programme.programme_id, record, data)
    else:
        yield put_bar(programme.programme_id, replace(bar, lock_said=stamp))
        yield put_programme(with_lock(programme, Lock(people=people, stamp=stamp)))
        yield from done(rows, programme.programme_id, record)


def kept_apart(rows: Rows, programme: Programme, record: Record, data: PairingForbidden | PairingAllowed) -> Effects:
    """Never propose these two, or take that back.

    An open proposal is as if declined in silence, a live pair is theirs to end.

    A forbid of a programme that was closed meanwhile holds elsewhere, too, so it can still be taken back.
    """
    event, people, is_forbid = record.event, pair_of(*data.person_ids), isinstance(data, PairingForbidden)
    bar = bar_in(rows, programme.programme_id, people)
    is_over = programme.status is ProgrammeStatus.CLOSED and is_later(event, programme.status_said)
    if not is_later(event, bar.apart_said):
        yield from done(rows, programme.programme_id, record)
        return
    if is_forbid and is_over:
        yield from refused(rows, programme.programme_id, record, RefusalCode.PROGRAMME_CLOSED)
        yield from _named(programme.programme_id, record, data)
        return
    yield put_bar(programme.programme_id, replace(bar, is_forbidden=is_forbid, apart_said=stamp_of(event)))
    yield from _named(programme.programme_id, record, data)
    message = PairForbidden if is_forbid else PairAllowed
    for person_id, other_id in (people, people[::-1]):
        told = message(person_id=person_id, other_id=other_id, programme_id=programme.programme_id, stamp=stamp_of(event))
        yield Send(StageName.PEOPLE, person_id, told)
    yield from done(rows, programme.programme_id, record)


def _named(programme_id: ProgrammeId, record: Record, data: PairCommand) -> Effects:
    """Let both people's keys know that the programme names them.

    They need not take part. Whoever was erased is forgotten again.
    """
    for person_id in pair_of(*data.person_ids):
        named = PersonNamed(person_id=person_id, programme_id=programme_id, said_at=record.event.time)
        yield Send(StageName.PEOPLE, person_id, named)
