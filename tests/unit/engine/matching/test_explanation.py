"""Scores recomputed from the event alone (engine/matching/explanation.py)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.matching.explanation import recomputed
from engine.matching.round import ProposedPair, hold_round
from engine.programme.rounds.rounds import reasons_of
from ops.bench.matching.people import FAMILIES, people
from schemas.frozen import replace
from schemas.terms.codes import Track
from schemas.terms.policy import Policy


def body_of(found: ProposedPair, track: Track, bands: dict[str, int]) -> dict[str, Any]:
    """The part of a published proposal that a score is made of."""
    first, second = found.person_ids
    senior = max(found.person_ids, key=lambda person_id: bands[person_id])
    junior = second if senior == first else first
    must_learn = {Track.MUTUAL: (first, second), Track.REVERSE: (senior,), Track.TRADITIONAL: (junior,)}[track]
    reasons = reasons_of(found, FAMILIES, must_learn)
    return {
        "track": track.value,
        "score": found.score,
        "people": [{"person_id": side.person_id, "benefit": round(side.benefit.ratio, 4)} for side in found.sides],
        "reasons": [{"code": reason.code, "params": reason.params} for reason in reasons],
    }


@pytest.mark.parametrize("track", Track)
def test_invariant_h1_every_proposal_recomputes_to_its_score(track: Track) -> None:
    """matching.N1: the reasons hold every term of the score."""
    pool = [replace(member, waiting_days=30) for member in people(300, seed=8)]
    policy = Policy(track=track, training_required=False)
    bands = {str(member.person_id): member.band or 0 for member in pool}

    result = hold_round(pool, policy, round_ordinal=1, at=datetime(2025, 3, 5, 6, tzinfo=UTC), topic_catalogue=FAMILIES)

    bodies = [body_of(found, track, bands) for found in result.proposals]
    assert len(bodies) > 50
    assert all(recomputed(body).is_identical for body in bodies)


def test_invariant_h2_a_forged_score_is_named() -> None:
    """matching.N2: one point more, and the check says no."""
    result = hold_round(
        people(40), Policy(reserve_start=250), round_ordinal=1, at=datetime(2025, 3, 5, tzinfo=UTC), topic_catalogue=FAMILIES
    )
    body = body_of(result.proposals[0], Track.MUTUAL, dict.fromkeys((str(p) for p in result.proposals[0].person_ids), 0))

    assert recomputed(body).is_identical
    assert not recomputed(body | {"score": body["score"] + 1}).is_identical


def test_reason_about_a_stranger_is_refused() -> None:
    """Reasons speak of the two people alone."""
    body = {
        "track": "mutual",
        "score": 0,
        "people": [{"person_id": "ann", "benefit": 0.0}, {"person_id": "bob", "benefit": 0.0}],
        "reasons": [{"code": "learns_topic", "params": {"person_id": "cat", "points": 1, "need_points": 1, "is_required": True}}],
    }

    with pytest.raises(ValueError, match="not of the pair"):
        recomputed(body)
