"""Recorded input logs and what the engine made of them: kept, replayed, compared byte for byte.

A log is `<version>/<name>.jsonl`, where the version is that of the schemas it was written in: input events as they came, and
`{"tick": INSTANT}` where time passed without one. Beside it stands what came of it, `<name>.expected.jsonl.gz`: every published event as it
goes over the wire with its topic, in order, then every dead letter. A large log is gzipped too.

A log is never edited: an engine of any later version has to make the same of it, or somebody has to look at the difference and record it.
"""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from engine.core.dead_letters import DeadLetter
from engine.core.execution import Output
from engine.testing import TopologyDriver
from schemas.codec import encode_structured

HERE: Final = Path(__file__).parent
RECORD: Final = "python -m tests.golden record"
SALT: Final = b"test"
"""Of the runs that wrote the inputs: the names of pairings in them follow from it."""
SHOWN_MAX: Final = 12
"""Differences shown one by one; the counts say how many there are."""
_EXPECTED: Final = ".expected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One recorded log."""

    inputs: Path

    @property
    def name(self) -> str:
        """Version and name, as people type it."""
        return f"{self.inputs.parent.name}/{self.inputs.name.partition('.')[0]}"

    @property
    def expected(self) -> Path:
        """Where the outputs are kept."""
        return self.inputs.with_name(f"{self.inputs.name.partition('.')[0]}{_EXPECTED}.jsonl.gz")

    def replayed(self) -> list[bytes]:
        """Replay the log through the topology and return what came of it."""
        driver = TopologyDriver(salt=SALT)
        for line in read_lines(self.inputs):
            to = _tick_in(line)
            if to is None:
                driver.pipe(line)
            else:
                driver.advance(to)
        return [*map(output_line, driver.store.outputs), *map(letter_line, driver.dead_letters())]


def recorded() -> list[Golden]:
    """Return all recorded logs, by name."""
    found = sorted(path for path in HERE.glob("v*/*.jsonl*") if _EXPECTED not in path.name)
    return [Golden(inputs=path) for path in found]


def read_lines(path: Path) -> list[bytes]:
    """Return the lines of a file."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.splitlines()


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines so that the same lines make the same file."""
    raw = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)


def digest(lines: Iterable[bytes]) -> str:
    """Hash lines."""
    return hashlib.blake2b(b"\n".join(lines), digest_size=16).hexdigest()


def output_line(output: Output) -> bytes:
    """Write a published event: its topic and key, and the bytes that go over the wire."""
    event = b"null" if output.data is None else encode_structured(output.attributes, output.data)
    return b'{"topic":%s,"key":%s,"event":%s}' % (_json(output.topic), _json(output.key), event)


def letter_line(letter: DeadLetter) -> bytes:
    """Write a dead letter: its topic, code and message, and a hash of the original bytes."""
    headers = {name: (value or b"").decode() for name, value in letter.headers if name.startswith(("__dlq.", "x-"))}
    hash_ = hashlib.blake2b(letter.value, digest_size=16).hexdigest()
    return b'{"topic":%s,"code":%s,"headers":%s,"value_hash":%s}' % tuple(map(_json, (letter.topic, letter.code, headers, hash_)))


def difference(expected: Sequence[bytes], actual: Sequence[bytes]) -> str:
    """Say in a few lines what changed; empty when nothing did."""
    if list(expected) == list(actual):
        return ""
    was, now = _by_id(expected), _by_id(actual)
    gone, new = [id_ for id_ in was if id_ not in now], [id_ for id_ in now if id_ not in was]
    changed = [id_ for id_ in was if id_ in now and was[id_] != now[id_]]
    lines = [f"{len(gone)} gone, {len(new)} new, {len(changed)} changed, of {len(expected)} expected and {len(actual)} actual records"]
    for word, ids, side in (("gone", gone, was), ("new", new, now), ("changed", changed, was)):
        for kind, count in sorted(Counter(_kind(side[id_]) for id_ in ids).items()):
            lines.append(f"  {word:<8}{count:>6}  {kind}")
    shown = [
        *(f"- {_brief(was[id_])}" for id_ in gone[:SHOWN_MAX]),
        *(f"+ {_brief(now[id_])}" for id_ in new[:SHOWN_MAX]),
        *(line for id_ in changed[:SHOWN_MAX] for line in _fields(was[id_], now[id_])),
    ]
    if not (gone or new or changed):
        number = next(number for number, (one, other) in enumerate(zip(expected, actual, strict=True), 1) if one != other)
        shown = [f"the same records in another order or spelling, from line {number} on:", f"- {expected[number - 1].decode()[:200]}"]
        shown.append(f"+ {actual[number - 1].decode()[:200]}")
    return "\n".join((*lines, *shown))


def _tick_in(line: bytes) -> datetime | None:
    return datetime.fromisoformat(json.loads(line)["tick"]) if line.startswith(b'{"tick"') else None


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _by_id(lines: Sequence[bytes]) -> dict[str, dict[str, Any]]:
    """Index records by id; a dead letter's are its topic, code and hash; a tombstone is told apart by its place among its like."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        record = json.loads(line)
        event = record.get("event")
        id_ = event["id"] if event else "/".join(str(record.get(name)) for name in ("topic", "key", "code", "value_hash"))
        found[id_ if id_ not in found else f"{id_}#{len(found)}"] = record
    return found


def _kind(record: dict[str, Any]) -> str:
    event = record.get("event")
    return event["type"] if event else f"{record['topic']} {record.get('code', 'tombstone')}"


def _brief(record: dict[str, Any]) -> str:
    event = record.get("event") or {}
    told = {name: value for name, value in (event.get("data") or {}).items() if isinstance(value, str | int)}
    return f"{event.get('time', '')} {_kind(record)} {json.dumps(told, ensure_ascii=False)}"[:200]


def _fields(was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Name each field that differs, by its path."""
    yield f"~ {_brief(was)}"
    before, after = _flat(was), _flat(now)
    for path in sorted({*before, *after}):
        if before.get(path) != after.get(path):
            yield f"    {path}: {before.get(path)!r} → {after.get(path)!r}"


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {at: leaf for name, inner in value.items() for at, leaf in _flat(inner, f"{path}.{name}" if path else name).items()}
    if isinstance(value, list):
        return {at: leaf for number, inner in enumerate(value) for at, leaf in _flat(inner, f"{path}[{number}]").items()}
    return {path: value}
