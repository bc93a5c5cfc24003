"""What a change in one person's standing means for its proposals and pairs: line of power, absence, departure, experience gap."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from engine.domain.eligibility import RoundContext, bar_between
from engine.domain.line import PowerRelation, ReportingLine, power_between
from engine.domain.messages import Employment, FactsChanged, PersonFacts
from engine.domain.pairing import Away, Pairing, PairingEvent, Timer, TimerKind, armed, can, disarmed
from engine.domain.participant import Participant, ParticipantStatus, is_ready, waiting
from engine.domain.pool import band_of, member_of
from engine.domain.programme import Programme
from engine.effects import Effects, Note, Rows
from engine.processors import lifecycle
from engine.processors.intents import coordinator_of, intended, nudged
from engine.processors.pairings import asked_to_resume
from engine.processors.tables import pairing_in, participant_in, put_pairing, put_participant
from schemas.codes import EligibilityCode, EndCode, NudgeKey, PairingState, Track

GONE: Final = frozenset({Employment.DEPARTED, Employment.ERASED, Employment.UNKNOWN, Employment.EXPECTED})
_PRESENT: Final = frozenset({Employment.ACTIVE, Employment.ON_LEAVE})


def facts_changed(rows: Rows, programme: Programme, before: Participant, message: FactsChanged, at: datetime) -> Effects:
    """Take new facts in force: who went, who is away, who came back, who now stands over whom."""
    from engine.processors.participants import withdrawn_from

    was, facts = before.facts, message.facts
    participant = replace(before, facts=facts)
    has_left = was.employment in _PRESENT and facts.employment in GONE
    if has_left:
        participant = withdrawn_from(participant, ())
    elif facts.employment is Employment.ACTIVE and not participant.pairing_ids and is_ready(participant):
        participant = waiting(participant, at, programme.rounds_held)
    yield put_participant(participant)
    if has_left:
        yield from gone(rows, programme, participant, at, is_own_choice=False)
    elif facts.employment is Employment.ON_LEAVE and was.employment is not Employment.ON_LEAVE:
        yield from went_away(rows, programme, participant, at, is_leave=True, until_on=facts.expected_return_on)
    elif was.employment is Employment.ON_LEAVE and facts.employment is Employment.ACTIVE:
        landed_at = (facts.leave_ended_at or at) + timedelta(days=programme.policy.soft_landing_days)
        yield from came_back(rows, programme, participant, at, is_leave=True, landed_at=landed_at)
    yield from reviewed(rows, programme, participant, at, since_at=message.since_at)


def gone(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_own_choice: bool) -> Effects:
    """Let open proposals lapse and end live pairs: by choice of one's own, or by circumstances, which puts the partner first."""
    for pairing in _open(rows, participant):
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, programme, pairing, at)
        elif is_own_choice:
            yield from lifecycle.end(rows, programme, pairing, EndCode.CHOICE, at)
        else:
            partner_id = pairing.partner_of(participant.person_id)
            yield from lifecycle.end(rows, programme, pairing, EndCode.CIRCUMSTANCES, at, first_in_queue=(partner_id,))


def went_away(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_leave: bool, until_on: date | None) -> Effects:
    """Let open proposals lapse and pause live pairs; a suspended or concluding pair stays as it is."""
    away = Away(person_id=participant.person_id, is_leave=is_leave)
    for pairing in _open(rows, participant):
        if pairing.state is PairingState.PROPOSED:
            yield from lifecycle.lapse(rows, programme, pairing, at)
        elif pairing.state in {PairingState.PAUSED, PairingState.SUSPENDED} or can(pairing, PairingEvent.LEFT_FOR_A_WHILE):
            yield from lifecycle.pause(programme, pairing, away, at, until_on=until_on)


def came_back(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, is_leave: bool, landed_at: datetime) -> Effects:
    """End one absence of a person in all its pairs.

    Args:
        landed_at: end of the silence after a leave; then both are asked whether to go on. A self-pause ends by itself, at once.
    """
    for pairing in _open(rows, participant):
        back = tuple(
            replace(away, is_over=True) if (away.person_id, away.is_leave) == (participant.person_id, is_leave) else away
            for away in pairing.away
        )
        if back == pairing.away:
            continue
        # A self-pause leaves no trace; a leave that is over still asks for two answers.
        known = replace(pairing, away=tuple(away for away in back if away.is_leave or not away.is_over))
        yield put_pairing(known)
        if known.state is not PairingState.PAUSED or any(not away.is_over for away in known.away):
            continue
        if not known.away:
            yield from lifecycle.resume(programme, known, PairingEvent.BACK, at)
        elif landed_at > at:
            yield put_pairing(armed(disarmed(known, TimerKind.SOFT_LANDING_OVER), Timer(kind=TimerKind.SOFT_LANDING_OVER, due_at=landed_at)))
        else:
            yield from asked_to_resume(programme, known, at)


def reviewed(rows: Rows, programme: Programme, participant: Participant, at: datetime, *, since_at: datetime) -> Effects:
    """Look again at what is open after a change of facts or profile.

    An open proposal that a hard rule now bars lapses. A live pair is held against the line of power and the gap of its track only.
    """
    for pairing in _open(rows, participant):
        partner = participant_in(rows, programme.programme_id, pairing.partner_of(participant.person_id))
        if partner is None:
            continue
        if pairing.state is PairingState.PROPOSED:
            if _is_barred(programme, participant, partner, at):
                yield from lifecycle.lapse(rows, programme, pairing, at)
            continue
        relation = power_relation(participant.facts, partner.facts, is_same_manager_allowed=programme.policy.same_manager_allowed)
        if relation is not None and not pairing.conflict:
            yield from _conflict(programme, pairing, relation, at, since_at)
        elif relation is None and pairing.conflict:
            yield from _conflict_gone(programme, pairing, at)
        else:
            yield from _gap_watched(programme, pairing, participant, partner, at)


def power_relation(first: PersonFacts, second: PersonFacts, *, is_same_manager_allowed: bool) -> EligibilityCode | None:
    """Name the line of power between two people: the materialised lines, then dotted lines by name, then a shared manager."""
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


def _conflict(programme: Programme, pairing: Pairing, relation: EligibilityCode, at: datetime, since_at: datetime) -> Effects:
    yield Note("bothways_conflict_exposure_seconds_total", max(0.0, (at - since_at).total_seconds()))
    if pairing.state is PairingState.SUSPENDED:
        over_at = at + timedelta(days=programme.policy.conflict_days)
        yield put_pairing(armed(disarmed(replace(pairing, conflict=True, answers=())), Timer(kind=TimerKind.CONFLICT_OVER, due_at=over_at)))
        return
    yield from lifecycle.suspend(programme, pairing, at)
    yield from intended(
        programme,
        NudgeKey.COORDINATOR_CONFLICT,
        coordinator_of(programme.programme_id),
        at=at,
        occasion=f"{at:%Y-%m-%d}",
        params={"code": relation.value},
    )


def _conflict_gone(programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Ask both again; without two answers the pair ends like one that was never resolved."""
    clear = disarmed(replace(pairing, conflict=False, answers=()), TimerKind.CONFLICT_OVER)
    if any(not away.is_over for away in clear.away):
        over_at = at + timedelta(days=programme.policy.conflict_days)
        yield put_pairing(armed(clear, Timer(kind=TimerKind.RESUME_OVER, due_at=over_at)))
        return
    yield from asked_to_resume(programme, clear, at)


def _gap_watched(programme: Programme, pairing: Pairing, participant: Participant, partner: Participant, at: datetime) -> Effects:
    """Offer to go on as equals when the gap that the track needs is gone."""
    if pairing.track is Track.MUTUAL or pairing.state is not PairingState.ACTIVE:
        return
    bands = [band_of(one, programme.policy) for one in (participant, partner)]
    is_wide = None not in bands and abs(bands[0] - bands[1]) >= max(1, programme.policy.experience_gap_min)  # type: ignore[operator]
    if is_wide == (not pairing.is_convertible):
        return
    yield put_pairing(replace(pairing, is_convertible=not is_wide, answers=()))
    if not is_wide:
        for person_id in pairing.people:
            yield from nudged(programme, pairing, NudgeKey.CONVERT_OFFER, person_id, at=at, occasion=f"{at:%Y-%m-%d}")


def _is_barred(programme: Programme, first: Participant, second: Participant, at: datetime) -> bool:
    """Ask the hard rules again for an open proposal; what it takes to be worth it was settled when it was made."""
    if any(one.status is not ParticipantStatus.ENROLLED for one in (first, second)):
        return True
    context = RoundContext.of(programme.policy, week_of=at.date(), topic_weights={})
    members = [replace(member_of(programme, one, at), room=1) for one in (first, second)]
    return bar_between(*members, context, waived=frozenset({EligibilityCode.ONE_WAY, EligibilityCode.PAST_PARTNER, EligibilityCode.RESTING})) is not None


def _open(rows: Rows, participant: Participant) -> list[Pairing]:
    found = (pairing_in(rows, pairing_id) for pairing_id in participant.pairing_ids)
    return [pairing for pairing in found if pairing is not None]

