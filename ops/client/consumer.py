"""The client: reads published events with generated models, answers what is asked, prints the answers. Runs in an environment of its own.

    consumer.py MODELS SCHEMAS < OUTPUTS > ANSWERS

It imports nothing of Bothways. Each event is read by the model that its `dataschema` names; whatever the models refuse ends it.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

REQUESTED: Final = "bothways.nudge.requested.v1"
CANCELLED: Final = "bothways.nudge.cancelled.v1"


def model_of(schemas: Path, dataschema: str) -> Any:
    """Return the generated model of one schema, by what the envelope says."""
    *_, name, version = dataschema.split(":")
    schema = json.loads((schemas / name / f"{version}.json").read_text(encoding="utf-8"))
    module = importlib.import_module(f"{name.replace('.', '_')}._{version.replace('.', '_')}")
    return getattr(module, schema["title"])


def answers(schemas: Path, lines: Iterable[str]) -> Iterator[str]:
    """Read every event; yield an answer to each question that is open when the last event was published."""
    envelope = model_of(schemas, "cloudevent.output:1.0")
    asked: dict[str, Any] = {}
    now: datetime | None = None
    for line in lines:
        event = envelope.model_validate_json(line)
        data = model_of(schemas, event.dataschema).model_validate(event.data)
        now = event.time if now is None else max(now, event.time)
        if event.type == REQUESTED:
            nudge = getattr(data, "root", data)  # one model for each key
            asked[nudge.nudge_id] = nudge
        elif event.type == CANCELLED:
            asked.pop(data.nudge_id, None)
    for nudge in asked.values():
        if now is not None and nudge.expires_at > now and (answer := ready_answer(nudge)) is not None:
            yield line_of(schemas, nudge, answer, now)


def ready_answer(nudge: Any) -> dict[str, Any] | None:
    """Return the first choice for which nothing has to be typed; None where there is none."""
    written = json.loads(nudge.params.model_dump_json(exclude_none=True))
    ready = (answer for answer in written.get("answers", ()) if not any(isinstance(value, dict) for value in answer["fields"].values()))
    return next(ready, None)


def line_of(schemas: Path, nudge: Any, answer: dict[str, Any], now: datetime) -> str:
    """Write an answer as a line that the engine reads, through the models of its type and of the envelope."""
    name = answer["type"].removeprefix("bothways.").rpartition(".v")[0]
    said = model_of(schemas, f"{name}:1.0").model_validate(answer["fields"])
    event = {
        "specversion": "1.0",
        "id": f"answer/{nudge.nudge_id}",
        "source": "urn:example:client",
        "type": answer["type"],
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "actor": nudge.person_id,
        "data": json.loads(said.model_dump_json(exclude_none=True)),
    }
    model_of(schemas, "cloudevent.input:1.0").model_validate(event)
    return json.dumps(event)


def main() -> None:
    """Answer what is on standard input."""
    models, schemas = sys.argv[1:]
    sys.path.insert(0, models)
    for line in answers(Path(schemas), sys.stdin):
        print(line)


if __name__ == "__main__":
    main()
