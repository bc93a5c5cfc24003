"""The toy topology on Quix Streams, exactly once. Runs in an environment of its own; arguments: brokers, prefix, app.

The rules repeat `toy.py`, which that environment can't import.
"""

import json
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found] # a peer, installed elsewhere
from quixstreams.models.serializers import Serializer  # type: ignore[import-not-found] # the same

PADDING = "x" * 900
Json = dict[str, Any]
Rule = Callable[[Json | None, Json], tuple[Json | None, list[tuple[bytes, Json]]]]


class Body(Serializer):  # type: ignore[misc] # a peer, installed elsewhere
    """Writes the event of a keyed row."""

    def __call__(self, value: Any, ctx: Any) -> bytes:
        """Return the bytes."""
        del ctx
        return json.dumps(value["event"]).encode()


def folded(state: Json | None, event: Json) -> Json:
    """Fold an event into the state of its key."""
    count, checksum, total = (0, 0, 0) if state is None else (state["n"], state["h"], state["s"])
    return {"n": count + 1, "h": zlib.crc32(event["id"].encode(), checksum), "s": total + event["v"], "pad": PADDING}


def stage_a(state: Json | None, event: Json) -> tuple[Json | None, list[tuple[bytes, Json]]]:
    """Count, and send on under other keys."""
    after, n = folded(state, event), event["n"]
    outs = [
        (b"u%d" % ((n * 7 + j * 13) % 1_500), {"id": f"{event['id']}/{j}", "n": n * 3 + j, "v": after["n"], "t": event["t"]})
        for j in range(n % 4)
    ]
    return (None if n % 97 == 0 else after), outs


def stage_b(state: Json | None, event: Json) -> tuple[Json | None, list[tuple[bytes, Json]]]:
    """Count, and publish every second."""
    after, n = folded(state, event), event["n"]
    outs = [(b"o%d" % (n % 500), {"id": event["id"] + ">", "n": n, "v": after["h"], "t": event["t"]})] if n % 2 == 0 else []
    return (None if n % 101 == 0 else after), outs


def applied(rule: Rule) -> Callable[[bytes, Any], list[Json]]:
    """Wrap a rule as Quix calls it."""

    def apply(value: bytes, state: Any) -> list[Json]:
        after, outs = rule(state.get("s"), json.loads(value))
        if after is None:
            state.delete("s")
        else:
            state.set("s", after)
        return [{"key": key, "event": event} for key, event in outs]

    return apply


def main(brokers: str, prefix: str, name: str) -> None:
    """Run until told to stop."""
    state_dir = tempfile.mkdtemp(prefix="bothways-quix.")
    app = Application(
        broker_address=brokers,
        consumer_group=f"{name}-quix",
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=0.1,
        state_dir=state_dir,
        loglevel="WARNING",
    )
    raw = {"value_deserializer": "bytes", "key_deserializer": "bytes"}
    stages: tuple[tuple[str, str, Rule], ...] = (("in", "mid", stage_a), ("mid", "out", stage_b))
    for source, sink, rule in stages:
        frame = app.dataframe(app.topic(prefix + source, **raw)).apply(applied(rule), stateful=True, expand=True)
        frame.to_topic(app.topic(prefix + sink, value_serializer=Body(), key_serializer="bytes"), key=lambda row: row["key"])
    try:
        app.run()
    finally:
        shutil.rmtree(state_dir, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
