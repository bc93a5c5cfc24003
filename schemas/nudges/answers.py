"""How a nudge is answered: for each choice the answering event and its fields, those that are known filled in.

Whoever shows a nudge needs nothing else to send the answer: `type` is the event's full type, `fields` becomes its data. What the person
has yet to say stands there as a placeholder: an object in the words of JSON Schema. Every other field is a value, never an object. A
placeholder that says `optional` may be left out; every other one is replaced by what the person says. Actor and time are the envelope's.

A key's choices are those of its intent (`answers`, by name), else those of its line in the catalogue.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.base import Part
from schemas.events.feedback import FeedbackGiven
from schemas.events.pairing import PairingAnswered, PairingContinuationAnswered
from schemas.events.participation import (
    ParticipationEnrolled,
    ParticipationPaused,
    ParticipationResumed,
    ParticipationUpdated,
    ParticipationWithdrawn,
)
from schemas.events.programme import DeparturesReleased, NudgesReleased
from schemas.events.session import SessionCancelled, SessionCompleted, SessionMissed, SessionScheduled
from schemas.frozen import Frozen
from schemas.terms.codes import Answer, ContinuationAnswer, Evidence, Fit, NudgeKey, ProfilePart, WidenCode
from schemas.text.fields import Omittable

ChoiceName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
FieldText = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
"""An id, a code or an instant; never prose."""


class Placeholder(Part):
    """What the person has to say for a field, in the words of JSON Schema."""

    type: Literal["boolean", "integer", "string", "array", "object"]
    """What kind of value is wanted."""
    format: Omittable[Literal["date", "date-time", "time", "topic", "language", "new-id"]] = None
    """`topic`: an id of the programme's catalogue. `new-id`: any id of up to 128 letters, digits, dots, dashes that is not in use."""
    enum: Omittable[Annotated[tuple[FieldText, ...], Field(strict=False)]] = None
    """The values to choose from."""
    minimum: Omittable[int] = None
    maximum: Omittable[int] = None
    items: Omittable["Placeholder"] = None
    """What each entry of a list is."""
    properties: Omittable[dict[FieldName, "Placeholder"]] = None
    """The fields of an object."""
    optional: Omittable[bool] = None
    """The field may be left out."""


class AnswerOption(Part):
    """One choice, and the event that says it."""

    choice: ChoiceName
    """The choice's name; the text of a button belongs to it."""
    type: Annotated[str, Field(pattern=r"^bothways\.[a-z_.]+\.v[0-9]+$")]
    """The full type of the event that says it."""
    fields: dict[FieldName, bool | int | FieldText | Placeholder]
    """Its data: what is known is filled in, and an object stands for what the person has yet to say."""


AnswerOptions = Annotated[tuple[AnswerOption, ...], Field(strict=False, min_length=1, max_length=12)]

Fields = Mapping[str, object]


class Asked(Frozen, kw_only=True):
    """Whom a nudge asks, and about what."""

    key: NudgeKey
    person_id: str
    params: Mapping[str, object]

    def known(self, *names: str) -> dict[str, object]:
        """Return some of the nudge's own parameters as fields; those that it doesn't have are left out."""
        return {name: self.params[name] for name in names if self.params.get(name) is not None}

    @property
    def missing(self) -> tuple[str, ...]:
        """What a profile lacks."""
        parts = self.params.get("missing", ())
        assert isinstance(parts, list | tuple), "parts of a profile by name"
        return tuple(parts)

    @property
    def pair(self) -> list[str]:
        """The two people that the nudge is about."""
        return sorted({self.person_id, str(self.params.get("partner_id", self.person_id))})


_MINUTES: Final = {"type": "integer", "minimum": 1, "maximum": 1_440}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_TOPIC: Final = {"type": "string", "format": "topic"}
_TIME: Final = {"type": "string", "format": "time"}


def _number(low: int, high: int) -> dict[str, object]:
    return {"type": "integer", "minimum": low, "maximum": high}


def _list_of(**properties: object) -> dict[str, object]:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


_PROFILE: Final[Mapping[str, dict[str, object]]] = MappingProxyType(
    {
        "offers": _list_of(topic=_TOPIC, level=_number(1, 3)),
        "wants": _list_of(topic=_TOPIC, importance=_number(1, 3), own_level=_number(0, 2)),
        "experience_band": _number(0, 3),
        "hours": _list_of(**{"weekday": _number(1, 7), "from": _TIME, "to": _TIME}),
        "languages": {"type": "array", "items": {"type": "string", "format": "language"}},
        "capacity": _number(1, 5),
    }
)
"""What somebody may say about itself, by the event's field."""


def _of_profile(*needed: str, offered: Iterable[str] = ()) -> dict[str, object]:
    """Return placeholders of profile fields: those that an answer needs, and those that it may have."""
    maybe = {name: {**_PROFILE[name], "optional": True} for name in offered if name not in needed}
    return {**{name: _PROFILE[name] for name in needed}, **maybe}


def _person_of_programme(asked: Asked) -> dict[str, object]:
    return {"person_id": asked.person_id, **asked.known("programme_id")}


def _answer(choice: str) -> Callable[[Asked], Fields]:
    def fields(asked: Asked) -> Fields:
        return {"person_id": asked.person_id, **asked.known("pairing_id", "proposal_version"), "answer": choice}

    return fields


def _feedback(choice: str) -> Callable[[Asked], Fields]:
    def fields(asked: Asked) -> Fields:
        said = {"learned": {"type": "boolean"}, "fit": choice, "rating": {**_number(1, 5), "optional": True}}
        return {"person_id": asked.person_id, **asked.known("pairing_id", "session_id"), **said}

    return fields


def _updated(*needed: str) -> Callable[[Asked], Fields]:
    return lambda asked: {**_person_of_programme(asked), **_of_profile(*needed, offered=() if needed else _PROFILE)}


def _booked(asked: Asked) -> Fields:
    made = {"session_id": {"type": "string", "format": "new-id"}, **asked.known("pairing_id")}
    return {**made, "starts_at": _INSTANT, "duration_minutes": _MINUTES, "proposed_by": asked.person_id}


def _held(asked: Asked) -> Fields:
    exchanges = _list_of(topic=_TOPIC, taught_by={"type": "string", "enum": asked.pair})
    about = asked.known("session_id", "pairing_id")
    return {**about, "started_at": _INSTANT, "duration_minutes": _MINUTES, "exchanges": exchanges, "evidence": Evidence.SELF_REPORT.value}


def _missed(asked: Asked) -> Fields:
    absent = {"type": "array", "items": {"type": "string", "enum": asked.pair}, "optional": True}
    return {**asked.known("session_id", "pairing_id"), "absent": absent}


CHOICES: Final[Mapping[str, tuple[str, Callable[[Asked], Fields]]]] = MappingProxyType(
    {
        **{answer.value: (PairingAnswered.TYPE, _answer(answer)) for answer in Answer},
        **{answer.value: (PairingContinuationAnswered.TYPE, _answer(answer)) for answer in ContinuationAnswer},
        **{fit.value: (FeedbackGiven.TYPE, _feedback(fit)) for fit in Fit},
        **{part.value: (ParticipationUpdated.TYPE, _updated(part)) for part in ProfilePart},
        WidenCode.HOURS.value: (ParticipationUpdated.TYPE, _updated("hours")),
        WidenCode.LANGUAGES.value: (ParticipationUpdated.TYPE, _updated("languages")),
        WidenCode.CAPACITY.value: (ParticipationUpdated.TYPE, _updated("capacity")),
        WidenCode.EXPERIENCE_BAND.value: (ParticipationUpdated.TYPE, _updated("experience_band")),
        WidenCode.RESUME.value: (ParticipationResumed.TYPE, _person_of_programme),
        "join": (
            ParticipationEnrolled.TYPE,
            lambda asked: {**_person_of_programme(asked), **_of_profile("offers", "wants", offered=_PROFILE)},
        ),
        "change": (ParticipationUpdated.TYPE, _updated()),
        "complete": (ParticipationUpdated.TYPE, lambda asked: {**_person_of_programme(asked), **_of_profile(*asked.missing)}),
        "stay": (ParticipationResumed.TYPE, _person_of_programme),
        "pause": (
            ParticipationPaused.TYPE,
            lambda asked: {**_person_of_programme(asked), "until_on": {"type": "string", "format": "date", "optional": True}},
        ),
        "leave": (ParticipationWithdrawn.TYPE, _person_of_programme),
        "book": (SessionScheduled.TYPE, _booked),
        "held": (SessionCompleted.TYPE, _held),
        "missed": (SessionMissed.TYPE, _missed),
        "cancelled": (SessionCancelled.TYPE, lambda asked: asked.known("session_id", "pairing_id")),
        "release": (NudgesReleased.TYPE, lambda asked: asked.known("programme_id")),
        "release_departures": (DeparturesReleased.TYPE, lambda asked: asked.known("programme_id")),
    }
)
"""By the name of a choice: the type of the answering event, and its fields."""
