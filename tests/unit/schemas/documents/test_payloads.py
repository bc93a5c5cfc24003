"""Rules of the payloads that are kept (schemas/payloads): what somebody has sent or stored once stays good."""

import json
from typing import Any

import pytest

from schemas.base import Data, OutputData, data_json
from schemas.documents import payloads
from schemas.documents.files import models, versions
from tests.written_schemas import problems

BY_NAME = {model.name_and_version()[0]: model for model in models()}
KEPT = [(name, version, payload) for (name, version), found in payloads.kept_payloads().items() for payload in found]


def ids(case: object) -> str | None:
    """Name a case by its type and version."""
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_version_of_every_type_has_a_payload(model: type[Data]) -> None:
    """A new version comes with an example of what is new."""
    name, _ = model.name_and_version()

    assert [] == [version for version in versions(name) if not payloads.kept_payloads().get((name, version))]


@pytest.mark.parametrize(("name", "version", "payload"), KEPT, ids=ids)
def test_a_payload_is_read_by_the_model_of_today(name: str, version: str, payload: dict[str, Any]) -> None:
    """Whatever minor version it was written in; an output is written again as it was."""
    del version
    model = BY_NAME[name]

    read = model.model_validate(payload)

    if issubclass(model, OutputData):
        assert payload == json.loads(data_json(read))


@pytest.mark.parametrize(("name", "version", "payload"), KEPT, ids=ids)
def test_a_payload_fits_its_schema_and_those_that_must_take_it(name: str, version: str, payload: dict[str, Any]) -> None:
    """An input fits every later schema of its major, an output every earlier one."""
    there = versions(name)
    place = there.index(version)
    must_take = there[: place + 1] if issubclass(BY_NAME[name], OutputData) else there[place:]

    assert [] == [found for each in must_take for found in problems(f"{name}/{each}.json", payload)]
