"""Puffin files: blobs of statistics with a footer that says what they are. Source: the Puffin specification."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import orjson
import zstandard

from lodestar_server.spi.values import frozen

_MAGIC = b"PFA1"


@frozen
class Blob:
    """One statistic of some columns."""

    type: str
    fields: tuple[int, ...]
    snapshot_id: int
    sequence_number: int
    content: bytes
    properties: Mapping[str, str] = field(default_factory=dict)


def write_puffin(blobs: Sequence[Blob], created_by: str) -> tuple[bytes, int]:
    """The file's content, and the size of its footer."""
    made = bytearray(_MAGIC)
    described = []
    compressor = zstandard.ZstdCompressor()
    for blob in blobs:
        content = compressor.compress(blob.content)
        described.append(
            {
                "type": blob.type,
                "fields": list(blob.fields),
                "snapshot-id": blob.snapshot_id,
                "sequence-number": blob.sequence_number,
                "offset": len(made),
                "length": len(content),
                "compression-codec": "zstd",
                "properties": dict(blob.properties),
            }
        )
        made += content
    payload = orjson.dumps({"blobs": described, "properties": {"created-by": created_by}})
    footer = _MAGIC + payload + struct.pack("<i", len(payload)) + b"\0\0\0\0" + _MAGIC
    return bytes(made) + footer, len(footer)


def read_puffin(content: bytes) -> list[Blob]:
    """All blobs. Raises: ValueError, KeyError, struct.error for what is no such file."""
    if content[-4:] != _MAGIC:
        raise ValueError("not a Puffin file")
    (length,) = struct.unpack("<i", content[-12:-8])
    payload = content[-12 - length : -12]
    if content[-8] & 1:
        payload = zstandard.decompress(payload)
    return [_read_blob(content, one) for one in orjson.loads(payload)["blobs"]]


def _read_blob(content: bytes, one: Mapping[str, Any]) -> Blob:
    raw = content[one["offset"] : one["offset"] + one["length"]]
    codec = one.get("compression-codec")
    if codec == "zstd":
        raw = zstandard.decompress(raw)
    elif codec is not None:
        raise ValueError(f"unknown compression of a blob: {codec}")
    return Blob(
        one["type"],
        tuple(one["fields"]),
        one["snapshot-id"],
        one["sequence-number"],
        raw,
        one.get("properties") or {},
    )
