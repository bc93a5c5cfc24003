"""`GET /v1/topics/{topic}`: published records from a position on, as a page, waiting if wanted, or as a stream of server-sent events.

The public topics are for the role `read`. Dead letters are for `operate`, and without their bytes, keys and other headers, which say what
people keep from each other: whoever mends them has `bothways dead-letters show` where the data is. `bothways.answers.v1`, inputs and
internal topics are not served.

Limits: PAGE_RECORDS_MAX and about PAGE_BYTES_MAX in a page; a request waits WAIT_SECONDS_MAX; a stream lasts STREAM_SECONDS_MAX, and its
client goes on where it was with `Last-Event-ID`.
"""

import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from engine.core.dead_letters import CODE_HEADER, MESSAGE_HEADER
from engine.runtimes.embedded.log.stored_outputs import StoredOutput
from engine.runtimes.embedded.reading.reader import Reader
from engine.web.answering.answers import TopicPage, TopicRecord
from engine.web.answering.responses import answered, refuse_other_parameters, whole_number
from engine.web.backend import Backend
from engine.web.guarding.gate import ROLES
from engine.web.guarding.problems import Problem
from schemas.terms.http import ProblemCode, Role
from schemas.topics import DEAD_LETTER_TOPICS, OUTPUT_TOPICS

EVENT_STREAM: Final = "text/event-stream"
PAGE_RECORDS_MAX: Final = 1_000
PAGE_RECORDS: Final = 100
PAGE_BYTES_MAX: Final = 4 * 1024 * 1024
WAIT_SECONDS_MAX: Final = 30
STREAM_SECONDS_MAX: Final = 600.0
BEAT_SECONDS: Final = 10.0
POSITION_MAX: Final = 2**63 - 1
LETTERS: Final = frozenset(topic.name for topic in DEAD_LETTER_TOPICS)
NEEDED: Final = {**dict.fromkeys((topic.name for topic in OUTPUT_TOPICS), Role.READ), **dict.fromkeys(LETTERS, Role.OPERATE)}
"""Topic → the role that may read it."""
_encode: Final = msgspec.json.Encoder().encode


async def topic_records(backend: Backend, request: Request) -> Response:
    """Return the records of a topic from a position on."""
    topic: str = request.path_params["topic"]
    needed = NEEDED.get(topic)
    if needed is None:
        raise Problem(ProblemCode.NOT_FOUND)
    if needed not in request.scope[ROLES]:
        raise Problem(ProblemCode.ROLE_MISSING, f"needs {needed}")
    refuse_other_parameters(request, ("from", "limit", "wait"))
    start = whole_number(request, "from", 0, most=POSITION_MAX)
    limit = whole_number(request, "limit", PAGE_RECORDS, most=PAGE_RECORDS_MAX, least=1)
    wait = whole_number(request, "wait", 0, most=WAIT_SECONDS_MAX)
    if EVENT_STREAM in request.headers.get("accept", ""):
        start = _after_last(request, start)
        first = await backend.read(partial(_page, topic=topic, start=start, limit=limit))
        return StreamingResponse(_stream(backend, topic, first, limit), media_type=EVENT_STREAM)
    page = await backend.read(partial(_page, topic=topic, start=start, limit=limit))
    if not page.events and wait and (end := await backend.arrivals.end_beyond(topic, start, wait)) is not None:
        page = await backend.read(partial(_page, topic=topic, start=start, limit=limit, end=end))
    return answered(page)


def _after_last(request: Request, start: int) -> int:
    """Return where a stream goes on that was cut off."""
    last = request.headers.get("last-event-id")
    if last is None:
        return start
    if not (last.isascii() and last.isdecimal()) or len(last) > 18:
        raise Problem(ProblemCode.HEADER_INVALID, "last-event-id must be the position of a record")
    return int(last) + 1


def _page(reader: Reader, *, topic: str, start: int, limit: int, end: int = 0) -> TopicPage:
    """Read a page. From 0 means from the first record that there still is.

    Args:
        end: where the topic was known to end; if there is nothing before it, what was there is gone, and the next page begins there.
    """
    events: list[TopicRecord] = []
    size, after = 0, start
    for record in reader.outputs(topic, start, limit):
        shown = _shown(record)
        events.append(TopicRecord(position=record.position, event=msgspec.Raw(shown)))
        size, after = size + len(shown), record.position + 1
        if size > PAGE_BYTES_MAX:
            break
    if start and (not events or events[0].position > start):
        oldest = next(reader.outputs(topic, 0, 1), None)
        if oldest is not None and oldest.position > start:
            raise Problem(ProblemCode.POSITION_GONE, oldest=oldest.position)
    return TopicPage(events=events, next=after if events else max(start, end))


def _shown(record: StoredOutput) -> bytes:
    if record.topic in LETTERS:
        headers = {name: None if value is None else value.decode(errors="replace") for name, value in record.headers}
        return _encode({"id": record.id, "code": headers.get(CODE_HEADER), "message": headers.get(MESSAGE_HEADER)})
    return _encode({"key": record.key, "tombstone": True}) if record.value is None else record.value


async def _stream(backend: Backend, topic: str, page: TopicPage, limit: int) -> AsyncIterator[bytes]:
    ends_at, end = time.monotonic() + STREAM_SECONDS_MAX, 0
    yield b"retry: 1000\n\n"
    while time.monotonic() < ends_at and not backend.service.health().is_stopping:
        for record in page.events:
            yield b"id: %d\ndata: %s\n\n" % (record.position, bytes(record.event))
        if not page.events:
            arrived = await backend.arrivals.end_beyond(topic, page.next, BEAT_SECONDS)
            end = end if arrived is None else arrived
            if arrived is None:
                yield b": nothing new\n\n"
        try:
            page = await backend.read(partial(_page, topic=topic, start=page.next, limit=limit, end=end))
        except Problem:
            return  # cut off meanwhile; whoever connects again is told
