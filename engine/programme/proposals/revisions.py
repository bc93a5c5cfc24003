"""Revisions of open proposals: what changed is proposed anew, and old answers are void.

A proposal is judged by the topic weights and the week of its own round, which the round keeps. What changed nothing in the score or its
reasons leaves the proposal as it is.
"""

from datetime import datetime

from engine.core.effects import Effects, Emit, Rows, existing
from engine.matching import round as matching
from engine.matching.eligibility import bar_between
from engine.matching.pool import RoundContext
from engine.programme.nudges.intents import withdrawn
from engine.programme.pairs import lifecycle
from engine.programme.pairs.pairing import Pairing, armed, asking, disarmed
from engine.programme.participants.participant import Participant
from engine.programme.proposals.answering import Question
from engine.programme.rounds import rounds
from engine.programme.rounds.pool import member_of
from engine.programme.rounds.programme import Programme, round_key
from engine.programme.tables import ROUNDS, put_pairing
from schemas.frozen import replace
from schemas.terms.codes import EligibilityCode, PairingReasonCode
from schemas.topics import PAIRINGS


def revised(rows: Rows, programme: Programme, pairing: Pairing, sides: tuple[Participant, Participant], at: datetime) -> Effects:
    """Propose anew under the next version.

    If a side that has to learn no longer learns enough, the proposal lapses.
    """
    kept = existing(rows, ROUNDS, round_key(programme.programme_id, pairing.round_ordinal))
    context = RoundContext.of(programme.policy, week_of=kept.held_at.date(), topic_weights=kept.topic_weights)
    first, second = (replace(member_of(programme, side, at), room=1) for side in sides)
    is_locked = any(reason.code == PairingReasonCode.LOCKED for reason in pairing.proposal.reasons)
    settled = frozenset(EligibilityCode) - {EligibilityCode.ONE_WAY}
    if not is_locked and bar_between(first, second, context, waived=settled) is not None:
        yield from lifecycle.lapse(rows, programme, pairing, at)
        return
    one, other = pairing.proposal.sides
    counts = (one.options_count, other.options_count)
    found = matching.proposal_between(context, (first, second), counts, is_locked=is_locked)
    yield from _proposed_anew(rows, programme, pairing, found, at)


def _proposed_anew(rows: Rows, programme: Programme, pairing: Pairing, found: matching.ProposedPair, at: datetime) -> Effects:
    before = pairing.proposal
    now = rounds.proposal_of(rows, programme, found, version=before.version + 1, at=at)
    if (now.score, now.sides, now.reasons) == (before.score, before.sides, before.reasons):
        return
    anew = asking(replace(disarmed(pairing), proposal=now, accepted_by=(), told=()), Question.PROPOSAL, at)
    anew = armed(anew, *rounds.consent_timers(anew))
    yield put_pairing(anew)
    yield Emit(topic=PAIRINGS, key=anew.pairing_id, data=rounds.described(anew), expires_at=now.expires_at)
    yield from lifecycle.announced(anew, at)
    yield from withdrawn(anew, keys=lifecycle.LEADING_KEYS)
    yield from rounds.ready_nudges(programme, anew, at)
