"""The files of the contracts: written from the models, committed, and held against them.

    json/index.json                       every event type with its topic and its schemas
    json/<name>/<major>.<minor>.json      the data of one event type
    json/cloudevent.{input,output}/…      the envelope in structured mode
    asyncapi.json                         all topics

A version that was in a release never changes again, except in what it says to people. One that wasn't may still grow, as long as nobody is
broken by it. `since` in the index says which version of Bothways had it first.

Source: docs/contracts.md, Evolution.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from schemas.base import Data, InputData
from schemas.documents import asyncapi, payloads
from schemas.documents.compatibility import BrokenSide, breaks, structure
from schemas.documents.envelope import NAMES_READ, NAMES_WRITTEN, structured
from schemas.documents.json_schema import schema_of
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.topics import topic_of_type

PLACE: Final = Path(__file__).parent.parent
INDEX: Final = "json/index.json"
ASYNCAPI: Final = "asyncapi.json"
ENVELOPE_VERSION: Final = "1.0"
EXAMPLES_MAX: Final = 3
PACKAGE: Final = "bothways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """The files in one directory: those beside the code, or somebody's copy."""

    place: Path = PLACE

    def contents(self) -> dict[str, str]:
        """Return what each file should hold, by its name; files of older minors are as they were written."""
        written: dict[str, Any] = {_file(*model.name_and_version()): _with_examples(model) for model in models()}
        for (name, _), is_input in ((NAMES_READ, True), (NAMES_WRITTEN, False)):
            written[_file(name, ENVELOPE_VERSION)] = structured(is_input=is_input)
        written[ASYNCAPI] = asyncapi.document()
        written[INDEX] = _index()
        known = {_file(name, each) for model in models() for name in [model.name_and_version()[0]] for each in versions(name)}
        older = {name: (PLACE / name).read_text(encoding="utf-8") for name in sorted(known - written.keys())}
        return {**older, **{name: json.dumps(value, ensure_ascii=False, indent=1) + "\n" for name, value in written.items()}}

    def write(self) -> list[str]:
        """Write every file that differs. Returns their names."""
        written = self.stale()
        contents = self.contents()
        for name in written:
            file = self.place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(contents[name], encoding="utf-8")
        return written

    def stale(self) -> list[str]:
        """Name the files that are not what they should be."""
        files = {name: (self.place / name, content) for name, content in self.contents().items()}
        return [name for name, (file, content) in files.items() if not file.exists() or file.read_text(encoding="utf-8") != content]

    def broken(self) -> list[str]:
        """Say, one line each, whom the models of today would break that go by the files as they are."""
        return [line for model in models() for line in self._broken_by(model)]

    def _broken_by(self, model: type[Data]) -> Iterator[str]:
        name, now = model.name_and_version()
        schema = schema_of(model)
        side = BrokenSide.PRODUCERS if issubclass(model, InputData) else BrokenSide.READERS
        since = _since()
        for known in versions(name, self.place):
            if known.partition(".")[0] != now.partition(".")[0]:
                continue  # another major is another type
            old = json.loads((self.place / _file(name, known)).read_text(encoding="utf-8"))
            yield from (f"{name} {known}: {line}" for line in breaks(old, schema, side))
            was_released = since.get((name, known), version(PACKAGE)) != version(PACKAGE)
            if known == now and was_released and structure(old) != structure(schema):
                yield f"{name} {known}: was released, so a change needs another MINOR"


def models() -> list[type[Data]]:
    """Return the models of all event types."""
    return [*INPUT_TYPES.values(), *OUTPUT_TYPES.values()]


def versions(name: str, place: Path = PLACE) -> list[str]:
    """Return the versions of one type that have a file, oldest first."""
    return sorted((file.stem for file in (place / "json" / name).glob("*.json")), key=_in_order)


def _index() -> dict[str, Any]:
    since, released = _since(), version(PACKAGE)
    events = []
    for model in models():
        name, now = model.name_and_version()
        topic = topic_of_type(model.TYPE)
        known = sorted({*versions(name), now}, key=_in_order)
        schemas = [{"version": each, "file": f"{name}/{each}.json", "since": since.get((name, each), released)} for each in known]
        direction = "in" if issubclass(model, InputData) else "out"
        events.append({"type": model.TYPE, "direction": direction, "topic": topic.name, "key": topic.key, "schemas": schemas})
    envelopes = {"in": f"{NAMES_READ[0]}/{ENVELOPE_VERSION}.json", "out": f"{NAMES_WRITTEN[0]}/{ENVELOPE_VERSION}.json"}
    return {"events": events, "envelopes": envelopes, "asyncapi": f"../{ASYNCAPI}"}


def _since() -> Mapping[tuple[str, str], str]:
    """Return in which version of Bothways each schema came first."""
    file = PLACE / INDEX
    if not file.exists():
        return {}
    events = json.loads(file.read_text(encoding="utf-8"))["events"]
    return {(each["file"].partition("/")[0], each["version"]): each["since"] for event in events for each in event["schemas"]}


def _with_examples(model: type[Data]) -> dict[str, Any]:
    schema = schema_of(model)
    examples = payloads.of(model)[:EXAMPLES_MAX]
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    return {**schema, **({"examples": examples} if examples else {}), **definitions}


def _file(name: str, version_of_it: str) -> str:
    return f"json/{name}/{version_of_it}.json"


def _in_order(version_of_it: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version_of_it.split("."))
