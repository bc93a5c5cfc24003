"""Rows as bytes: one encoding for every runtime, so a digest means the same everywhere.

A row is a frozen struct; its JSON has the fields in order and nothing that depends on the process.

Source: decision 0010 (values as structs).
"""

from typing import Any, Final

import msgspec

from engine.core.stage import Stage
from engine.core.table import Row

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class UnreadableRow(ValueError):
    """Stored bytes that are no row of their table."""


class RowCodec:
    """Encodes and decodes the rows of one stage."""

    def __init__(self, stage: Stage) -> None:
        self._decoders = {name: msgspec.json.Decoder(table.row_type) for name, table in stage.tables.items()}

    @staticmethod
    def encode(row: Row) -> bytes:
        """Write a row."""
        return _encode(row)

    def decode(self, table: str, value: bytes) -> Any:
        """Read a row.

        Raises:
            UnreadableRow: the bytes are no row of this table; the runtime stops.
        """
        try:
            return self._decoders[table].decode(value)
        except msgspec.MsgspecError as error:
            raise UnreadableRow(f"a row of {table}") from error
