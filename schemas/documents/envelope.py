"""The envelope: every attribute of CloudEvents that is read or written, for schemas and pages.

Must stay in sync with: schemas/codec.py, which reads them; engine/core/execution.py, which writes them. A test holds both.
"""

from dataclasses import dataclass
from typing import Any, Final

from schemas.codec import SPECVERSION
from schemas.documents.json_schema import DIALECT
from schemas.terms.attributes import ATTRIBUTE_CHARS_MAX
from schemas.text.fields import INSTANT_READ, INSTANT_WRITTEN, PLAIN
from schemas.text.strict_json import INT64_MAX

TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1, "maxLength": ATTRIBUTE_CHARS_MAX, **PLAIN}
CLASSIFICATION: Final = "confidential"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeAttribute:
    """One attribute. None stands for "not there" on that side of the border."""

    name: str
    means: str
    read: dict[str, Any] | None = None
    written: dict[str, Any] | None = None
    is_required: bool = False
    """In an input."""
    is_always: bool = False
    """In an output."""
    is_dropped: bool = False
    """Looked at when it is read, and kept nowhere."""


ENVELOPE_ATTRIBUTES: Final = (
    EnvelopeAttribute(
        name="specversion",
        means="The version of CloudEvents.",
        read={"const": SPECVERSION},
        written={"const": SPECVERSION},
        is_required=True,
        is_always=True,
    ),
    EnvelopeAttribute(
        name="id",
        means="Names the event within its source. (`source`, `id`) says what is the same event.",
        read=TEXT,
        written={"type": "string", "format": "uuid"},
        is_required=True,
        is_always=True,
    ),
    EnvelopeAttribute(
        name="source",
        means="Who says it. Outputs carry `BOTHWAYS_SOURCE`, by default `bothways`.",
        read=TEXT,
        written=TEXT,
        is_required=True,
        is_always=True,
    ),
    EnvelopeAttribute(
        name="type",
        means="The event type, `bothways.<name>.v<major>`.",
        read={"type": "string", "pattern": r"^bothways\.[a-z_.]+\.v[0-9]+$"},
        written={"type": "string", "pattern": r"^bothways\.[a-z_.]+\.v[0-9]+$"},
        is_required=True,
        is_always=True,
    ),
    EnvelopeAttribute(
        name="time",
        means="When it happened. At most 24 hours after it is received. Outputs have whole seconds, UTC.",
        read=INSTANT_READ,
        written=INSTANT_WRITTEN,
        is_required=True,
        is_always=True,
    ),
    EnvelopeAttribute(
        name="subject",
        means="The person, pair or programme that it is about. Outputs carry their key.",
        read=TEXT,
        written=TEXT,
        is_always=True,
        is_dropped=True,
    ),
    EnvelopeAttribute(
        name="actor",
        means="Who acted, as the producer has authenticated them. Commands need one; a person's own act needs that person.",
        read=TEXT,
    ),
    EnvelopeAttribute(
        name="relayedby",
        means="Who brought a person's own act in: on an enrolment, or `urn:bothways:page` on what came through the person's page.",
        read=TEXT,
    ),
    EnvelopeAttribute(
        name="recordedtime",
        means="When the source wrote it down; orders what was said of one fact.",
        read=INSTANT_READ,
    ),
    EnvelopeAttribute(
        name="sequence",
        means="Orders events. Of one source and instant in inputs; of one key in outputs, from 1.",
        read={
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": INT64_MAX},
                {"type": "string", "pattern": "^[0-9]{1,19}$"},
            ]
        },
        written={"type": "integer", "minimum": 1},
        is_always=True,
    ),
    EnvelopeAttribute(
        name="expirytime",
        means="From when on nobody needs it any more.",
        read=INSTANT_READ,
        written=INSTANT_WRITTEN,
    ),
    EnvelopeAttribute(
        name="causation",
        means="Outputs of one cause carry the same hash. It is keyed with the salt, and absent where the cause is private.",
        read=TEXT,
        written={"type": "string", "format": "uuid"},
        is_dropped=True,
    ),
    EnvelopeAttribute(name="partitionkey", means="A producer's own key.", read=TEXT, is_dropped=True),
    EnvelopeAttribute(name="traceparent", means="A trace of the producer's.", read=TEXT, is_dropped=True),
    EnvelopeAttribute(
        name="datacontenttype",
        means="JSON.",
        read={"type": "string", "pattern": r"^[A-Za-z]+/(?:[A-Za-z0-9.\-]+\+)?[Jj][Ss][Oo][Nn]\s*(?:;.*)?$"},
        written={"const": "application/json"},
        is_always=True,
    ),
    EnvelopeAttribute(
        name="dataschema",
        means="The exact schema of `data`: the `$id` of one of the files under schemas/json.",
        read={},
        written={"type": "string", "pattern": r"^bothways:schema:[a-z_.]+:[0-9]+\.[0-9]+$"},
        is_always=True,
        is_dropped=True,
    ),
    EnvelopeAttribute(
        name="dataclassification",
        means=f"`{CLASSIFICATION}` where a person's id may be inside.",
        read={},
        written={"const": CLASSIFICATION},
    ),
)
NAMES_READ: Final = ("cloudevent.input", "CloudEventInput")
NAMES_WRITTEN: Final = ("cloudevent.output", "CloudEventOutput")


def structured(*, is_input: bool) -> dict[str, Any]:
    """Return the schema of one event in structured mode: a line of a file, a body over HTTP."""
    name, title = NAMES_READ if is_input else NAMES_WRITTEN
    properties: dict[str, Any] = {}
    required: list[str] = []
    for attribute in ENVELOPE_ATTRIBUTES:
        form = attribute.read if is_input else attribute.written
        if form is None:
            continue
        may_be_null = is_input and form and not attribute.is_required
        properties[attribute.name] = {**({"anyOf": [form, {"type": "null"}]} if may_be_null else form), "description": attribute.means}
        if attribute.is_required if is_input else attribute.is_always:
            required.append(attribute.name)
    data = {"type": "object", "description": "What the type's own schema says."}
    if is_input:
        packed = {"type": "string", "contentEncoding": "base64", "description": "In the place of `data`: its JSON as base64."}
        return {
            **_head(name, title, "An event that the engine reads. Attributes that are not listed are ignored."),
            "properties": {**properties, "data": data, "data_base64": packed},
            "required": required,
            "oneOf": [{"required": ["data"]}, {"required": ["data_base64"]}],
        }
    return {
        **_head(name, title, "An event that the engine publishes. Later versions may add attributes."),
        "properties": {**properties, "data": data},
        "required": [*required, "data"],
    }


def _head(name: str, title: str, description: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "$id": f"bothways:schema:{name}:1.0", "title": title, "description": description, "type": "object"}
