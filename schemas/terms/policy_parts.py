"""What a policy lists: calendars of some of the people, and questions for debates."""

from collections.abc import Sequence
from typing import Annotated, Final, Protocol, TypeVar

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from schemas.nudges.questions import BUILT_IN_QUESTIONS
from schemas.terms.codes import TopicFamily
from schemas.terms.ids import TOPIC_ID_PATTERN
from schemas.text.exact import ExactPart
from schemas.text.fields import Code, Day, ShortText, Timezone
from schemas.text.plain_words import plain_name

NameInPolicy = Annotated[str, Field(pattern=f"^{TOPIC_ID_PATTERN}$"), AfterValidator(plain_name)]
"""Names a calendar, a question or a stance within one policy."""
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO: Monday is 1."""

QUESTION_FAMILIES: Final = frozenset(
    {
        TopicFamily.FUTURE_OF_WORK,
        TopicFamily.WORK_LIFE_BALANCE,
        TopicFamily.LEADERSHIP,
        TopicFamily.MANAGEMENT,
        TopicFamily.CULTURE,
        TopicFamily.INCLUSION,
    }
)
"""What an organisation can discuss as a whole."""


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Value = TypeVar("Value")
Listed = TypeVar("Listed", bound=_Identified)


def ids_once(listed: tuple[Listed, ...]) -> tuple[Listed, ...]:
    """Refuse a list in which two have one id."""
    if len({each.id for each in listed}) != len(listed):
        raise ValueError("must name each id once")
    return listed


def _for_debates(family: TopicFamily) -> TopicFamily:
    if family not in QUESTION_FAMILIES:
        raise ValueError(f"must be one of {', '.join(sorted(QUESTION_FAMILIES))}")
    return family


def _each_once(values: Sequence[Value]) -> Sequence[Value]:
    if len(set(values)) != len(values):
        raise ValueError("must name each value once")
    return values


_ONCE: Final[JsonDict] = {"uniqueItems": True}
Values = Annotated[tuple[ShortText, ...], Field(strict=False, max_length=500)]


class Calendar(ExactPart):
    """Weekend days and holidays of the people whom every list that is not empty names. Nothing of other calendars is added."""

    id: NameInPolicy
    """Names the calendar within the policy."""
    locations: Values = ()
    legal_entities: Values = ()
    timezones: Annotated[tuple[Timezone, ...], Field(strict=False, max_length=500)] = ()
    weekend: Annotated[tuple[Weekday, ...], Field(strict=False, max_length=7, json_schema_extra=_ONCE), AfterValidator(_each_once)] = (6, 7)
    holidays: Annotated[tuple[Day, ...], Field(strict=False, max_length=500)] = ()


class Question(ExactPart):
    """A question about work, and the stances to choose from."""

    id: NameInPolicy
    """Names the question within the policy."""
    family: Annotated[Code[TopicFamily], AfterValidator(_for_debates)]
    stances: Annotated[
        tuple[NameInPolicy, ...], Field(strict=False, min_length=3, max_length=5, json_schema_extra=_ONCE), AfterValidator(_each_once)
    ]


def built_in_questions() -> tuple[Question, ...]:
    """Return the questions that a programme asks unless its policy brings its own."""
    return tuple(Question(id=question, family=family, stances=stances) for question, family, stances in BUILT_IN_QUESTIONS)
