"""Frozen values, made and copied fast.

A frozen dataclass sets each of its fields through `object.__setattr__`, which takes ten times as long as an assignment; about twenty values
are made for each event, and a row is replaced several times. Here a value is filled while it belongs to a twin of its class, which has the
same slots and is not frozen, and then becomes one of its own class. Nobody sees it before that.

`replace` passes by `__init__` and `__post_init__`, and `quick` by the latter, so a value that checks itself when it is made may not come.

Must stay in sync with: how `dataclasses` makes slotted classes and their `__init__`. Python refuses a twin whose slots are others.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - the types of the changes stay checked
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """Return a copy of a frozen, slotted dataclass with some of its fields changed.

        Raises:
            AttributeError: there is no such field.
        """
        kind = type(value)
        copy = _copier_of(kind)(value)
        for name, changed in changes.items():
            setattr(copy, name, changed)
        copy.__class__ = kind
        return copy


def quick(kind: type[T]) -> type[T]:
    """Give a frozen, slotted dataclass an `__init__` of plain assignments. For what is made for every event."""
    frozen: Any = kind
    slow = frozen.__init__
    code = slow.__code__
    assert all(field.default_factory is MISSING for field in fields(frozen)), "defaults are values"
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    by_place, by_name = names[: code.co_argcount - 1], names[code.co_argcount - 1 :]
    head = f"def __init__({', '.join(('self', *by_place, *(('*',) if by_name else ()), *by_name))}):"
    body = (" _become(self, '__class__', _twin)", *(f" self.{name} = {name}" for name in names), " self.__class__ = _kind")
    made = _compiled(frozen, head, *body)
    made.__defaults__, made.__kwdefaults__, made.__annotations__ = slow.__defaults__, slow.__kwdefaults__, slow.__annotations__
    made.__qualname__ = slow.__qualname__
    frozen.__init__ = made
    return kind


@cache
def _copier_of(kind: type[Any]) -> Callable[[Any], Any]:
    """Return what copies a value of one class into a twin; as many as there are classes."""
    assignments = (f" copy.{field.name} = value.{field.name}" for field in fields(kind))
    copied: Callable[[Any], Any] = _compiled(kind, "def copied(value):", " copy = _new(_twin)", *assignments, " return copy")
    return copied


def _compiled(kind: type[Any], head: str, *body: str) -> Any:
    """Compile a function for one class, as `dataclasses` does for its own."""
    assert not hasattr(kind, "__post_init__"), f"{kind.__name__} checks itself when it is made"
    twin = type(kind.__name__, (), {"__slots__": tuple(field.name for field in fields(kind))})
    # No field begins with an underscore, so none hides one of these.
    names = {"_kind": kind, "_twin": twin, "_new": object.__new__, "_become": object.__setattr__}
    exec("\n".join((head, *body)), names)  # noqa: S102 - the names of fields, and nothing from outside
    return names[head.removeprefix("def ").partition("(")[0]]
