"""Whether a changed schema breaks somebody: producers of an input, readers of an output.

An input may ask for less than before: everything that was ever accepted stays accepted, and no field that was read is dropped. An output
may say more than before: whoever validates against the older schema still can, finds every field that was always there, and every
known name of an enum. Each finding is a line that says where and what.

The schemas compared are those of `json_schema.py`; other constructs of JSON Schema are not looked for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from schemas.documents.json_schema import LATER_NUDGE

Schema = Mapping[str, Any]

LOWER_BOUNDS: Final = ("minimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
SAID: Final = frozenset({"title", "description", "examples", "$id", "$schema", "default"})
"""What a schema says to people; it may change at any time, as may names that begin with `x-`."""


class BrokenSide(StrEnum):
    """Who would be broken."""

    PRODUCERS = "producers"
    """Of an input."""
    READERS = "readers"
    """Of an output."""


def structure(schema: Any) -> Any:
    """Return a schema without what it says to people."""
    if isinstance(schema, Mapping):
        return {name: structure(value) for name, value in schema.items() if name not in SAID and not name.startswith("x-")}
    return [structure(value) for value in schema] if isinstance(schema, list) else schema


def breaks(old: Schema, new: Schema, side: BrokenSide) -> list[str]:
    """Say what a change from one schema to another breaks. Nothing for a change that breaks nobody."""
    comparison = _Comparison(old, new, side)
    return list(comparison.of(old, new, "data"))


@dataclass(slots=True)
class _Comparison:
    old_root: Schema
    new_root: Schema
    side: BrokenSide
    seen: set[tuple[str, str]] = field(default_factory=set)

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and "$ref" in new:
            if pair in self.seen:
                return
            self.seen.add(pair)
        old, new = _resolved(old, self.old_root), _resolved(new, self.new_root)
        if _is_choice(old) or _is_choice(new):
            yield from self._choices(old, new, path)
        else:
            yield from self._one(old, new, path)

    def _choices(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Compare what may be one of several: enums and null apart, every other alternative finds its like."""
        before, after = _alternatives(old, self.old_root), _alternatives(new, self.new_root)
        yield from self._enums(before, after, path)
        accepted, offered = (before, after) if self.side is BrokenSide.PRODUCERS else (after, before)
        for choice in accepted:
            if "enum" not in choice:
                yield from self._one_of(choice, offered, path)

    def _one_of(self, choice: Schema, offered: list[Schema], path: str) -> Iterator[str]:
        """Find the like of a choice; where there is only one of its type, say how that differs."""
        alike = [other for other in offered if _fits(choice.get("type"), other.get("type"))]
        found = [self._between(choice, other, path) for other in alike]
        if not found:
            word = "is no longer accepted" if self.side is BrokenSide.PRODUCERS else "is new, and older readers don't expect it"
            yield f"{path}: {_named(choice)} {word}"
        elif all(found):
            yield from min(found, key=len)

    def _between(self, choice: Schema, other: Schema, path: str) -> list[str]:
        old, new = (choice, other) if self.side is BrokenSide.PRODUCERS else (other, choice)
        return list(_Comparison(self.old_root, self.new_root, self.side, set(self.seen)).of(old, new, path))

    def _enums(self, before: list[Schema], after: list[Schema], path: str) -> Iterator[str]:
        known, now = _values(before), _values(after)
        if not known and not now:
            return
        was_open = any("enum" not in choice and choice.get("type") == "string" for choice in before)
        for value in sorted(known - now, key=str):
            yield f"{path}: the value {value} was removed"
        if self.side is BrokenSide.READERS and not was_open:
            for value in sorted(now - known, key=str):
                yield f"{path}: the value {value} is new, and the enum is closed"

    def _one(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        accepted, offered = (old, new) if self.side is BrokenSide.PRODUCERS else (new, old)
        if not _fits(accepted.get("type"), offered.get("type")):
            yield f"{path}: {_named(old)} became {_named(new)}"
            return
        yield from self._enums([old] if _values([old]) else [], [new] if _values([new]) else [], path)
        yield from _narrowed(accepted, offered, path)
        if "items" in old and "items" in new:
            yield from self.of(old["items"], new["items"], f"{path}[]")
        if "properties" in old or "properties" in new:
            yield from self._object(old, new, path)
        if isinstance(old.get("additionalProperties"), Mapping) and isinstance(new.get("additionalProperties"), Mapping):
            yield from self.of(old["additionalProperties"], new["additionalProperties"], f"{path}.*")

    def _object(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after:
                yield f"{path}.{name}: the field was removed"
            else:
                yield from self.of(before[name], after[name], f"{path}.{name}")
        needed, still = set(old.get("required", ())), set(new.get("required", ()))
        if self.side is BrokenSide.PRODUCERS:
            for name in sorted(still - needed):
                yield f"{path}.{name}: is required now"
            if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False:
                yield f"{path}: unknown fields are refused now"
        else:
            for name in sorted((needed - still) & after.keys()):
                yield f"{path}.{name}: may be absent now"
        yield from self._by_title(old.get("oneOf", ()), new.get("oneOf", ()), path)

    def _by_title(self, before: Any, after: Any, path: str) -> Iterator[str]:
        """Compare the alternatives of a nudge; the one for later keys stands for all that are not known."""
        now = {choice["title"]: choice for choice in after}
        for choice in before:
            if choice["title"] == LATER_NUDGE:
                continue
            if choice["title"] not in now:
                yield f"{path}: {choice['title']} was removed"
            else:
                yield from self._one(choice, now[choice["title"]], f"{path}({choice['title']})")


def _narrowed(accepted: Schema, offered: Schema, path: str) -> Iterator[str]:
    """Find where what is offered has no room for all that must be accepted."""
    for bound in LOWER_BOUNDS:
        if bound in offered and (bound not in accepted or accepted[bound] < offered[bound]):
            yield f"{path}: {bound} is {accepted.get(bound, 'free')} on one side and {offered[bound]} on the other"
    for bound in UPPER_BOUNDS:
        if bound in offered and (bound not in accepted or accepted[bound] > offered[bound]):
            yield f"{path}: {bound} is {accepted.get(bound, 'free')} on one side and {offered[bound]} on the other"
    for rule in ("pattern", "format", "not", "uniqueItems"):
        if rule in offered and accepted.get(rule) != offered[rule]:
            yield f"{path}: another {rule}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _is_choice(schema: Schema) -> bool:
    return "anyOf" in schema


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """Return what a schema is one of, choices of choices laid flat."""
    schema = _resolved(schema, root)
    if not _is_choice(schema):
        return [schema]
    return [each for choice in schema["anyOf"] for each in _alternatives(choice, root)]


def _values(choices: list[Schema]) -> set[Any]:
    return {value for choice in choices for value in choice.get("enum", [choice["const"]] if "const" in choice else [])}


def _fits(accepted: Any, offered: Any) -> bool:
    return offered is None or accepted == offered or (accepted, offered) == ("integer", "number")


def _named(schema: Schema) -> str:
    return str(schema.get("title") or schema.get("type") or "anything")
