"""Every question says how it is answered, and what it says is an event that is read."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import pytest
from pydantic import TypeAdapter

from schemas.codec import decode_structured
from schemas.envelope import Event
from schemas.nudges.answers import AnswerOptions
from schemas.nudges.catalogue import CATALOGUE, answers_to
from schemas.terms.codes import NudgeKey
from tests.answering import data_of

PARAMS: Final[Mapping[str, object]] = {
    "programme_id": "alpha",
    "pairing_id": "alpha.0123456789abcdef",
    "partner_id": "bob",
    "proposal_version": 2,
    "session_id": "s-1",
    "missing": ("wants",),
}


@pytest.mark.parametrize("is_brief", [True, False])
@pytest.mark.parametrize("key", sorted(key for key, nudge in CATALOGUE.items() if nudge.answers))
def test_an_answer_made_of_what_a_question_says_is_read(key: NudgeKey, is_brief: bool) -> None:
    """No answer needs anything that the request doesn't say."""
    read = TypeAdapter(AnswerOptions).validate_python(answers_to(key, "ann", PARAMS))

    for answer in (json.loads(option.model_dump_json()) for option in read):
        line = {"specversion": "1.0", "id": "x", "source": "urn:x", "type": answer["type"], "time": "2025-03-02T09:00:00Z", "actor": "ann"}
        raw = json.dumps({**line, "data": data_of(answer, is_brief=is_brief)}).encode()
        assert isinstance(decode_structured(raw, datetime(2025, 3, 2, 9, tzinfo=UTC)), Event)


def test_what_asks_nothing_has_no_answers() -> None:
    """A prompt or a piece of news is answered by what people do."""
    assert [] == answers_to(NudgeKey.PAIRING_ENDED, "ann", PARAMS)


def test_choices_of_the_intent_go_before_those_of_the_key() -> None:
    """A conflict that is gone may be answered with `continue` too."""
    answers = answers_to(NudgeKey.CONFLICT_CHOICE, "ann", {**PARAMS, "answers": ("continue",)})

    assert ["continue"] == [answer["choice"] for answer in answers]
