"""The table of addresses: who may ask, what is taken, what is answered.

The application, the OpenAPI document and docs/http.md follow from it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from engine.web.answering import answers, documents, events, health, reading, topics
from engine.web.backend import Backend
from schemas.codec import JSON_CONTENT_TYPE, STRUCTURED_JSON
from schemas.terms.http import ProblemCode as Code
from schemas.terms.http import Role, RoutePath
from schemas.terms.ids import PAIRING_ID_PATTERN, PERSON_ID_PATTERN, PROGRAMME_ID_PATTERN

Handler = Callable[[Backend, Request], Awaitable[Response]]
EVERYWHERE: Final = (
    Code.REQUEST_MALFORMED,
    Code.PARAMETER_INVALID,
    Code.TOKEN_MISSING,
    Code.TOKEN_INVALID,
    Code.TOKEN_EXPIRED,
    Code.ROLE_MISSING,
    Code.ORIGIN_REFUSED,
    Code.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED,
    Code.TOO_SLOW,
    Code.HOST_REFUSED,
    Code.TOO_MANY_REQUESTS,
    Code.INTERNAL_ERROR,
    Code.CONNECTIONS_FULL,
)
"""Problems of any address."""
OF_BODIES: Final = (Code.BODY_MALFORMED, Code.HEADER_INVALID, Code.TOO_LARGE, Code.TYPE_UNSUPPORTED, Code.ENCODING_UNSUPPORTED)
OF_THE_WRITER: Final = (Code.BUSY, Code.STOPPING, Code.ANSWER_UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an address or of a query."""

    name: str
    says: str
    schema: Mapping[str, Any]
    example: str | int
    is_in_path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one address."""

    path: RoutePath
    handler: Handler
    says: str
    method: str = "GET"
    roles: frozenset[Role] = frozenset()
    """One of these is needed; any token will do where there is none."""
    is_open: bool = False
    """Whether it answers without a token."""
    parameters: tuple[Parameter, ...] = ()
    takes: Mapping[str, Any] = field(default_factory=dict)
    """Content type → the schema of the body."""
    gives: Mapping[str, Any] = field(default_factory=dict)
    """Content type → the schema of the answer, or the type that it is made from."""
    problems: tuple[Code, ...] = ()
    """Beside those of any address."""


def _in_path(name: str, says: str, pattern: str, example: str) -> Parameter:
    return Parameter(name=name, says=says, schema={"type": "string", "pattern": f"^{pattern}$"}, example=example, is_in_path=True)


def _number(name: str, says: str, example: int, **bounds: int) -> Parameter:
    return Parameter(name=name, says=says, schema={"type": "integer", **bounds}, example=example)


JSON: Final = JSON_CONTENT_TYPE
READ: Final = frozenset({Role.READ})
PAIRING_ID: Final = _in_path("pairing_id", "Id of a pairing.", PAIRING_ID_PATTERN, "two-way.0123456789abcdef")
EVENT: Final = {"$ref": "#/components/schemas/CloudEvent"}

ENDPOINTS: Final = (
    Endpoint(
        path=RoutePath.EVENTS,
        method="POST",
        handler=events.ingest,
        says="Take events, one or many; answer for each one once it is durable.",
        roles=frozenset({Role.INGEST}),
        takes={
            STRUCTURED_JSON: EVENT,
            events.BATCH_JSON: {"type": "array", "items": EVENT, "maxItems": events.EVENTS_MAX},
            JSON: {"type": "object", "description": "The data of one event; its attributes are `ce-` headers."},
        },
        gives={JSON: answers.EventResults},
        problems=(*OF_BODIES, Code.EVENT_REFUSED, *OF_THE_WRITER),
    ),
    Endpoint(
        path=RoutePath.PAIRING,
        handler=reading.pairing,
        says="A pairing as it is published.",
        roles=READ,
        parameters=(PAIRING_ID,),
        gives={JSON: answers.PairingView},
    ),
    Endpoint(
        path=RoutePath.WHY,
        handler=reading.why,
        says="Why these two: the proposal as it was published, and in sentences.",
        roles=READ,
        parameters=(PAIRING_ID,),
        gives={JSON: answers.WhyView},
    ),
    Endpoint(
        path=RoutePath.PROGRAMME,
        handler=reading.programme,
        says="A programme: its rules, its rounds, its figures.",
        roles=READ,
        parameters=(_in_path("programme_id", "Id of a programme.", PROGRAMME_ID_PATTERN, "two-way"),),
        gives={JSON: answers.ProgrammeView},
    ),
    Endpoint(
        path=RoutePath.PERSON,
        handler=reading.person,
        says="The open pairings of a person; not found where there is none, whoever that is.",
        roles=READ,
        parameters=(_in_path("person_id", "Id of a person.", PERSON_ID_PATTERN, "ann"),),
        gives={JSON: answers.PersonView},
    ),
    Endpoint(
        path=RoutePath.TOPIC,
        handler=topics.topic_records,
        says="Records of a topic from a position on. The public topics need `read`, dead letters `operate`.",
        roles=frozenset({Role.READ, Role.OPERATE}),
        parameters=(
            Parameter(
                name="topic",
                says="A public or dead-letter topic.",
                schema={"type": "string", "enum": sorted(topics.NEEDED)},
                example="mentorship.pairings.v1",
                is_in_path=True,
            ),
            _number("from", "The first position wanted; 0 is the oldest that there still is.", 0, minimum=0, maximum=topics.POSITION_MAX),
            _number("limit", f"At most so many records, {topics.PAGE_RECORDS} by default.", 10, minimum=1, maximum=topics.PAGE_RECORDS_MAX),
            _number("wait", "Wait so many seconds for the first one.", 0, minimum=0, maximum=topics.WAIT_SECONDS_MAX),
        ),
        gives={JSON: answers.TopicPage, topics.EVENT_STREAM: {"type": "string"}},
        problems=(Code.HEADER_INVALID, Code.POSITION_GONE),
    ),
    Endpoint(
        path=RoutePath.SCHEMAS,
        handler=documents.schema_index,
        says="The schemas of events and their versions.",
        gives={JSON: {"type": "object"}},
    ),
    Endpoint(
        path=RoutePath.SCHEMA,
        handler=documents.schema,
        says="The JSON Schema of one event in one version.",
        parameters=(
            _in_path("name", "Name of an event.", r"[a-z_]{1,40}\.[a-z_]{1,40}", "pairing.proposed"),
            _in_path("version", "Version of its schema.", r"[0-9]{1,4}\.[0-9]{1,4}", "1.0"),
        ),
        gives={documents.SCHEMA_JSON: {"type": "object"}},
    ),
    Endpoint(
        path=RoutePath.OPENAPI, handler=documents.openapi, says="This interface as an OpenAPI document.", gives={JSON: {"type": "object"}}
    ),
    Endpoint(
        path=RoutePath.METRICS,
        handler=health.metrics,
        says="The metrics, as Prometheus reads them.",
        roles=READ,
        gives={"text/plain": {"type": "string"}},
    ),
    Endpoint(
        path=RoutePath.HEALTH,
        handler=health.healthz,
        says="Whether the engine's own loop turns.",
        is_open=True,
        gives={JSON: answers.HealthView},
        problems=(Code.NOT_READY,),
    ),
    Endpoint(
        path=RoutePath.READY,
        handler=health.readyz,
        says="Whether the engine owns its data and takes what comes.",
        is_open=True,
        gives={JSON: answers.HealthView},
        problems=(Code.NOT_READY,),
    ),
)
