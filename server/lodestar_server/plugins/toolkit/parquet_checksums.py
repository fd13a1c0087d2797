"""Checksums of Parquet pages, for readers that do not look at them.

A page's header may have a CRC of the bytes after it (ours always has). DuckDB does not compare them; what comes over a
network is compared here, before DuckDB sees it. Footers have no checksum. Source: the Parquet format, PageHeader in
Thrift's compact protocol.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from io import BytesIO
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.spi.values import frozen

_MAGIC = b"PAR1"
_TAIL_BYTES = 8
_COMPRESSED_SIZE_FIELD, _CRC_FIELD = 3, 4
_I32 = 5
_BOOLEANS = (1, 2)
"""Types by their numbers: 1, 2 boolean, 3 byte, 4 to 6 integers, 7 double, 8 binary, 9 list, 10 set, 11 map,
12 struct."""


class WrongChecksum(Exception):
    """A page is not what was written."""


@frozen
class ColumnChunks:
    """Where the chunks of a file are: starts in ascending order, and ends (exclusive), in bytes."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def check(self, start: int, content: bytes) -> None:
        """Compare the pages of all chunks that lie in `content`, which begins at `start`. Raises: WrongChecksum."""
        end = start + len(content)
        for place in range(bisect_left(self.starts, start), len(self.starts)):
            if self.starts[place] >= end:
                break
            if self.ends[place] <= end:
                _check_pages(memoryview(content)[self.starts[place] - start : self.ends[place] - start])


def footer_bytes(end: bytes) -> int | None:
    """How many of a file's last bytes its footer has, by at least 8 of them; None when it is no Parquet."""
    if len(end) < _TAIL_BYTES or end[-4:] != _MAGIC:
        return None
    size: int = struct.unpack("<I", end[-8:-4])[0]
    return size + _TAIL_BYTES


def column_chunks(end: bytes) -> ColumnChunks | None:
    """The chunks of a file whose last bytes hold the whole footer; None when they cannot be told."""
    size = footer_bytes(end)
    if size is None or size > len(end):
        return None
    try:
        footer = pq.read_metadata(BytesIO(_MAGIC + end[-size:]))
    except (pa.ArrowException, OSError):
        return None  # The reader of the file will say so.
    found = []
    for group in range(footer.num_row_groups):
        row_group = footer.row_group(group)
        for place in range(row_group.num_columns):
            column = row_group.column(place)
            first = column.data_page_offset
            if column.has_dictionary_page and 0 < column.dictionary_page_offset < first:
                first = column.dictionary_page_offset
            found.append((first, first + column.total_compressed_size))
    found.sort()
    return ColumnChunks(tuple(first for first, _ in found), tuple(last for _, last in found))


def _check_pages(chunk: memoryview) -> None:
    at = 0
    while at < len(chunk):
        try:
            header = PageHeader(chunk, at)
        except (IndexError, struct.error):
            raise WrongChecksum("a page has no readable header") from None
        body = chunk[header.end : header.end + header.size]
        if header.size < 0 or len(body) != header.size:
            raise WrongChecksum("a page is longer than its column")
        if header.crc is not None and crc32(body) != header.crc & 0xFFFF_FFFF:
            raise WrongChecksum("a page has another checksum")
        at = header.end + header.size


class PageHeader:
    """A page header at a place: its end, the size of what follows, its checksum."""

    __slots__ = ("_at", "_bytes", "crc", "end", "size")

    def __init__(self, content: memoryview, at: int) -> None:
        self._bytes = content
        self._at = at
        self.size = -1
        self.crc: int | None = None
        number = 0
        while kind := self._field():
            number = number + (kind >> 4) if kind >> 4 else self._integer()
            if kind & 15 == _I32:
                value = self._integer()
                if number == _COMPRESSED_SIZE_FIELD:
                    self.size = value
                elif number == _CRC_FIELD:
                    self.crc = value
            else:
                self._skip(kind & 15)
        self.end = self._at

    def _field(self) -> int:
        found = self._bytes[self._at]
        self._at += 1
        return found

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._field()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, kind: int) -> None:
        match kind:
            case 1 | 2:
                pass
            case 3:
                self._at += 1
            case 4 | 5 | 6:
                self._varint()
            case 7:
                self._at += 8
            case 8:
                length = self._varint()  # moves the place itself
                self._at += length
            case 9 | 10:
                self._skip_list()
            case 11:
                self._skip_map()
            case 12:
                while inner := self._field():
                    if not inner >> 4:
                        self._varint()
                    self._skip(inner & 15)
            case _:
                raise IndexError

    def _skip_list(self) -> None:
        head = self._field()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        for _ in range(count):
            self._skip_value(head & 15)

    def _skip_map(self) -> None:
        count = self._varint()
        if count:
            kinds = self._field()
            for _ in range(count):
                self._skip_value(kinds >> 4)
                self._skip_value(kinds & 15)

    def _skip_value(self, kind: int) -> None:
        """Inside of a list a boolean is a byte."""
        if kind in _BOOLEANS:
            self._at += 1
        else:
            self._skip(kind)
