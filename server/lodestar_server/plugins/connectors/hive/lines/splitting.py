"""Bytes cut at delimiters without a look at single values: numpy finds the cuts, Arrow arrays hold the pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CURSOR_ERROR
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen

Numbers = np.ndarray[Any, Any]

_BLOCK_BYTES = 4 << 20
MAX_LINE_BYTES = 100 << 20
_NEWLINE, _RETURN = 10, 13
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@frozen
class Pieces:
    """The parts of some values: those of value i are `parts[starts[i] : starts[i] + counts[i]]`."""

    parts: pa.Array
    starts: Numbers
    counts: Numbers

    def at(self, index: int) -> pa.Array:
        """Of every value the part at `index`, NULL where there are not as many."""
        return self.parts.take(pa.array(self.starts + index, pa.int64(), mask=self.counts <= index))

    @property
    def offsets(self) -> pa.Array:
        """For a list of all parts of each value."""
        return pa.array(np.concatenate([[0], np.cumsum(self.counts)]), pa.int32())


def bytes_of(values: pa.Array) -> tuple[Numbers, Numbers]:
    """The bytes of binary or string values, and the n + 1 offsets of the values in them; a NULL has no bytes."""
    count = len(values)
    if values.null_count:
        values = values.fill_null(b"" if pa.types.is_binary(values.type) else "")
    _, offsets, content = values.buffers()
    where = np.frombuffer(offsets, np.int32, count + 1, values.offset * 4) if count else np.zeros(1, np.int32)
    start, end = int(where[0]), int(where[-1])
    data = np.frombuffer(content, np.uint8, end - start, start) if end > start else np.zeros(0, np.uint8)
    return data, where.astype(np.int64) - start


def binary_array(data: Numbers, offsets: Numbers) -> pa.Array:
    """The inverse, without NULLs."""
    made = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, made)


def split_lines(data: bytes, *, last: bool) -> pa.Array:
    """Lines that end with LF, CR or both; with `last` what follows the last of them is a line, too."""
    content = np.frombuffer(data, np.uint8)
    ends = content == _NEWLINE
    if b"\r" in data:
        returns = content == _RETURN
        marks = ends | returns
        # The LF of a CR LF ends no line of its own.
        ends[1:] &= ~returns[:-1]
        ends |= returns
        places = np.flatnonzero(ends)
        offsets = places - (np.cumsum(marks)[places] - 1)
    else:
        places = np.flatnonzero(ends)
        offsets = places - np.arange(len(places))
    kept = data.translate(None, b"\r\n")
    if last and data and not data.endswith((b"\r", b"\n")):
        offsets = np.append(offsets, len(kept))
    return binary_array(np.frombuffer(kept, np.uint8), np.concatenate([[0], offsets]))


def line_chunks(stream: BinaryIO, header: int, footer: int) -> Iterator[pa.Array]:
    """Lines of a file, some megabytes at a time, without those at its begin and end that do not count.

    Raises: HIVE_CURSOR_ERROR for a line that is too long.
    """
    held: pa.Array | None = None
    for lines in _all_lines(stream):
        if header:
            skipped = min(header, len(lines))
            header -= skipped
            lines = lines.slice(skipped)
        if footer:
            lines = lines if held is None else pa.concat_arrays([held, lines])
            cut = max(len(lines) - footer, 0)
            held = lines.slice(cut)
            lines = lines.slice(0, cut)
        if len(lines):
            yield lines


def _all_lines(stream: BinaryIO) -> Iterator[pa.Array]:
    rest = stream.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK)
    while block := stream.read(_BLOCK_BYTES):
        data = rest + block
        cut = data.rfind(b"\n") + 1
        if not cut:
            # A CR at the very end may be the first half of a line's end.
            cut = data.rfind(b"\r", 0, len(data) - 1) + 1
        rest = data[cut:]
        if len(rest) > MAX_LINE_BYTES:
            raise LodestarError(HIVE_CURSOR_ERROR, f"Line in text file exceeds {MAX_LINE_BYTES} bytes")
        if cut:
            yield split_lines(data[:cut], last=False)
    if rest:
        yield split_lines(rest, last=True)


def escaped_bytes(data: Numbers, offsets: Numbers, escape: int) -> Numbers | None:
    """Which bytes follow an escape that is not itself escaped; None without any escape."""
    marks = data == escape
    if not marks.any():
        return None
    places = np.flatnonzero(marks)
    owner = np.searchsorted(offsets, places, "right")
    follows = (places[1:] == places[:-1] + 1) & (owner[1:] == owner[:-1])
    first = np.concatenate([[True], ~follows])
    begin = np.maximum.accumulate(np.where(first, np.arange(len(places)), 0))
    # In a run of escapes every second one is a plain character.
    active = places[(np.arange(len(places)) - begin) % 2 == 0] + 1
    found = np.zeros(len(data) + 1, bool)
    found[active] = True
    found[offsets] = False
    return found[:-1]


def split(values: pa.Array, separator: int, *, escape: int | None = None, most: int | None = None) -> Pieces:
    """Values cut at a byte, into at most `most` + 1 parts; escapes stay in the parts."""
    data, offsets = bytes_of(values)
    cuts = data == separator
    escaped = None if escape is None else escaped_bytes(data, offsets, escape)
    if escaped is None and most is None:
        places = np.flatnonzero(cuts)
        rest = np.frombuffer(data.tobytes().translate(None, bytes([separator])), np.uint8)
        return _pieces(rest, offsets, places, places - np.arange(len(places)), 0)
    return cut(data, offsets, cuts if escaped is None else cuts & ~escaped, most=most)


def cut(
    data: Numbers, offsets: Numbers, cuts: Numbers, *, dropped: Numbers | None = None, most: int | None = None
) -> Pieces:
    """Values cut where `cuts` is set; those bytes, and the `dropped` ones, are in no part."""
    places = np.flatnonzero(cuts)
    if most is not None:
        owner = np.searchsorted(offsets, places, "right") - 1
        before = np.searchsorted(places, offsets)
        kept = np.arange(len(places)) - before[owner] < most
        places = places[kept]
        cuts = np.zeros(len(data), bool)
        cuts[places] = True
    gone = cuts if dropped is None else cuts | dropped
    total = np.concatenate([[0], np.cumsum(gone)])
    return _pieces(data[~gone], offsets, places, places - total[places], total)


def _pieces(rest: Numbers, offsets: Numbers, places: Numbers, cut_ends: Numbers, total: Numbers | int) -> Pieces:
    """`rest` is what is left of the bytes, `cut_ends` are where the cuts at `places` are in it.

    `total`: how many bytes were taken out before a place; 0: only the cuts.
    """
    count = len(offsets) - 1
    before = np.searchsorted(places, offsets)
    counts = np.diff(before)
    owner = np.repeat(np.arange(count), counts)
    ends = np.empty(len(places) + count, np.int64)
    ends[np.arange(len(places)) + owner] = cut_ends
    ends[before[1:] + np.arange(count)] = offsets[1:] - (before[1:] if isinstance(total, int) else total[offsets[1:]])
    parts = binary_array(rest, np.concatenate([[0], ends]))
    return Pieces(parts, before[:-1] + np.arange(count), counts + 1)


def joined_lines(lines: pa.Array) -> bytes:
    """With a newline behind each."""
    return content_of(
        pc.binary_join_element_wise(lines.cast(pa.binary()), b"", b"\n", null_handling="replace")
    ).tobytes()


def content_of(values: pa.Array) -> memoryview:
    """The bytes of all values, one behind the other, without a copy. A NULL has none."""
    return bytes_of(values)[0].data
