"""Rules of the contracts as files (schemas/documents/files.py): they are true, they are found, and nobody is broken unawares."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.documents import files
from schemas.documents.files import INDEX, PLACE, Contracts, models
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from tests.written_schemas import schema_in

INDEXED = json.loads((PLACE / INDEX).read_text(encoding="utf-8"))


@pytest.fixture
def copy(tmp_path: Path) -> Contracts:
    """Return a copy of the files that may be spoilt."""
    shutil.copytree(PLACE / "json", tmp_path / "json")
    shutil.copy(PLACE / files.ASYNCAPI, tmp_path)
    return Contracts(place=tmp_path)


def change(contracts: Contracts, file: str, *path: str, **members: Any) -> None:
    """Change members of an object in a schema; None takes one away."""
    place = contracts.place / "json" / file
    schema = json.loads(place.read_text(encoding="utf-8"))
    target = schema
    for step in path:
        target = target[step]
    for name, value in members.items():
        if value is None:
            del target[name]
        else:
            target[name] = value
    place.write_text(json.dumps(schema), encoding="utf-8")


def test_the_files_are_what_the_models_say() -> None:
    """Drift fails here; `bothways schemas write` mends it."""
    assert [] == Contracts().stale()


def test_nobody_is_broken_who_goes_by_the_files() -> None:
    """Every minor version of a major stays good: what was ever accepted is, and older readers take what is published."""
    assert [] == Contracts().broken()


def test_the_index_names_every_type_and_every_file_once() -> None:
    """A consumer who starts at the index finds every schema."""
    named = [schema["file"] for event in INDEXED["events"] for schema in event["schemas"]] + list(INDEXED["envelopes"].values())
    there = {str(file.relative_to(PLACE / "json")) for file in (PLACE / "json").glob("*/*.json")}

    assert [*INPUT_TYPES, *OUTPUT_TYPES] == [event["type"] for event in INDEXED["events"]]
    assert there == set(named)
    assert len(there) == len(named)
    assert (PLACE / "json" / INDEXED["asyncapi"]).resolve() == PLACE / files.ASYNCAPI


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_a_schema_is_one_and_says_whose_it_is(model: type[Any]) -> None:
    """Each file is JSON Schema 2020-12, named by what the envelope's `dataschema` says."""
    name, version = model.name_and_version()
    schema = schema_in(f"{name}/{version}.json")

    Draft202012Validator.check_schema(schema)
    assert (model.schema_uri(), model.TYPE) == (schema["$id"], schema["x-cloudevents-type"])


@pytest.mark.parametrize(
    ("file", "path", "members", "finding"),
    [
        ("hr.hired/1.0.json", ("properties",), {"nickname": {"type": "string"}}, "hr.hired 1.0: data.nickname: the field was removed"),
        ("hr.hired/1.0.json", (), {"required": ["person_id"]}, "hr.hired 1.0: data.effective_on: is required now"),
        (
            "session.scheduled/1.0.json",
            ("properties", "duration_minutes"),
            {"maximum": 2_000},
            "session.scheduled 1.0: data.duration_minutes: maximum is 2000 on one side and 1440 on the other",
        ),
        (
            "pairing.proposed/1.0.json",
            ("properties", "score"),
            {"maximum": 900},
            "pairing.proposed 1.0: data.score: maximum is 1000 on one side and 900 on the other",
        ),
    ],
)
def test_a_planted_break_is_found_and_nothing_is_written(
    copy: Contracts, file: str, path: tuple[str, ...], members: dict[str, Any], finding: str
) -> None:
    """The files say what somebody out there relies on; a model that takes it away is refused before it overwrites them."""
    change(copy, file, *path, **members)

    assert [finding] == copy.broken()


def test_a_field_that_is_new_breaks_nobody(copy: Contracts) -> None:
    """The copy of somebody who has an older version is stale, and still good."""
    change(copy, "hr.hired/1.0.json", "properties", department=None)

    assert [] == copy.broken()
    assert ["json/hr.hired/1.0.json"] == copy.stale()


def test_a_released_version_never_changes(copy: Contracts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a release had it, whatever is new needs another minor version."""
    change(copy, "hr.hired/1.0.json", "properties", department=None)
    monkeypatch.setattr(files, "version", lambda _: "9.0.0")

    assert ["hr.hired 1.0: was released, so a change needs another MINOR"] == copy.broken()


def test_an_older_minor_version_still_counts(copy: Contracts) -> None:
    """A break between 1.0 and 1.1 is one, though the file of 1.1 is as it should be."""
    change(copy, "programme.policy_changed/1.0.json", "properties", note={"type": "string"})

    assert ["programme.policy_changed 1.0: data.note: the field was removed"] == copy.broken()


def test_writing_mends_what_is_stale(copy: Contracts) -> None:
    """Files that are missing or old are written, and no other."""
    change(copy, "hr.hired/1.0.json", description="old")
    (copy.place / "json" / "hr.erased" / "1.0.json").unlink()

    assert ["json/hr.hired/1.0.json", "json/hr.erased/1.0.json"] == copy.write()
    assert [] == copy.stale()
