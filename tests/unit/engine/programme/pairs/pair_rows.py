"""Rows of pairings for tests that need one, with no more in them than there must be."""

from datetime import datetime, timedelta
from typing import Any

from engine.programme.pairs.pairing import Pairing, Proposal, SideOffer
from schemas.terms.codes import PairingState, Track
from schemas.terms.ids import PairingId, PersonId, ProgrammeId


def pair_row(people: tuple[PersonId, PersonId], at: datetime, /, **fields: Any) -> Pairing:
    """Build an active pair of equals, proposed and accepted at an instant; fields override."""
    first, second = (SideOffer(person_id=one, benefit_points=1, need_points=1, learns=(), options_count=1) for one in people)
    row: dict[str, Any] = {
        "pairing_id": PairingId("p.0123456789abcdef"),
        "programme_id": ProgrammeId("p"),
        "people": people,
        "track": Track.MUTUAL,
        "state": PairingState.ACTIVE,
        "since": at,
        "proposal": Proposal(
            version=1,
            score=500,
            sides=(first, second),
            reasons=(),
            data_used=(),
            policy_version=1,
            proposed_at=at,
            expires_at=at + timedelta(days=7),
        ),
        "accepted_by": people,
    }
    return Pairing(**(row | fields))
