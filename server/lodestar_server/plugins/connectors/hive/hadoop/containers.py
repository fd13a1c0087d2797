"""What Hadoop's containers have in common: numbers of variable length, a header, sync marks, codecs by class name.

Source: the formats as Hadoop's SequenceFile, Hive's RCFile and Trino's readers of both describe them.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import BinaryIO

from lodestar_server.plugins.connectors.hive.lines.compression import open_decompressed

SYNC_MARK = -1
_SYNC_BYTES = 16
_INT = struct.Struct(">i")
_CODECS = {
    "GzipCodec": "gz",
    "DefaultCodec": "deflate",
    "DeflateCodec": "deflate",
    "SnappyCodec": "snappy",
    "Lz4Codec": "lz4",
    "ZStandardCodec": "zst",
    "BZip2Codec": "bz2",
}

Decompress = Callable[[bytes], bytes]


class CorruptFile(ValueError):
    """What is there is not what the format says."""


class Reader:
    """Values from the begin of a stream on. Raises: EOFError where it ends too early."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        if size < 0:
            raise CorruptFile(f"negative length: {size}")
        content = self._stream.read(size)
        if len(content) != size:
            raise EOFError("the file ends too early")
        return content

    def skip(self, size: int) -> None:
        """Leave bytes out."""
        self.exactly(size)

    def int32(self) -> int:
        """Four bytes, the highest first."""
        found: int = _INT.unpack(self.exactly(_INT.size))[0]
        return found

    def int32_or_end(self) -> int | None:
        """None at the end of the stream."""
        head = self._stream.read(1)
        if not head:
            return None
        found: int = _INT.unpack(head + self.exactly(_INT.size - 1))[0]
        return found

    def flag(self) -> bool:
        """One byte."""
        return self.exactly(1) != b"\0"

    def number(self) -> int:
        """A number of one to nine bytes."""
        first = self.exactly(1)[0]
        size = number_size(first)
        return first_number(bytes([first]) + self.exactly(size - 1))

    def text(self) -> str:
        """Its length, and the bytes."""
        return self.exactly(self.number()).decode()

    def metadata(self) -> dict[str, str]:
        """Pairs of texts."""
        return {self.text(): self.text() for _ in range(self.int32())}

    def sync(self) -> bytes:
        """The mark that is found again between parts of the file."""
        return self.exactly(_SYNC_BYTES)

    def check_sync(self, sync: bytes) -> None:
        """Raises: CorruptFile."""
        if self.sync() != sync:
            raise CorruptFile("a sync mark is not that of the file")


def number_size(first: int) -> int:
    """How many bytes a number has whose first one is this."""
    signed = first - 256 if first > 127 else first
    if signed >= -112:
        return 1
    return 1 - (signed + 120 if signed < -120 else signed + 112)


def first_number(content: bytes | memoryview, at: int = 0) -> int:
    """The number at a place."""
    first = content[at]
    signed = first - 256 if first > 127 else first
    if signed >= -112:
        return signed
    size = number_size(first)
    value = int.from_bytes(content[at + 1 : at + size], "big")
    return ~value if signed < -120 else value


def decompressor(class_name: str) -> Decompress:
    """By the name of a Java class. Raises: CorruptFile for one that is not known."""
    extension = _CODECS.get(class_name.rpartition(".")[2])
    if extension is None:
        raise CorruptFile(f"unknown codec: {class_name}")

    def decompress(content: bytes) -> bytes:
        with open_decompressed(io.BytesIO(content), f"x.{extension}") as stream:
            return stream.read()

    return decompress
