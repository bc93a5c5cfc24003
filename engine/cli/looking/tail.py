"""`bothways tail`: a topic as it is stored, one JSON line per record."""

import base64
import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from engine.cli.exits import Refused
from engine.cli.options import DEFAULTS, Options, opened_to_read

if TYPE_CHECKING:
    from engine.runtimes.embedded.log.stored_outputs import StoredOutput
    from engine.runtimes.embedded.reading.reader import Reader

FOLLOW_SECONDS: Final = 1.0


def tail(
    topic: str,
    /,
    *,
    start: Annotated[int, Parameter(name="--from", help="Position to begin at.")] = 0,
    follow: Annotated[bool, Parameter(negative="", show_default=False, help="Go on as records come.")] = False,
    kafka: Annotated[bool, Parameter(negative="", show_default=False, help="Read the bus instead of the data directory.")] = False,
    options: Options = DEFAULTS,
) -> None:
    """Print a public or dead-letter topic as JSONL: CloudEvents as stored; `{key, headers, value_base64}` for a dead letter.

    A followed topic is looked at once a second, beside whoever writes.

    Args:
        topic: for example mentorship.pairings.v1 or dlq.hr.people.v1.
    """
    if kafka:
        from engine.cli.running.kafka import tail_topic

        tail_topic(topic, start=start, is_followed=follow)
        return
    with opened_to_read(options) as reader:
        _check_known(reader, topic)
        start = _print_from(reader, topic, start)
    while follow:
        time.sleep(FOLLOW_SECONDS)
        with opened_to_read(options) as reader:
            start = _print_from(reader, topic, start)


def line_shown(record: "StoredOutput") -> bytes:
    """Write one record the way `tail` shows it."""
    if record.topic.startswith("dlq."):
        headers = {name: None if value is None else value.decode(errors="replace") for name, value in record.headers}
        letter = {"key": record.key, "headers": headers, "value_base64": base64.b64encode(record.value or b"").decode()}
        return json.dumps(letter, ensure_ascii=False).encode()
    if record.value is None:
        return json.dumps({"key": record.key, "tombstone": True}, ensure_ascii=False).encode()
    return record.value


def _check_known(reader: "Reader", topic: str) -> None:
    from schemas.topics import DEAD_LETTER_TOPICS, OUTPUT_TOPICS

    known = {each.name for each in (*OUTPUT_TOPICS, *DEAD_LETTER_TOPICS)} | set(reader.topics)
    if topic not in known:
        raise Refused(f"{topic} is no public or dead-letter topic; there are {', '.join(sorted(known))}")


def _print_from(reader: "Reader", topic: str, start: int) -> int:
    """Print everything from a position on. Returns the position to go on from."""
    out = sys.stdout.buffer
    for record in reader.outputs(topic, start):
        out.write(line_shown(record) + b"\n")
        start = record.position + 1
    out.flush()
    return start
