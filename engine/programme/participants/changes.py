"""Consequences of a person's change for proposals and pairs.

They follow from a line of power, an absence, a departure, a gap of experience that is gone.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from engine.core.effects import Delete, Effects, Rows, existing
from engine.matching.eligibility import bar_between
from engine.matching.line import PowerRelation, ReportingLine, power_between
from engine.matching.pool import RoundContext
from engine.programme.interruptions import conflicts, shared_time
from engine.programme.interruptions.absence import rearmed
from engine.programme.interruptions.absences import absence_of, end_moved
from engine.programme.interruptions.resumption import asked_when_landed
from engine.programme.messages import Employment, PersonFacts
from engine.programme.nudges import intents
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import OPEN, Away, Pairing, PairingEvent, can
from engine.programme.participants.course import ended
from engine.programme.participants.participant import Participant, ParticipantStatus, participant_key, with_facts, withdrawn
from engine.programme.participants.silence_rules import UNBROKEN
from engine.programme.proposals.consent import SILENT_BARS, turned_down
from engine.programme.proposals.revisions import revised
from engine.programme.rounds.pool import band_of, member_of
from engine.programme.rounds.programme import Programme
from engine.programme.sessions.cadence import is_plan_done
from engine.programme.tables import PAIRINGS, PARTICIPANTS, participant_in, put_pairing, put_participant
from engine.programme.times.reach import timed_in
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, EndCode, NudgeKey, PairingState, Track
from schemas.terms.ids import ERASED, PairingId, PersonId

_PRESENT: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})
_SETTLED: Final = frozenset({EligibilityCode.ONE_WAY, EligibilityCode.PAST_PARTNER, EligibilityCode.RESTING, EligibilityCode.NOT_YET})
"""Rules that were settled, or waived by a lock, when a proposal was made."""


def facts_changed(
    rows: Rows, programme: Programme, before: Participant, facts: PersonFacts, at: datetime, *, since_at: datetime
) -> Effects:
    """Take new facts in force, and judge at once what they mean.

    Args:
        since_at: when the change took effect; a conflict was open from then on.
    """
    yield from facts_taken(rows, programme, before, facts, at)
    participant = participant_in(rows, programme.programme_id, before.person_id)
    if participant is not None:
        yield from reviewed(rows, programme, participant, at, since_at=since_at)


def facts_taken(rows: Rows, programme: Programme, before: Participant, facts: PersonFacts, at: datetime) -> Effects:
    """Take in new facts, for one person alone: gone, away, or back.

    `reviewed` has yet to follow.
    """
    was, now = before.facts.employment, facts.employment
    participant = with_facts(before, facts)
    if _has_left(was, now):
        yield from left_the_organisation(rows, programme, participant, at)
        return
    yield put_participant(participant)
    yield from _parted(rows, programme, participant, set(facts.excluded_ids) - set(before.facts.excluded_ids), at)
    if now is Employment.ON_LEAVE and was is not Employment.ON_LEAVE:
        yield from went_away(rows, programme, participant, at, is_leave=True, until_on=facts.expected_return_on)
    elif now is Employment.ON_LEAVE and facts.expected_return_on != before.facts.expected_return_on:
        yield from end_moved(rows, programme, participant)
    elif was is Employment.ON_LEAVE and now is Employment.ACTIVE:
        yield from came_back(rows, programme, participant, at, is_leave=True)


def _parted(rows: Rows, programme: Programme, participant: Participant, excluded_ids: set[PersonId], at: datetime) -> Effects:
    """Let new exclusions act on proposals and pairs.

    They are a silent decline of an open proposal, and end a live pair as if the person had asked for it.
    """
    yield from turned_down(rows, participant, excluded_ids)
    for pairing in _open(rows, participant):
        if pairing.is_live and pairing.partner_of(participant.person_id) in excluded_ids:
            yield from lifecycle.end(rows, programme, pairing, lifecycle.wish_code(pairing), at)


def _has_left(was: Employment, now: Employment) -> bool:
    """Say whether the person is gone: departed or erased, or the hire behind it was cancelled.

    Who is only expected has not left.
    """
    if now in {Employment.DEPARTED, Employment.ERASED}:
        return was is not now
    return now not in _PRESENT and (was in _PRESENT or (was is Employment.EXPECTED and now is Employment.UNKNOWN))


def left_the_organisation(rows: Rows, programme: Programme, participant: Participant, at: datetime) -> Effects:
    """Drop what the person said about itself; hired again, it has to enrol anew."""
    over = replace(participant, course=ended(participant.course))
    gone_by = replace(withdrawn(over), facts=PersonFacts(person_id=participant.person_id, employment=participant.facts.employment))
    yield put_participant(gone_by)
    yield from gone(rows, programme, gone_by, at, is_own_choice=False)
    if gone_by.facts.employment is Employment.ERASED:
        yield Delete(PARTICIPANTS, gone_by.key)


def gone(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_own_choice: bool) -> Effects:
    """Let open proposals lapse and end live pairs, by choice or by circumstances.

    An end by circumstances puts the partner first in the queue.
    """
    for pairing in _open(rows, participant):
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, programme, pairing, at)
        elif is_own_choice:
            yield from lifecycle.end(rows, programme, pairing, EndCode.CHOICE, at)
        else:
            partner_id = pairing.partner_of(participant.person_id)
            yield from lifecycle.end(rows, programme, pairing, EndCode.CIRCUMSTANCES, at, first_in_queue=(partner_id,))


def went_away(
    rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_leave: bool, until_on: date | None
) -> Effects:
    """Let open proposals lapse and pause live pairs.

    A suspended pair only remembers it. A concluding one stays as it is.
    """
    away = absence_of(programme, participant, at, is_leave=is_leave, until_on=until_on)
    for pairing in _open(rows, participant):
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, programme, pairing, at)
        elif pairing.state in {PairingState.PAUSED, PairingState.SUSPENDED} or can(pairing, PairingEvent.LEFT_FOR_A_WHILE):
            yield from lifecycle.pause(programme, pairing, away, at, until_on=until_on)


def renewed_meanwhile(rows: Rows, programme: Programme, renewed: Pairing, at: datetime) -> Effects:
    """Catch up with what a concluding pair let pass: an absence, or a gap that is gone."""
    for person_id in renewed.people:
        participant = existing(rows, PARTICIPANTS, participant_key(programme.programme_id, person_id))
        absences: list[tuple[Away, date | None]] = []
        if participant.facts.employment is Employment.ON_LEAVE:
            until_on = participant.facts.expected_return_on
            absences.append((absence_of(programme, participant, at, is_leave=True, until_on=until_on), until_on))
        if participant.status is ParticipantStatus.PAUSED:
            until_on = participant.paused_until_on
            absences.append((absence_of(programme, participant, at, is_leave=False, until_on=until_on), until_on))
        for away, until_on in absences:
            pairing = existing(rows, PAIRINGS, renewed.pairing_id)
            yield from lifecycle.pause(programme, pairing, away, at, until_on=until_on)
    current = existing(rows, PAIRINGS, renewed.pairing_id)
    if current.state is PairingState.ACTIVE and current.is_convertible:
        yield from lifecycle.offer_conversion(programme, current, at)


def came_back(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_leave: bool) -> Effects:
    """End one absence of a person in all its pairs.

    A self-pause ends by itself, at once. After a leave both are asked whether to go on, when the soft landing is over. A pair with
    somebody else away, or a line of power between the two, goes on waiting for that.
    """
    for pairing in _open(rows, participant):
        back = tuple(
            replace(away, is_over=True) if (away.person_id, away.is_leave) == (participant.person_id, is_leave) else away
            for away in pairing.away
        )
        if back == pairing.away:
            continue
        # A self-pause leaves no trace; a leave that is over still asks for two answers.
        known = rearmed(replace(pairing, away=tuple(away for away in back if away.is_leave or not away.is_over)))
        yield put_pairing(known)
        yield from intents.withdrawn(known, keys=(NudgeKey.PARTNER_AWAY,))
        is_held = known.state in {PairingState.PAUSED, PairingState.SUSPENDED}
        if not is_held or known.conflict or any(not away.is_over for away in known.away):
            continue
        if known.state is PairingState.PAUSED and not known.away:
            yield from lifecycle.resume(rows, programme, known, PairingEvent.BACK, at)
        else:
            yield from asked_when_landed(rows, programme, known, at)


def policy_reviewed(rows: Rows, programme: Programme, at: datetime) -> Effects:
    """Judge all open proposals and live pairs of a programme by a new policy.

    An active pair waits by the new policy from now on. An instant that two people know, such as the day by which to answer, stands.
    """
    for _, pairing in list(rows.scan(PAIRINGS, f"{programme.programme_id}.")):
        if pairing.state in OPEN:
            yield from _pair_reviewed(rows, programme, pairing, at, since_at=at)
            yield from _timed_anew(rows, programme, pairing.pairing_id, at)


def _timed_anew(rows: Rows, programme: Programme, pairing_id: PairingId, at: datetime) -> Effects:
    pairing = rows.get(PAIRINGS, pairing_id)
    if pairing is None or pairing.state not in {PairingState.ACTIVE, PairingState.CONCLUDING}:
        return
    if pairing.state is PairingState.ACTIVE and is_plan_done(pairing, programme.policy, at):
        yield from lifecycle.conclude(rows, programme, pairing, at)
        return
    anew = timed_in(rows, programme, pairing, at)
    if anew != pairing:
        yield put_pairing(anew)


def reviewed(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, since_at: datetime) -> Effects:
    """Look again at what is open after a change of facts or profile.

    An open proposal that a hard rule now bars lapses; an exclusion only declines it (proposals/consent). A live pair is held against the
    line of power and the gap of its track only.
    """
    for pairing in _open(rows, participant):
        yield from _pair_reviewed(rows, programme, pairing, at, since_at=since_at)
        yield from _timed_anew(rows, programme, pairing.pairing_id, at)


def _pair_reviewed(rows: Rows, programme: Programme, pairing: Pairing, at: datetime, *, since_at: datetime) -> Effects:
    first, second = (participant_in(rows, programme.programme_id, person_id) for person_id in pairing.people)
    if first is None or second is None or first.departing_at is not None or second.departing_at is not None:
        return  # a pair of somebody who departed stays as it is until that is settled, or taken back
    if pairing.state is PairingState.PROPOSED:
        if _is_barred(programme, first, second, at):
            yield from lifecycle.lapse(rows, programme, pairing, at)
        else:
            yield from revised(rows, programme, pairing, (first, second), at)
        return
    relation = power_relation(first.facts, second.facts, is_same_manager_allowed=programme.policy.same_manager_allowed)
    if relation is EligibilityCode.SAME_MANAGER and not pairing.conflict and first.facts.manager_id == ERASED:
        relation = None  # two managers who were erased are not known to have been one (erasure/rules, erasure.Z4)
    if relation is not None and not pairing.conflict:
        yield from conflicts.arose(rows, programme, pairing, relation, at, since_at=since_at)
    elif relation is None and pairing.conflict:
        yield from conflicts.gone(rows, programme, pairing, at)
    else:
        yield from _gap_watched(programme, pairing, first, second, at)
    current = rows.get(PAIRINGS, pairing.pairing_id)
    if current is not None:
        yield from shared_time.watched(rows, programme, current, at)


def power_relation(first: PersonFacts, second: PersonFacts, *, is_same_manager_allowed: bool) -> EligibilityCode | None:
    """Name the line of power between two people.

    Lines count first, with dotted lines by name, then a shared manager.
    """
    relation = power_between(
        first.person_id,
        ReportingLine(above=first.line or ((first.manager_id,) if first.manager_id else ())),
        second.person_id,
        ReportingLine(above=second.line or ((second.manager_id,) if second.manager_id else ())),
        same_manager_allowed=is_same_manager_allowed,
    )
    is_dotted = first.person_id in second.dotted_line_ids or second.person_id in first.dotted_line_ids
    if relation is PowerRelation.REPORTING_LINE or is_dotted:
        return EligibilityCode.REPORTING_LINE
    return EligibilityCode.SAME_MANAGER if relation is PowerRelation.SAME_MANAGER else None


def _gap_watched(programme: Programme, pairing: Pairing, first: Participant, second: Participant, at: datetime) -> Effects:
    """Offer to go on as equals when the gap that the track needs is gone.

    A pair that isn't active is asked when it is back.
    """
    if pairing.track is Track.MUTUAL:
        return
    is_wide = _is_gap_wide(programme, pairing, first, second)
    if is_wide == (not pairing.is_convertible):
        return
    is_asked = pairing.state is PairingState.ACTIVE
    watched = replace(pairing, is_convertible=not is_wide, answers=() if is_asked else pairing.answers)
    yield put_pairing(watched)
    if is_wide:
        yield from intents.withdrawn(watched, keys=(NudgeKey.CONVERT_OFFER,))
    elif is_asked:
        yield from lifecycle.offer_conversion(programme, watched, at)


def _is_gap_wide(programme: Programme, pairing: Pairing, first: Participant, second: Participant) -> bool:
    """Say whether the more experienced side still is, by as many bands as the track needs."""
    senior, junior = (first, second) if first.person_id == pairing.senior_id else (second, first)
    upper, lower = band_of(senior, programme.policy), band_of(junior, programme.policy)
    return upper is not None and lower is not None and upper - lower >= max(1, programme.policy.experience_gap_min)


def _is_barred(programme: Programme, first: Participant, second: Participant, at: datetime) -> bool:
    """Ask the hard rules again for an open proposal; the room that it takes is its own.

    Whoever rests, or is asked whether they still take part, is proposed to nobody else meanwhile; what is open stays open.
    """
    if any(one.status is not ParticipantStatus.ENROLLED for one in (first, second)):
        return True
    context = RoundContext.of(programme.policy, week_of=at.date(), topic_weights={})
    sides = (replace(side, silence=UNBROKEN, rest=None) for side in (first, second))
    one, other = (replace(member_of(programme, side, at), room=1) for side in sides)
    return bar_between(one, other, context, waived=_SETTLED | SILENT_BARS) is not None


def _open(rows: Rows, participant: Participant) -> Iterator[Pairing]:
    """Yield what is open of a participant, each as it stands when its turn comes."""
    for pairing_id in participant.pairing_ids:
        pairing = rows.get(PAIRINGS, pairing_id)
        if pairing is not None and pairing.state in OPEN:
            yield pairing
