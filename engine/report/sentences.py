"""Why two people were proposed to each other, in sentences: from the kept proposal, which holds every term of the score."""

from collections.abc import Iterator, Mapping
from typing import Final

from engine.programme.pairs.pairing import Pairing
from schemas.terms.codes import PairingReasonCode as Code

LEVEL_WORDS: Final = ("nothing yet", "the basics", "a good deal", "it well")


def sentences_of(pairing: Pairing, names: Mapping[str, str]) -> Iterator[str]:
    """Say why two people were proposed to each other.

    Args:
        names: of topics, by id; one without a name is called by its id.
    """
    proposal = pairing.proposal
    first, second = pairing.people
    yield f"{first} and {second}: {proposal.score} of 1000 points, by policy version {proposal.policy_version}."
    for side in proposal.sides:
        partner_id = pairing.partner_of(side.person_id)
        if not side.learns:
            yield f"{side.person_id} gives time to {partner_id} and learns nothing that was asked for."
        for lesson in side.learns:
            share = round(100 * lesson.points / side.need_points) if side.need_points else 0
            topic = names.get(lesson.topic, lesson.topic)
            yield (
                f"{side.person_id} can learn {topic} from {partner_id}, who knows {LEVEL_WORDS[lesson.level]} "
                f"(level {lesson.level} of 3; own level {lesson.own_level}): {min(share, 100)} % of what {side.person_id} needs."
            )
    for reason in proposal.reasons:
        match reason.code:
            case Code.SHARED_HOURS:
                hours = int(reason.params["shared_week_minutes"]) / 60
                yield f"They share {hours:.4g} working hours a week."
            case Code.OTHER_DEPARTMENT:
                yield "They work in different departments."
            case Code.BRIDGES_BANDS:
                bands = int(reason.params["bands_apart"])
                yield f"Their experience lies {bands} {'band' if bands == 1 else 'bands or more'} apart."
            case Code.BEYOND_TECH:
                yield "Their topics go beyond digital and data."
            case Code.RANK_OF_OPTIONS:
                count = int(reason.params["options_count"])
                yield f"{reason.params['person_id']} had {count} possible {'partner' if count == 1 else 'partners'} in that round."
            case Code.LOCKED:
                yield "The coordinator asked for this pair."
