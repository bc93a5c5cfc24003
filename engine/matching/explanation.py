"""A proposal recomputed from what was published about it, so that anybody can check the score.

Decides: which benefits and which score follow from the reasons of a proposal.
Never knows: people, policies, topic weights; only what the event says.

Invariants
    matching.N1  For every proposal that the engine publishes, the recomputed score and benefits are the published ones.
    matching.N2  A body whose reasons don't add up is named, never mended.

Must stay in sync with: the reasons that rounds/rounds writes.

Source: house rule: every number in an explanation is a term of the score.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.matching.scoring import BANDS_APART_MAX, context_hundredths, directed_score, mutual_score
from schemas.frozen import Frozen
from schemas.terms.codes import PairingReasonCode, Track

BENEFIT_DIGITS: Final = 4


class Recomputed(Frozen, kw_only=True):
    """What follows from the reasons of one proposal."""

    score: int
    benefit_by_person: Mapping[str, float]
    published_score: int
    published_benefit_by_person: Mapping[str, float]

    @property
    def is_identical(self) -> bool:
        """Whether the event says just that."""
        return self.score == self.published_score and dict(self.benefit_by_person) == dict(self.published_benefit_by_person)


def recomputed(body: Mapping[str, Any]) -> Recomputed:
    """Compute benefits and score again.

    Args:
        body: the data of a `pairing.proposed` event, as JSON gives it.
    Raises:
        ValueError: the reasons don't hold what a score is made of.
    """
    people = [str(person["person_id"]) for person in body["people"]]
    reasons: Sequence[Mapping[str, Any]] = body["reasons"]
    points, needs = dict.fromkeys(people, 0), dict.fromkeys(people, 0)
    required: set[str] = set()
    shared_minutes, bands_apart, is_other_department = 0, 0, False
    for reason in reasons:
        params = reason["params"]
        match reason["code"]:
            case PairingReasonCode.LEARNS_TOPIC:
                person = str(params["person_id"])
                if person not in points:
                    raise ValueError("a reason names somebody who is not of the pair")
                points[person] += int(params["points"])
                needs[person] = int(params["need_points"])
                if params["is_required"]:
                    required.add(person)
            case PairingReasonCode.SHARED_HOURS:
                shared_minutes = int(params["shared_week_minutes"])
            case PairingReasonCode.BRIDGES_BANDS:
                bands_apart = min(int(params["bands_apart"]), BANDS_APART_MAX)
            case PairingReasonCode.OTHER_DEPARTMENT:
                is_other_department = True
    benefits = {person: (min(points[person], needs[person]), needs[person]) for person in people}
    context = context_hundredths(shared_minutes, bands_apart, is_other_department=is_other_department)
    return Recomputed(
        score=_score(Track(body["track"]), context, people, benefits, required),
        benefit_by_person={person: round(got / need, BENEFIT_DIGITS) if need else 0.0 for person, (got, need) in benefits.items()},
        published_score=int(body["score"]),
        published_benefit_by_person={str(person["person_id"]): float(person["benefit"]) for person in body["people"]},
    )


def _score(track: Track, context: int, people: Sequence[str], benefits: Mapping[str, tuple[int, int]], required: set[str]) -> int:
    first, second = people
    if track is Track.MUTUAL:
        return mutual_score(context, benefits[first], benefits[second])
    if len(required) != 1:
        # A lock may pair two people although the one who must learn learns nothing.
        return 0
    (learner,) = required
    return directed_score(context, benefits[learner], benefits[second if learner == first else first])
