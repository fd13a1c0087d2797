"""Encodings of segments: what can be offered to a server, and how bytes become JSON rows or stay an Arrow stream."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lodestar.errors import NotSupportedError, TransportError
from lodestar.protocol.documents import Segment, load_json


@dataclass(frozen=True, slots=True)
class Encoding:
    """`arrow`: the bytes are an Arrow IPC stream, else JSON rows. `module` is what decompressing takes.

    `decompress` takes the bytes and the exact length of what comes out.
    """

    name: str
    arrow: bool
    module: str | None = None
    decompress: Callable[[bytes | bytearray, int], bytes] | None = None


def _zstd(data: bytes | bytearray, size: int) -> bytes:
    zstandard: Any = importlib.import_module("zstandard")
    return bytes(zstandard.ZstdDecompressor().decompress(data, max_output_size=size))


def _lz4(data: bytes | bytearray, size: int) -> bytes:
    block: Any = importlib.import_module("lz4.block")
    return bytes(block.decompress(data, uncompressed_size=size))


ENCODINGS: dict[str, Encoding] = {
    one.name: one
    for one in (
        Encoding("json", arrow=False),
        Encoding("json+zstd", False, "zstandard", _zstd),
        Encoding("json+lz4", False, "lz4.block", _lz4),
        Encoding("arrow", True, "pyarrow"),
        Encoding("arrow+lz4", True, "pyarrow"),
        Encoding("arrow+zstd", True, "pyarrow"),
    )
}
"""By the id on the wire."""


def require_encoding(name: str) -> Encoding:
    """The encoding with this id. Raises: NotSupportedError when it is unknown or its library is not installed."""
    found = ENCODINGS.get(name)
    if found is None:
        raise NotSupportedError(f"Unknown encoding: {name}")
    if found.module is not None:
        try:
            importlib.import_module(found.module)
        except ImportError:
            raise NotSupportedError(f"The encoding {name} needs the package {found.module.partition('.')[0]}") from None
    return found


def read_json_segment(encoding: Encoding, segment: Segment, data: bytes | bytearray) -> list[list[Any]]:
    """The rows of a segment of JSON. Raises: TransportError when the bytes are not what the document says."""
    try:
        if segment.uncompressed_bytes is not None and encoding.decompress is not None:
            data = encoding.decompress(data, segment.uncompressed_bytes)
            if len(data) != segment.uncompressed_bytes:
                raise ValueError(len(data))
        rows = load_json(data)
    except Exception as fault:
        raise TransportError("A segment cannot be decoded") from fault
    if not isinstance(rows, list) or len(rows) != segment.row_count:
        raise TransportError("A segment does not hold the rows that it should")
    return rows
