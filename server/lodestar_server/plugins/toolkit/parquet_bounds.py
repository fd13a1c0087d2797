"""Extremes of texts, bytes and decimals in a Parquet footer, which pyarrow keeps to itself when the file does not say
in which order they are: Trino's own files do not. It has always meant the order of the type.

Source: the Parquet format, FileMetaData and Statistics, in Thrift's compact protocol.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from lodestar_server.plugins.toolkit.parquet_checksums import footer_bytes

_ROW_GROUPS, _COLUMNS, _META_DATA, _STATISTICS, _MAX_VALUE, _MIN_VALUE = 4, 1, 3, 12, 5, 6
_DEEPEST = 32

Extremes = tuple[bytes, bytes]
"""The least and the greatest value, as they are stored."""


def column_extremes(end: bytes) -> list[list[Extremes | None]] | None:
    """Of each column of each row group, by a file's last bytes; None when they do not hold its whole footer."""
    size = footer_bytes(end)
    if size is None or size > len(end):
        return None
    try:
        footer = _Reader(end[-size:-8]).struct()
        return [[_extremes(column) for column in group.get(_COLUMNS, ())] for group in footer.get(_ROW_GROUPS, ())]
    except (IndexError, ValueError, TypeError, AttributeError, struct.error):
        return None  # it is no footer, or a damaged one


def _extremes(column: Mapping[int, Any]) -> Extremes | None:
    statistics = column.get(_META_DATA, {}).get(_STATISTICS, {})
    least, greatest = statistics.get(_MIN_VALUE), statistics.get(_MAX_VALUE)
    return (least, greatest) if isinstance(least, bytes) and isinstance(greatest, bytes) else None


class _Reader:
    """Structs as values by field number, lists as lists, texts as bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._depth = 0

    def struct(self) -> dict[int, Any]:
        """Raises: IndexError, ValueError for what is none."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            found[number] = head & 15 == 1 if head & 15 in (1, 2) else self._value(head & 15)
        self._depth -= 1
        return found

    def _byte(self) -> int:
        found = self._content[self._at]
        self._at += 1
        return found

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _integer(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _taken(self, length: int) -> bytes:
        if self._at + length > len(self._content):
            raise IndexError
        self._at += length
        return self._content[self._at - length : self._at]

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2 | 3:  # of a list: a byte each
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return struct.unpack("<d", self._taken(8))[0]
            case 8:
                return self._taken(self._unsigned())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._unsigned()
                return [self._value(head & 15) for _ in range(count)]
            case 11:
                count = self._unsigned()
                kinds = self._byte() if count else 0
                return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(count)]
            case 12:
                return self.struct()
        raise ValueError(f"no type {kind}")
