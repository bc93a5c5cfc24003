"""HTTP on paper: docs/http.md (by `ops.docs`) and `schemas/openapi.json`, both from the table of addresses.

`python -m ops.http_docs write | check` is for the latter.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.cli.running.http import HttpOptions
from engine.web import openapi
from engine.web.answering.events import EVENTS_MAX
from engine.web.answering.topics import STREAM_SECONDS_MAX, WAIT_SECONDS_MAX
from engine.web.guarding.bodies import BODY_BYTES_MAX, RATIO_FREE_BYTES, RATIO_MAX, READ_SECONDS
from engine.web.guarding.problems import MEANINGS
from engine.web.guarding.protocol import CONNECTIONS_MAX, HEAD_BYTES_MAX, WRITE_SECONDS
from engine.web.guarding.rates import BURST_SECONDS
from engine.web.routes import ENDPOINTS, Endpoint
from ops.generated import Generated
from ops.markdown import GENERATED
from schemas.terms.http import ProblemCode, Role
from schemas.text.strict_json import EVENT_BYTES_MAX

OPENAPI: Final = Generated(
    module="ops.http_docs",
    what="documents",
    directory=Path(__file__).parent.parent / "schemas",
    names=("openapi.json",),
    content=lambda _: openapi.text(),
)
_LISTENS: Final = f"""\
`bothways serve` answers HTTP on `{HttpOptions().host}:{HttpOptions().port}` (`--host`, `--port`, `--no-http`). Without a token only
loopback is served, and everybody on the machine may do everything. Any other address needs a token, and TLS (`--tls-cert`,
`--tls-key`) or `--behind-proxy`, which says that a proxy in front does TLS. On loopback without a proxy the `host` of a request has
to be loopback's, and an `origin` its own, so that no page in a browser can reach the engine under a name of its own. What a proxy
says of its clients is not read."""
_TOKENS: Final = """\
`bothways token create --role R [--role R] [--name N] [--expires DATE]` prints a token once; the data directory keeps its hash in
`tokens.json`. `bothways token list|revoke` shows and ends them. From the first one on every request needs `authorization: Bearer
TOKEN`, also on loopback, and also after all of them were revoked; without the file it is as before. `/healthz` and `/readyz` need
none. No role includes another."""
_EVENTS: Final = f"""\
Structured (`application/cloudevents+json`), binary (`application/json` with the attributes in `ce-` headers, percent-encoded) or many
at once (`application/cloudevents-batch+json`: at most {EVENTS_MAX:,} events, {BODY_BYTES_MAX // 2**20} MiB), also with
`content-encoding: gzip`. The answer comes after the commit:

```json
{{"results": [{{"id": "1", "outcome": "accepted"}}, {{"id": "2", "outcome": "dead_lettered", "code": "unknown_type", "message": "…"}}]}}
```

`outcome` is `accepted`, `duplicate`, `dead_lettered`, or `refused` for a command that was heard and not carried out. A batch is 200
whatever became of its events; a single event that is refused is 422 with its code, and in the dead letters all the same. After 429,
503, 504 or no answer, send the same again: what was taken changes nothing twice."""
_TOPICS: Final = f"""\
`GET /v1/topics/TOPIC?from=N&limit=M&wait=S` gives `{{"events": [{{"position", "event"}}], "next": N}}`; ask for `next` again. `wait`
holds the request up to {WAIT_SECONDS_MAX} s until something comes. A tombstone is `{{"key", "tombstone": true}}`. A position that is
gone is 410 with `oldest`; 0 is the oldest that there is. With `accept: text/event-stream` records come as they are committed, with
their positions as ids; after {STREAM_SECONDS_MAX / 60:.0f} minutes the stream ends, and a client goes on with `Last-Event-ID`, as
browsers do by themselves. Dead letters are shown without bytes, keys and headers, which say what people keep from each other;
`bothways dead-letters show` has them."""
_SHOWN: Final = """\
The role `read` shows what the published topics say, and nothing else: of a pairing its published state and its proposal, of a person
the open pairings, of a programme its rules, its rounds, its pairs and the figures as they were last told. Nobody's answer, absence,
exclusion, profile or HR facts; a person without an open pairing isn't found, whoever that is."""


def http() -> Iterator[str]:
    """Describe HTTP."""
    yield from ("# HTTP", "", GENERATED, "")
    yield "The same as an [OpenAPI document](../schemas/openapi.json), which a running engine serves at `/openapi.json`."
    yield from ("", "## Addresses", "", "| address | needs | does |", "|---|---|---|")
    yield from (f"| `{one.method} {one.path}` | {_needs(one)} | {one.says} |" for one in ENDPOINTS)
    for title, said in (
        ("Where it listens", _LISTENS),
        ("Tokens", _TOKENS),
        ("Events", _EVENTS),
        ("Topics", _TOPICS),
        ("What is shown", _SHOWN),
    ):
        yield from ("", f"## {title}", "", said)
        if title == "Tokens":
            yield from ("", "| role | may |", "|---|---|")
            yield from (f"| `{role}` | {_MAY[role]} |" for role in Role)
    yield from ("", "## Limits", "", "| what | limit |", "|---|---|")
    yield from (f"| {what} | {limit} |" for what, limit in _LIMITS)
    yield from ("", "## Problems", "", "Every refusal is `application/problem+json` (RFC 9457) with one of these codes.", "")
    yield from ("| code | status | says |", "|---|---|---|")
    yield from (f"| `{code}` | {MEANINGS[code][0]} | {MEANINGS[code][1]} |" for code in ProblemCode)


_MAY: Final = {
    Role.INGEST: "send events",
    Role.READ: "read what is published, and metrics",
    Role.OPERATE: "give commands, and see what was refused",
    Role.ERASE: "have a person erased",
}
_LIMITS: Final = (
    ("one event", f"{EVENT_BYTES_MAX // 1024} KiB, 32 levels, 1,000 keys"),
    ("a body", f"{BODY_BYTES_MAX // 2**20} MiB, as sent and unpacked"),
    ("a packed body", f"{RATIO_MAX} times what was sent, beyond {RATIO_FREE_BYTES // 1024} KiB"),
    ("the head of a request", f"{HEAD_BYTES_MAX // 1024} KiB, {READ_SECONDS:.0f} s"),
    ("the arrival of a body", f"{READ_SECONDS:.0f} s"),
    ("a client that doesn't read", f"{WRITE_SECONDS:.0f} s"),
    ("connections", f"{CONNECTIONS_MAX}"),
    ("requests of one token", f"`BOTHWAYS_HTTP_REQUESTS_PER_SECOND` (500), {BURST_SECONDS:.0f} seconds' worth at once"),
)


def _needs(one: Endpoint) -> str:
    if one.is_open:
        return "nothing"
    return " or ".join(f"`{role}`" for role in sorted(one.roles)) or "any token"


if __name__ == "__main__":
    sys.exit(OPENAPI.main(sys.argv[1:]))
