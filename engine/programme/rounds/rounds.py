"""One round: proposals with reasons, a certificate, and a word for everybody left out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from engine.core.effects import Delete, Effects, Emit, Note, Put, Rows, RowsOfStep, Send, StageName, existing
from engine.matching import round as matching
from engine.matching.pool import PoolMember
from engine.matching.scoring import TECH_FAMILIES
from engine.matching.search.unmatched import LeftOut
from engine.programme.coordinators.coordinator_day import Summary
from engine.programme.coordinators.coordinator_notes import SUMMARIES, untold
from engine.programme.insights.round_figures import matched, measured
from engine.programme.insights.told_figures import waiting_told
from engine.programme.messages import NudgesWithdrawn, Reason
from engine.programme.nudges.intents import coordinator_of, intended, nudged, proposal_params
from engine.programme.pairs.lifecycle import announced
from engine.programme.pairs.pairing import Learns, Pairing, Proposal, SideOffer, Timer, TimerKind, armed
from engine.programme.participants.participant import STILL_WAITING_DAYS, participant_key
from engine.programme.proposals.chance import reminders
from engine.programme.rounds.pool import band_of, is_anybody_in_pool, members_of
from engine.programme.rounds.programme import HeldRound, Programme, families_of, next_round, round_key
from engine.programme.rounds.room import joined
from engine.programme.tables import (
    BARS,
    PAIRINGS,
    PARTICIPANTS,
    ROUNDS,
    bar_in,
    participant_in,
    put_bar,
    put_pairing,
    put_participant,
    put_programme,
)
from engine.programme.times.reach import deadline_in
from schemas.base import PairingReason, UnmatchedReason
from schemas.events import pairing as published
from schemas.events import round as published_round
from schemas.events.audit import CommandRefused
from schemas.events.round import RoundCompleted, RoundProposal
from schemas.frozen import Frozen, replace
from schemas.terms.codes import EligibilityCode, NudgeKey, PairingReasonCode, PairingState, Track
from schemas.terms.ids import PairingId, PersonId, TopicId
from schemas.terms.policy import Policy
from schemas.topics import AUDIT, INSIGHTS
from schemas.topics import PAIRINGS as PAIRINGS_TOPIC

RATIO_ALARM: Final = (99, 100)
"""Below this share of the bound the coordinator gets a note."""
DATA_USED: Final = (
    "offers",
    "wants",
    "hours",
    "timezone",
    "languages",
    "experience_band",
    "department",
    "reporting_line",
    "past_pairings",
    "waiting_since",
)


def held(rows: RowsOfStep, programme: Programme, at: datetime) -> Effects:
    """Hold the next round: propose pairs, say why for everybody else, set the next round.

    A lock is for this round only; one that a hard rule forbids ends as a refused command with the rule's code.
    """
    ordinal = programme.rounds_held + 1
    members = _members(rows, programme, at)
    result = matched(programme, members, at)
    told = measured(programme, members, result, at)
    done = replace(told, rounds_held=ordinal, locks=(), next_round_at=next_round(programme, at))
    yield put_programme(done)
    if result.proposals:
        kept = HeldRound(held_at=at, topic_weights=dict(result.topic_weights))
        yield Put(ROUNDS, round_key(done.programme_id, ordinal), kept)
    for proposal in result.proposals:
        yield from _proposed(rows, done, proposal, ordinal, at)
    for lock in result.refused_locks:
        refused = CommandRefused(type=published.PairingLocked.TYPE, subject=done.programme_id, code=lock.code)
        yield Emit(topic=AUDIT, key=done.programme_id, data=refused, subjects=lock.person_ids)
    for left_out in result.unmatched:
        participant = participant_in(rows, programme.programme_id, left_out.person_id)
        if participant is not None and (left_out.is_in_pool or left_out.code is EligibilityCode.NOT_YET):
            had_options = participant.had_options or left_out.has_option
            after = replace(participant, unmatched_reason=f"{left_out.code}/{left_out.widen}", had_options=had_options)
            if after != participant:
                yield put_participant(after)
    waiting, by_rule = yield from waiting_told(rows, done, result, at)
    report = _report(done, result, ordinal).model_copy(update={"waiting": waiting, "no_option_by_reason": by_rule})
    yield Emit(topic=INSIGHTS, key=programme.programme_id, data=report, subjects=(str(ordinal),))
    yield Note("bothways_round_optimal_ratio", min(1.0, result.certificate.ratio))
    yield from alarmed(rows, done, result.certificate, ordinal, at)


def alarmed(rows: Rows, programme: Programme, certificate: matching.Certificate, ordinal: int, at: datetime) -> Effects:
    """Tell the coordinator of a poor round, and take that back after a good one."""
    name = f"{programme.programme_id}/{NudgeKey.COORDINATOR_ROUND_ALARM}"
    if certificate.is_below(*RATIO_ALARM):
        summary = Summary(programme_id=programme.programme_id, key=NudgeKey.COORDINATOR_ROUND_ALARM, told_on=at.date())
        yield Put(SUMMARIES, name, summary)
        yield from intended(
            programme,
            NudgeKey.COORDINATOR_ROUND_ALARM,
            coordinator_of(programme.programme_id),
            at=at,
            occasion=f"{at:%Y-%m-%d}",
            params={"round": ordinal, "optimal_ratio": round(certificate.ratio, 4)},
        )
    elif rows.get(SUMMARIES, name) is not None:
        yield Delete(SUMMARIES, name)
        yield from untold(programme.programme_id, NudgeKey.COORDINATOR_ROUND_ALARM)


class Rehearsal(Frozen, kw_only=True):
    """A round that might be held."""

    programme: Programme
    """Under the policy that the round was judged by."""
    members: tuple[PoolMember, ...]
    result: matching.RoundResult
    at: datetime


def rehearsal(rows: Rows, programme: Programme, at: datetime, policy: Policy | None = None) -> Rehearsal:
    """Compute the round that would be held now, under any policy; change nothing."""
    judged = programme if policy is None else replace(programme, policy_json=policy.model_dump_json())
    members = _members(rows, judged, at)
    return Rehearsal(programme=judged, members=members, result=matched(judged, members, at), at=at)


def reported(rows: Rows, rehearsed: Rehearsal) -> RoundCompleted:
    """Write a rehearsal as answered: with the pairs, and with everybody left out."""
    programme, result = rehearsed.programme, rehearsed.result
    return _report(programme, result, programme.rounds_held + 1).model_copy(
        update={
            "dry_run": True,
            "proposals": tuple(
                RoundProposal(people=found.person_ids, score=found.score, reasons=_published(_reasons(rows, programme, found)))
                for found in result.proposals
            ),
            "unmatched": tuple(_left_out(left_out) for left_out in result.unmatched),
        }
    )


def without_people(report: RoundCompleted) -> RoundCompleted:
    """Return what others may read of a rehearsal: its pairs and people go to whoever asked."""
    return report.model_copy(update={"proposals": None, "unmatched": None})


def is_wanted(rows: Rows, programme: Programme, at: datetime) -> bool:
    """Say whether anybody can be paired, or a lock waits: a day without has no round."""
    participants = (row for _, row in rows.scan(PARTICIPANTS, f"{programme.programme_id}/"))
    return bool(programme.locks) or is_anybody_in_pool(programme, participants, at)


def _members(rows: Rows, programme: Programme, at: datetime) -> tuple[PoolMember, ...]:
    prefix = f"{programme.programme_id}/"
    people, bars = [row for _, row in rows.scan(PARTICIPANTS, prefix)], rows.scan(BARS, prefix)
    open_ids = {pairing_id for participant in people for pairing_id, _ in participant.roomless}
    proposed_ids = frozenset(
        pairing_id
        for pairing_id in sorted(open_ids)
        if (pairing := rows.get(PAIRINGS, pairing_id)) is not None and pairing.state is PairingState.PROPOSED
    )
    return tuple(members_of(programme, people, (row for _, row in bars), at, proposed_ids=proposed_ids))


def _pairing_id(rows: RowsOfStep, programme: Programme, people: tuple[PersonId, PersonId], ordinal: int) -> PairingId:
    """Name a pairing.

    The name outlives an erasure of one of the two, so nobody may try out who it was.
    """
    return PairingId(f"{programme.programme_id}.{rows.hidden_name(f'{programme.programme_id}/{people[0]}/{people[1]}/{ordinal}')}")


def _proposed(rows: RowsOfStep, programme: Programme, found: matching.ProposedPair, ordinal: int, at: datetime) -> Effects:
    people = found.person_ids
    proposal = proposal_of(rows, programme, found, version=1, at=at)
    pairing = Pairing(
        pairing_id=_pairing_id(rows, programme, people, ordinal),
        programme_id=programme.programme_id,
        people=people,
        track=programme.policy.track,
        state=PairingState.PROPOSED,
        since=at,
        proposal=proposal,
        senior_id=_senior_id(rows, programme, people),
        round_ordinal=ordinal,
        bands=_bands(rows, programme, people),
    )
    pairing = armed(pairing, *consent_timers(pairing))
    yield put_pairing(pairing)
    yield Emit(topic=PAIRINGS_TOPIC, key=pairing.pairing_id, data=described(pairing), expires_at=proposal.expires_at)
    yield from announced(pairing, at)
    yield put_bar(programme.programme_id, replace(bar_in(rows, programme.programme_id, people), open_pairing_id=pairing.pairing_id))
    room_until = at + timedelta(days=programme.policy.room_days)
    for person_id in people:
        participant = existing(rows, PARTICIPANTS, participant_key(programme.programme_id, person_id))
        yield put_participant(replace(joined(participant, pairing.pairing_id, room_until), unmatched_reason=None, had_options=True))
        if at >= programme.created_at + timedelta(days=STILL_WAITING_DAYS):  # before, nobody has waited long enough for an update
            over = NudgesWithdrawn(person_id=person_id, programme_id=programme.programme_id, keys=(NudgeKey.WAITING_UPDATE,))
            yield Send(StageName.PEOPLE, person_id, over)
    yield from ready_nudges(programme, pairing, at)


def proposal_of(rows: Rows, programme: Programme, found: matching.ProposedPair, *, version: int, at: datetime) -> Proposal:
    """Write down what is proposed to two people from now on."""
    return Proposal(
        version=version,
        score=found.score,
        sides=(_side(found.sides[0]), _side(found.sides[1])),
        reasons=_reasons(rows, programme, found),
        data_used=DATA_USED,
        policy_version=programme.policy_version,
        proposed_at=at,
        expires_at=deadline_in(rows, programme, found.person_ids, programme.policy.consent_days, at),
    )


def consent_timers(pairing: Pairing) -> tuple[Timer, ...]:
    """Return the timers of an open proposal: its end, and a reminder if there is time."""
    return *reminders(pairing), Timer(kind=TimerKind.CONSENT_OVER, due_at=pairing.proposal.expires_at)


def ready_nudges(programme: Programme, pairing: Pairing, at: datetime) -> Effects:
    """Tell both that there is a proposal to answer, in this version."""
    proposal = pairing.proposal
    for person_id in pairing.people:
        yield from nudged(
            programme,
            pairing,
            NudgeKey.PROPOSAL_READY,
            person_id,
            at=at,
            occasion=str(proposal.version),
            expires_at=proposal.expires_at,
            params=proposal_params(programme, pairing),
        )


def _bands(rows: Rows, programme: Programme, people: tuple[PersonId, PersonId]) -> tuple[int, int] | None:
    """Return the experience bands of the two; None where one is unknown."""
    participants = [participant_in(rows, programme.programme_id, person_id) for person_id in people]
    first, second = (None if one is None else band_of(one, programme.policy) for one in participants)
    return None if first is None or second is None else (first, second)


def _senior_id(rows: Rows, programme: Programme, people: tuple[PersonId, PersonId]) -> PersonId | None:
    """Name the more experienced of the two; nobody where a band is unknown or both are equal."""
    bands = _bands(rows, programme, people)
    if bands is None or bands[0] == bands[1]:
        return None
    return people[0] if bands[0] > bands[1] else people[1]


def _side(side: matching.Side) -> SideOffer:
    return SideOffer(
        person_id=side.person_id,
        benefit_points=side.benefit.points,
        need_points=side.benefit.need,
        learns=tuple(
            Learns(topic=lesson.topic, level=lesson.level, own_level=lesson.own_level, points=lesson.points) for lesson in side.lessons
        ),
        options_count=side.options_count,
    )


def _reasons(rows: Rows, programme: Programme, found: matching.ProposedPair) -> tuple[Reason, ...]:
    senior_id = None if programme.policy.track is Track.MUTUAL else _senior_id(rows, programme, found.person_ids)
    must_learn = {
        Track.MUTUAL: found.person_ids,
        Track.REVERSE: [person_id for person_id in found.person_ids if person_id == senior_id],
        Track.TRADITIONAL: [person_id for person_id in found.person_ids if person_id != senior_id],
    }
    return reasons_of(found, families_of(programme.policy_json), must_learn[programme.policy.track])


def reasons_of(found: matching.ProposedPair, families: Mapping[str, str], must_learn: Iterable[PersonId]) -> tuple[Reason, ...]:
    """List why these two: every number is a term of the score.

    So the score can be computed again from the reasons alone.

    Args:
        families: family by topic id.
        must_learn: the sides whose benefit the track requires: both, or the one that the whole score hangs on.
    """
    required = set(must_learn)
    reasons: list[Reason] = []
    for side in found.sides:
        for lesson in side.lessons:
            params: dict[str, str | int | float | bool] = {
                "person_id": side.person_id,
                "topic": lesson.topic,
                "level": lesson.level,
                "own_level": lesson.own_level,
                "points": lesson.points,
                "need_points": side.benefit.need,
                "is_required": side.person_id in required,
            }
            reasons.append(Reason(code=PairingReasonCode.LEARNS_TOPIC, params=params))
    reasons.append(Reason(code=PairingReasonCode.SHARED_HOURS, params={"shared_week_minutes": found.context.shared_week_minutes}))
    if found.context.is_other_department:
        reasons.append(Reason(code=PairingReasonCode.OTHER_DEPARTMENT, params={}))
    if found.context.bands_apart:
        reasons.append(Reason(code=PairingReasonCode.BRIDGES_BANDS, params={"bands_apart": found.context.bands_apart}))
    if any(families.get(lesson.topic) not in TECH_FAMILIES for side in found.sides for lesson in side.lessons):
        reasons.append(Reason(code=PairingReasonCode.BEYOND_TECH, params={}))
    reasons.extend(
        Reason(code=PairingReasonCode.RANK_OF_OPTIONS, params={"person_id": side.person_id, "options_count": side.options_count})
        for side in found.sides
    )
    if found.is_locked:
        reasons.append(Reason(code=PairingReasonCode.LOCKED, params={}))
    return tuple(reasons)


def described(pairing: Pairing) -> published.PairingProposed:
    """Write the proposal as published."""
    proposal = pairing.proposal
    return published.PairingProposed(
        pairing_id=pairing.pairing_id,
        programme_id=pairing.programme_id,
        proposal_version=proposal.version,
        people=(_person(proposal.sides[0]), _person(proposal.sides[1])),
        score=proposal.score,
        track=Track(pairing.track),
        reasons=_published(proposal.reasons),
        data_used=proposal.data_used,
        policy_version=proposal.policy_version,
        expires_at=proposal.expires_at,
    )


def _person(side: SideOffer) -> published.ProposedPerson:
    need = side.need_points
    return published.ProposedPerson(
        person_id=side.person_id,
        learns=tuple(
            published.Learning(
                topic=TopicId(lesson.topic), level=lesson.level, own_level=lesson.own_level, share=min(1.0, _share(lesson.points, need))
            )
            for lesson in side.learns
        ),
        benefit=_share(side.benefit_points, need),
    )


def _share(points: int, need_points: int) -> float:
    return round(points / need_points, 4) if need_points else 0.0


def _report(programme: Programme, result: matching.RoundResult, ordinal: int) -> RoundCompleted:
    return RoundCompleted(
        programme_id=programme.programme_id,
        round=ordinal,
        dry_run=False,
        proposed=len(result.proposals),
        waiting=result.waiting_count,
        no_option_by_reason=result.no_option_by_reason,
        total_score=result.certificate.total,
        optimality_bound=result.certificate.bound,
        optimal_ratio=round(min(1.0, result.certificate.ratio), 6),
        blocking_pairs=result.certificate.blocking_pairs_count,
    )


def _published(reasons: Iterable[Reason]) -> tuple[PairingReason, ...]:
    return tuple(PairingReason(code=PairingReasonCode(reason.code), params=reason.params) for reason in reasons)


def _left_out(left_out: LeftOut) -> published_round.Unmatched:
    reason = UnmatchedReason(code=left_out.code, params={"widen": left_out.widen})
    return published_round.Unmatched(person_id=left_out.person_id, standing=left_out.standing, reasons=(reason,))
