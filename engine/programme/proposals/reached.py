"""What a programme learns of its requests: from when somebody could hear of a proposal.

The key of a person decides whether and when somebody hears something. Rules that wait until somebody could hear of something read here what
became of it. What a channel reports later plays no part: it would let a mail server decide who rests.
"""

from typing import Final

from engine.core.effects import Effects, Record, Rows
from engine.core.stage import processor
from engine.programme.messages import NudgeOutcome
from engine.programme.proposals.chance import told
from engine.programme.tables import PAIRINGS, put_pairing
from schemas.terms.codes import NudgeKey, PairingState


def on_outcome(rows: Rows, message: NudgeOutcome, _record: Record) -> Effects:
    """Remember from when a side could hear of the present version of a proposal."""
    if message.key is not NudgeKey.PROPOSAL_READY or message.not_before is None:
        return
    assert message.pairing_id is not None, "a request about a proposal says which"
    pairing = rows.get(PAIRINGS, message.pairing_id)
    is_open = pairing is not None and pairing.state is PairingState.PROPOSED
    if pairing is None or not is_open or message.occasion != str(pairing.proposal.version) or message.person_id not in pairing.people:
        return
    yield put_pairing(told(pairing, message.person_id, message.not_before))


PROCESSOR: Final = processor(on_outcome)
