"""Consent to a proposal: answers stay in the row and show nowhere until both accept.

A decline moves nothing. The proposal stays open until it expires, as if that side had never answered, and until then the answer may be
changed. An exclusion, and a forbid by the coordinator, act like a silent decline: the proposal stays as it is, and two accepts make it no
pair.

Never knows: how a pair begins or a proposal lapses (pairs/lifecycle).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from engine.core.effects import Effects, Rows
from engine.matching.eligibility import bar_between
from engine.matching.pool import RoundContext
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant
from engine.programme.proposals.answering import Question, counts, with_said
from engine.programme.rounds.pool import member_of
from engine.programme.rounds.programme import Programme
from engine.programme.rounds.room import left
from engine.programme.tables import PAIRINGS, bar_in, participant_in, put_pairing
from schemas.envelope import Event
from schemas.frozen import replace
from schemas.terms.codes import Answer, EligibilityCode, PairingState
from schemas.terms.ids import PersonId

SILENT_BARS: Final = frozenset({EligibilityCode.EXCLUDED, EligibilityCode.FORBIDDEN})
"""Rules that act on an open proposal like a silent decline.

Any other hard rule lets it lapse at once.
"""
_OTHER_BARS: Final = frozenset(EligibilityCode) - SILENT_BARS


def counts_for(pairing: Pairing, event: Event, person_id: PersonId) -> bool:
    """Say whether an answer to the present version of a proposal counts."""
    return counts(event, pairing.said, person_id, Question.PROPOSAL, pairing.proposal.proposed_at)


def with_answer(pairing: Pairing, event: Event, person_id: PersonId, answer: Answer) -> Pairing:
    """Keep what one side has answered last."""
    accepted = set(pairing.accepted_by) - {person_id} | ({person_id} if answer is Answer.ACCEPT else set())
    said = with_said(pairing.said, event, person_id, Question.PROPOSAL)
    return replace(pairing, accepted_by=tuple(sorted(accepted)), said=said)


def turned_down(rows: Rows, participant: Participant, other_ids: Collection[PersonId]) -> Effects:
    """Let new exclusions of a person act as silent declines of the open proposals.

    Args:
        other_ids: who is excluded from now on.
    """
    for pairing_id in participant.pairing_ids:
        pairing = rows.get(PAIRINGS, pairing_id)
        is_meant = pairing is not None and pairing.partner_of(participant.person_id) in other_ids
        if pairing is None or not is_meant or pairing.state is not PairingState.PROPOSED:
            continue
        accepted = tuple(person_id for person_id in pairing.accepted_by if person_id != participant.person_id)
        yield put_pairing(replace(pairing, accepted_by=accepted))


def is_silently_barred(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> bool:
    """Say whether an exclusion or a forbid stands in the way: then two accepts change nothing."""
    if bar_in(rows, programme.programme_id, pairing.people).is_forbidden:
        return True
    first, second = (participant_in(rows, programme.programme_id, person_id) for person_id in pairing.people)
    if first is None or second is None:
        return False
    context = RoundContext.of(programme.policy, week_of=at.date(), topic_weights={})
    one, other = (member_of(programme, side, at) for side in (first, second))
    return bar_between(one, other, context, waived=_OTHER_BARS) is not None


def have_room(rows: Rows, programme: Programme, pairing: Pairing, at: datetime) -> bool:
    """Check the room of both again.

    The place that this proposal may still take is its own.
    """
    for person_id in pairing.people:
        participant = participant_in(rows, programme.programme_id, person_id)
        if participant is None or member_of(programme, left(participant, pairing.pairing_id), at).room < 1:
            return False
    return True
