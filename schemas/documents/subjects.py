"""What a schema registry would be given: a subject for each event type, and one for each topic that refers to them.

A topic's subject is named as the Kafka serializers look for it, `<topic>-value`. Inputs stay compatible backwards, so that an engine reads
what any producer sends; outputs forwards, so that any reader takes what an engine publishes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import Data, InputData
from schemas.documents.asyncapi import models_on
from schemas.documents.files import PLACE, models, versions
from schemas.topics import ALL_TOPICS, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedSubject:
    """One subject with every version that it should have, oldest first."""

    name: str
    compatibility: str
    bodies: tuple[Mapping[str, Any], ...]
    """What is posted for each version."""


def subjects() -> Iterator[VersionedSubject]:
    """Yield every subject, those that others refer to first."""
    for model in models():
        yield _of_type(model)
    for topic in ALL_TOPICS:
        if on_topic := models_on(topic, models()):
            yield _of_topic(topic, on_topic)


def _of_type(model: type[Data]) -> VersionedSubject:
    name, _ = model.name_and_version()
    files = [PLACE / "json" / name / f"{each}.json" for each in versions(name)]
    bodies = tuple({"schemaType": "JSON", "schema": _compact(json.loads(file.read_text(encoding="utf-8")))} for file in files)
    return VersionedSubject(name=model.TYPE, compatibility=_compatibility(model), bodies=bodies)


def _of_topic(topic: Topic, on_topic: list[type[Data]]) -> VersionedSubject:
    """Any of its types: which one it is, the header `ce_type` says."""
    schema = {"title": topic.name, "anyOf": [{"$ref": model.schema_uri()} for model in on_topic]}
    references = [
        {"name": model.schema_uri(), "subject": model.TYPE, "version": len(versions(model.name_and_version()[0]))} for model in on_topic
    ]
    body = {"schemaType": "JSON", "schema": _compact(schema), "references": references}
    return VersionedSubject(name=f"{topic.name}-value", compatibility=_compatibility(on_topic[0]), bodies=(body,))


def _compatibility(model: type[Data]) -> str:
    return "BACKWARD_TRANSITIVE" if issubclass(model, InputData) else "FORWARD_TRANSITIVE"


def _compact(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
