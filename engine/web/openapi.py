"""The OpenAPI document, written from the table of addresses.

`schemas/openapi.json` is what it was made into; `python -m ops.docs write` makes it anew, and a test fails when the two differ.

Source: OpenAPI 3.1.1.
"""

import json
from typing import Any, Final

import msgspec

from engine.web.guarding.problems import MEANINGS, PROBLEM_JSON, TYPE_PREFIX
from engine.web.routes import ENDPOINTS, EVERYWHERE, Endpoint, Parameter
from schemas.terms.http import ProblemCode

VERSION: Final = "1.0"
SCHEMAS_AT: Final = "#/components/schemas/"
CLOUD_EVENT: Final = {
    "type": "object",
    "description": "A CloudEvent 1.0 in its JSON form; `/v1/schemas` has the schema of each type's data.",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "actor": {"type": "string"},
        "data": {"type": "object"},
    },
}
PROBLEM: Final = {
    "type": "object",
    "description": "Why a request was not done (RFC 9457).",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "pattern": f"^{TYPE_PREFIX}"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "oldest": {"type": "integer"},
    },
}


def document() -> dict[str, Any]:
    """Write the document."""
    bodies = [each for one in ENDPOINTS for each in (*one.takes.values(), *one.gives.values()) if isinstance(each, type)]
    _, components = msgspec.json.schema_components(bodies, ref_template=SCHEMAS_AT + "{name}")
    paths: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Bothways",
            "version": VERSION,
            "description": "Events in, what is published out, of one running engine. docs/http.md says more.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8321"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Made by `bothways token create`."}},
            "schemas": {"CloudEvent": CLOUD_EVENT, "Problem": PROBLEM, **dict(sorted(components.items()))},
        },
    }


def text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _operation(one: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": one.handler.__name__, "summary": one.says}
    if one.is_open:
        told["security"] = []
    if one.roles:
        told["description"] = f"Needs the role {' or '.join(f'`{role}`' for role in sorted(one.roles))}."
    if one.parameters:
        told["parameters"] = [_parameter(each) for each in one.parameters]
    if one.takes:
        told["requestBody"] = {"required": True, "content": {kind: {"schema": _schema(each)} for kind, each in one.takes.items()}}
    answers: dict[str, Any] = {
        "200": {"description": "Done.", "content": {kind: {"schema": _schema(each)} for kind, each in one.gives.items()}}
    }
    by_status: dict[int, list[ProblemCode]] = {}
    for code in (*EVERYWHERE, *one.problems):
        by_status.setdefault(MEANINGS[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        answers[str(status)] = {
            "description": " ".join(f"`{code}`: {MEANINGS[code][1]}" for code in codes),
            "content": {PROBLEM_JSON: {"schema": {"$ref": f"{SCHEMAS_AT}Problem"}}},
        }
    return {**told, "responses": answers}


def _parameter(one: Parameter) -> dict[str, Any]:
    place = {"in": "path", "required": True} if one.is_in_path else {"in": "query"}
    return {"name": one.name, **place, "description": one.says, "schema": dict(one.schema), "example": one.example}


def _schema(given: Any) -> Any:
    return {"$ref": f"{SCHEMAS_AT}{given.__name__}"} if isinstance(given, type) else given
