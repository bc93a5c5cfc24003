"""The toy topology: two chained stages with re-keyed outputs and about 1 KB of state a key, the order of events folded in.

What it computes is nothing; that every peer computes the same is the point. Stage `a` sends none to three records on, keyed anew; stage `b`
publishes every second. State is a JSON object, read and written for every record.
"""

import zlib
from collections.abc import Callable
from typing import Any, Final

from engine.runtimes.kafka.broker.partitioning import partition_of

PARTITIONS: Final = 4
KEYS: Final = 2_000
PADDING: Final = "x" * 900
Json = dict[str, Any]
Out = tuple[str, bytes, Json]
"""Which topic (`mid` or `out`), key, event."""


def folded(state: Json | None, event: Json) -> Json:
    """Fold an event into the state of its key; the checksum depends on the order."""
    count, checksum, total = (0, 0, 0) if state is None else (state["n"], state["h"], state["s"])
    return {"n": count + 1, "h": zlib.crc32(event["id"].encode(), checksum), "s": total + event["v"], "pad": PADDING}


def stage_a(state: Json | None, event: Json) -> tuple[Json | None, list[Out]]:
    """Count, and send on under other keys."""
    after, n = folded(state, event), event["n"]
    outs: list[Out] = [
        ("mid", b"u%d" % ((n * 7 + j * 13) % 1_500), {"id": f"{event['id']}/{j}", "n": n * 3 + j, "v": after["n"], "t": event["t"]})
        for j in range(n % 4)
    ]
    return (None if n % 97 == 0 else after), outs


def stage_b(state: Json | None, event: Json) -> tuple[Json | None, list[Out]]:
    """Count, and publish every second."""
    after, n = folded(state, event), event["n"]
    sent: Json = {"id": event["id"] + ">", "n": n, "v": after["h"], "t": event["t"]}
    outs: list[Out] = [("out", b"o%d" % (n % 500), sent)] if n % 2 == 0 else []
    return (None if n % 101 == 0 else after), outs


STAGES: Final[dict[str, tuple[str, Callable[[Json | None, Json], tuple[Json | None, list[Out]]]]]] = {
    "a": ("in", stage_a),
    "b": ("mid", stage_b),
}
"""Stage → its source and its rule."""


def event(n: int, t: float = 0.0) -> tuple[bytes, Json]:
    """The n-th input: key and event."""
    return b"k%d" % ((n * 31) % KEYS), {"id": f"e{n}", "n": n, "v": n % 10, "t": t}


def expected(count: int) -> tuple[int, int]:
    """How many records the topics `mid` and `out` get of so many inputs."""
    mid = sum(n % 4 for n in range(count))
    return mid, sum(1 for n in range(count) for j in range(n % 4) if (n * 3 + j) % 2 == 0)


def place(key: bytes) -> int:
    """The partition of a key."""
    return partition_of(key, PARTITIONS)
