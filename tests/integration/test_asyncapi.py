"""The AsyncAPI document before the official parser: nothing is wrong with it, and what would be is seen."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from schemas.documents.files import ASYNCAPI, PLACE
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.topics import ALL_TOPICS
from tests.integration.npm import HERE, installed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(360)]


@pytest.fixture(scope="module")
def parser() -> Path:
    """Return where the parser is installed, with the script that asks it."""
    place = installed("asyncapi")
    shutil.copyfile(HERE / "asyncapi" / "check.cjs", place / "check.cjs")
    return place


def parsed(parser: Path, document: Path) -> dict[str, Any]:
    """Ask the parser."""
    done = subprocess.run([str(shutil.which("node")), "check.cjs", str(document)], cwd=parser, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_parser_finds_nothing_wrong_and_sees_everything(parser: Path) -> None:
    """Every topic is a channel, every event a message."""
    answer = parsed(parser, PLACE / ASYNCAPI)

    assert ("3.1.0", []) == (answer["version"], answer["found"])
    assert [topic.name for topic in ALL_TOPICS] == answer["channels"]
    assert {*INPUT_TYPES, *OUTPUT_TYPES} < set(answer["messages"])


@pytest.mark.parametrize(
    ("path", "spoilt"),
    [
        (("channels", "hr.people.v1", "bindings", "kafka", "topicConfiguration", "cleanup.policy"), "delete"),
        (("components", "schemas", "HrHired", "type"), "objekt"),
        (("components", "messages", "HrHired", "payload", "$ref"), "#/components/schemas/Nobody"),
    ],
    ids=["a binding", "a schema", "a reference"],
)
def test_the_parser_sees_what_is_wrong(parser: Path, tmp_path: Path, path: tuple[str, ...], spoilt: str) -> None:
    """A check that can't fail proves nothing."""
    document = json.loads((PLACE / ASYNCAPI).read_text(encoding="utf-8"))
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = spoilt
    (tmp_path / ASYNCAPI).write_text(json.dumps(document), encoding="utf-8")

    assert parsed(parser, tmp_path / ASYNCAPI)["found"]
