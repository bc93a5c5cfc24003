"""Frozen values: rows, messages, effects, records, and whatever rules hand to each other.

About twenty are made for each event and a row is replaced several times, so making one has to cost next to nothing. msgspec makes, copies,
compares and encodes them in C. Nothing of msgspec but this reaches the rules: they stay functions of values.

The garbage collector does not track them: a value is made of values that were there before, so none is ever part of a cycle.

Source: decision 0010 (values as structs).
"""

from typing import TYPE_CHECKING, dataclass_transform

import msgspec
from msgspec import field as field  # noqa: PLC0414 - rules take it from here

if TYPE_CHECKING:
    from dataclasses import replace as replace  # noqa: PLC0414 - the types of the changes stay checked
else:
    from msgspec.structs import replace as replace  # noqa: PLC0414 - rules take it from here


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen(msgspec.Struct, frozen=True, gc=False):
    """A value with fields that never change. With `kw_only=True`, they are given by name alone."""
