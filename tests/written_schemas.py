"""The schemas as files, and a validator that takes formats seriously: for tests that hold events against them."""

import json
from datetime import date
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker

from schemas.base import Data
from schemas.documents.files import PLACE
from schemas.text.fields import parse_instant

FORMATS: Final = FormatChecker(formats=("uuid",))


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or bool(parse_instant(value))


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def schema_in(file: str) -> dict[str, Any]:
    """Read a schema by its name under schemas/json."""
    read: dict[str, Any] = json.loads((PLACE / "json" / file).read_text(encoding="utf-8"))
    return read


@lru_cache(maxsize=256)
def validator_in(file: str) -> Draft202012Validator:
    """Return the validator of one file."""
    return Draft202012Validator(schema_in(file), format_checker=FORMATS)


def validator_of(model: type[Data]) -> Draft202012Validator:
    """Return the validator of an event's data in its own version."""
    name, version = model.name_and_version()
    return validator_in(f"{name}/{version}.json")


def problems(file: str, value: Any) -> list[str]:
    """Say what a schema finds wrong."""
    return [f"{problem.json_path}: {problem.message}" for problem in validator_in(file).iter_errors(value)]
