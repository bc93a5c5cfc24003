"""The AsyncAPI document: every topic with its key, its settings on Kafka and its messages.

Messages are in binary mode, as they are on the bus: attributes are headers that begin with `ce_`, the value is the data. A file, HTTP and
the command line use structured mode; `CloudEventInput` and `CloudEventOutput` are its schemas.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from schemas.base import Data, InputData
from schemas.codec import CONTENT_TYPE_HEADER, HEADER_PREFIX, JSON_CONTENT_TYPE
from schemas.documents import payloads
from schemas.documents.envelope import ENVELOPE_ATTRIBUTES, structured
from schemas.documents.json_schema import ContractSchema, mode_of
from schemas.events.round import RoundCompleted
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.terms.codes import ErrorCode
from schemas.topics import ALL_TOPICS, ANSWERS, DEAD_LETTER_PREFIX, DEAD_LETTER_TOPICS, INTERNAL_TOPICS, Direction, Topic, topic_of_type

VERSION: Final = "3.1.0"
BINDING: Final = "0.5.0"
COMPONENTS: Final = "#/components/schemas/{model}"
MESSAGE_EXAMPLES_MAX: Final = 2
CONTRACT_VERSION: Final = "1.0.0"
"""Of the document: its major is that of all types. Each message names the exact version of its schema."""
DEAD_LETTER: Final = "DeadLetter"
ENGINES_OWN: Final = "EnginesOwn"


@lru_cache(maxsize=1)
def document() -> Mapping[str, Any]:
    """Return the whole document."""
    models: list[type[Data]] = [*INPUT_TYPES.values(), *OUTPUT_TYPES.values()]
    for model in models:
        model.model_rebuild()
    refs, written = models_json_schema(
        [(model, mode_of(model)) for model in models], schema_generator=ContractSchema, ref_template=COMPONENTS
    )
    messages = {model.__name__: _message(model, refs[model, mode_of(model)]) for model in models}
    return {
        "asyncapi": VERSION,
        "id": "urn:bothways:contracts",
        "info": {
            "title": "Bothways",
            "version": CONTRACT_VERSION,
            "description": "Events that the engine of a two-way mentorship programme reads and publishes.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON_CONTENT_TYPE,
        "channels": {topic.name: _channel(topic, models) for topic in ALL_TOPICS},
        "operations": dict(_operations(models)),
        "components": {
            "messages": {**messages, DEAD_LETTER: _dead_letter(), ENGINES_OWN: _engines_own()},
            "schemas": {
                **dict(sorted(written["$defs"].items())),
                **{schema["title"]: _embedded(schema) for schema in (structured(is_input=True), structured(is_input=False))},
                "InputHeaders": _headers(is_input=True),
                "OutputHeaders": _headers(is_input=False),
                "DeadLetterHeaders": _dead_letter_headers(),
            },
        },
    }


def _channel(topic: Topic, models: list[type[Data]]) -> dict[str, Any]:
    names = [model.__name__ for model in models_on(topic, models)] or [ENGINES_OWN if topic in INTERNAL_TOPICS else DEAD_LETTER]
    return {
        "address": topic.name,
        "description": _description(topic),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": _configuration(topic), "bindingVersion": BINDING}},
    }


def models_on(topic: Topic, models: list[type[Data]]) -> list[type[Data]]:
    """Return the models of what is on a topic, in the order of the registry."""
    if topic is ANSWERS:
        return [RoundCompleted]
    return [model for model in models if topic_of_type(model.TYPE) is topic]


def _description(topic: Topic) -> str:
    if topic in INTERNAL_TOPICS:
        return "The engine's own; nobody else reads or writes it."
    if topic in DEAD_LETTER_TOPICS:
        return f"Records of `{topic.name.removeprefix(DEAD_LETTER_PREFIX)}` that could not be used, byte for byte."
    if topic is ANSWERS:
        return "Answers to whoever asked for a dry run; they name people, so nobody else may read them."
    who = "The engine reads it." if topic.direction is Direction.IN else "The engine publishes it."
    return f"{who} Keyed by {topic.key}."


def _configuration(topic: Topic) -> dict[str, Any]:
    """Write the topic's settings in the types that the binding asks for."""
    return {name: [value] if name == "cleanup.policy" else int(value) for name, value in topic.config.items()}


def _operations(models: list[type[Data]]) -> Iterator[tuple[str, Any]]:
    for topic in ALL_TOPICS:
        if topic in INTERNAL_TOPICS:
            continue
        action = "receive" if topic.direction is Direction.IN else "send"
        channel = f"#/channels/{_pointer(topic.name)}"
        names = [model.__name__ for model in models_on(topic, models)] or [DEAD_LETTER]
        yield (
            f"{action}.{topic.name}",
            {
                "action": action,
                "channel": {"$ref": channel},
                "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
            },
        )


def _pointer(name: str) -> str:
    """Write a name as part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _message(model: type[Data], payload: Mapping[str, Any]) -> dict[str, Any]:
    is_input = issubclass(model, InputData)
    examples = [{"payload": example} for example in payloads.of(model)[:MESSAGE_EXAMPLES_MAX]]
    return {
        "name": model.TYPE,
        "title": model.__name__,
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "contentType": JSON_CONTENT_TYPE,
        "headers": {"$ref": COMPONENTS.format(model="InputHeaders" if is_input else "OutputHeaders")},
        "payload": dict(payload),
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": BINDING}},
        "x-dataschema": model.schema_uri(),
        **({"examples": examples} if examples else {}),
    }


def _headers(*, is_input: bool) -> dict[str, Any]:
    """Write the attributes as headers; a header is text whatever its attribute is."""
    properties: dict[str, Any] = {CONTENT_TYPE_HEADER: {"type": "string", "description": "Of the value: JSON."}}
    required = [CONTENT_TYPE_HEADER] if not is_input else []
    for attribute in ENVELOPE_ATTRIBUTES:
        form = attribute.read if is_input else attribute.written
        if form is None or attribute.name == "datacontenttype":
            continue
        name = HEADER_PREFIX + attribute.name
        text = form if form.get("type") == "string" or "const" in form else {"type": "string"}
        properties[name] = {**text, "description": attribute.means}
        if attribute.is_required if is_input else attribute.is_always:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _dead_letter() -> dict[str, Any]:
    return {
        "name": "dead letter",
        "title": DEAD_LETTER,
        "summary": "A record that could not be used: key, value and headers as they came, and why.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": COMPONENTS.format(model="DeadLetterHeaders")},
        "payload": {"description": "The value, byte for byte; it may be anything."},
    }


def _dead_letter_headers() -> dict[str, Any]:
    added = {
        "x-error-code": {"type": "string", "enum": [code.value for code in ErrorCode], "description": "Why it was refused."},
        "__dlq.errors.topic": {"type": "string", "description": "The topic that it came from."},
        "__dlq.errors.partition": {"type": "string", "description": "The partition that it came from."},
        "__dlq.errors.offset": {"type": "string", "description": "Its offset there, or the number of its line."},
        "__dlq.errors.group": {"type": "string", "description": "Who refused it."},
        "__dlq.errors.delivery.count": {"type": "string", "description": "How many times it was tried, from 1."},
        "__dlq.errors.message": {"type": "string", "description": "What is wrong, without any value of the record."},
    }
    return {"type": "object", "properties": added, "required": sorted(added)}


def _engines_own() -> dict[str, Any]:
    return {
        "name": "internal record",
        "title": ENGINES_OWN,
        "summary": "A record in the engine's own form, which changes without notice.",
        "contentType": "application/octet-stream",
        "payload": {"description": "Nobody but the engine reads it."},
    }


def _embedded(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Take out what names a schema that is a file of its own."""
    return {name: value for name, value in schema.items() if name not in {"$schema", "$id"}}
