"""Forms that somebody else brought in: the person hears what was recorded.

Decides: when the person hears, and what.
Never knows: who brought it in; the programme keeps no trace of that.
"""

from datetime import datetime

from engine.core.effects import Effects
from engine.core.identity import derived_id
from engine.programme.nudges.intents import Params, intended
from engine.programme.participants.participant import TAKING_PART, Participant
from engine.programme.rounds.programme import Programme, topic_names_of
from schemas.envelope import PERSONS_PAGE, Event
from schemas.terms.codes import NudgeKey


def recorded(programme: Programme, before: Participant, after: Participant, event: Event, at: datetime) -> Effects:
    """Tell somebody what a form recorded, once for each change of it."""
    if event.relayedby in {None, PERSONS_PAGE} or after.status not in TAKING_PART:
        return
    if before.status in TAKING_PART and before.profile == after.profile:
        return
    yield from intended(
        programme,
        NudgeKey.ENROLMENT_RECORDED,
        after.person_id,
        at=at,
        occasion=derived_id("relayed", event.source, event.id),
        params=_params(programme, after),
    )


def _params(programme: Programme, participant: Participant) -> Params:
    """Return what is recorded now, without the band and the exclusions, which never leave."""
    profile = participant.profile
    names = topic_names_of(programme.policy_json)
    return {
        "offers": tuple({"topic": topic, "name": names.get(topic, topic), "level": level} for topic, level in profile.offers),
        "wants": tuple(
            {"topic": topic, "name": names.get(topic, topic), "importance": importance, "own_level": own_level}
            for topic, importance, own_level in profile.wants
        ),
        "has_experience_band": profile.experience_band is not None,
        "hours": tuple({"weekday": weekday, "from": from_, "to": to} for weekday, from_, to in profile.hours),
        "languages": profile.languages,
        "capacity": profile.capacity,
    }
