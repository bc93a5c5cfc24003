"""Intake: the stateless edge.

Bytes become an event and the inbox that it belongs to, or a dead letter.

Decides: which stage and key own an event.
Never knows: any row; whether the event makes sense to the one who owns it.
"""

from datetime import datetime
from typing import Any, Final

from engine.core.dead_letters import DeadLetter, dead_letter
from engine.core.effects import Origin, StageName
from schemas.codec import Rejected, Tombstone, decode
from schemas.envelope import Event
from schemas.frozen import Frozen, replace
from schemas.terms.ids import programme_of
from schemas.topics import HR_PEOPLE, NUDGE_FEEDBACK, PARTICIPATION, topic_of_type

PEOPLE_TOPICS: Final = (HR_PEOPLE, NUDGE_FEEDBACK)
"""Topics whose every type is about one person.

Of `mentorship.participation.v1` the `participation.*` types are.
"""


class Intaken(Frozen, kw_only=True):
    """An event and where it goes."""

    stage: StageName
    key: str
    event: Event
    origin: Origin


def intake(origin: Origin, received_at: datetime) -> Intaken | DeadLetter | None:
    """Read one external record.

    Args:
        origin: the record; its topic is empty when it came in a file, and becomes the one that its type belongs to.
        received_at: when it arrived; bounds how far ahead its `time` may be.
    Returns: the event with its owner, a dead letter, or None for a tombstone, which says nothing on an event topic.
    """
    decoded = decode(origin.value, origin.headers, received_at)
    if isinstance(decoded, Tombstone):
        return None
    if isinstance(decoded, Rejected):
        return dead_letter(_placed(origin, decoded.topic), decoded.code, decoded.message)
    stage, key = owner(decoded.type, decoded.data)
    return Intaken(stage=stage, key=key, event=decoded, origin=_placed(origin, topic_of_type(decoded.type).name))


def _placed(origin: Origin, topic: str) -> Origin:
    """Give a record that came in a file the topic that it belongs to."""
    return origin if origin.topic else replace(origin, topic=topic)


def owner(type_: str, data: Any) -> tuple[StageName, str]:
    """Return the stage and key that own an event: the person it is about, else its programme."""
    topic = topic_of_type(type_)
    if topic in PEOPLE_TOPICS or (topic is PARTICIPATION and type_.startswith("bothways.participation.")):
        return StageName.PEOPLE, data.person_id
    programme_id = getattr(data, "programme_id", None) or programme_of(data.pairing_id)
    return StageName.PROGRAMMES, programme_id
