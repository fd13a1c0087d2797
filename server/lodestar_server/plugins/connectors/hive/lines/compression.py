"""Text files under compression: which one a file's name tells, and Hadoop's block form of Snappy and LZ4."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.toolkit.files import name_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CANNOT_OPEN_SPLIT
from lodestar_server.spi.errors import LodestarError

_BLOCK_BYTES = 256 << 10
_GZIP_LEVEL = 1
_LENGTH = struct.Struct(">I")

EXTENSIONS: Mapping[CompressionCodec, str] = {
    CompressionCodec.NONE: "",
    CompressionCodec.SNAPPY: ".snappy",
    CompressionCodec.LZ4: ".lz4",
    CompressionCodec.ZSTD: ".zst",
    CompressionCodec.GZIP: ".gz",
}
"""What the names of written text files end with."""


class _Reader(io.RawIOBase):
    """A stream of blocks from a function that gives b"" at the end."""

    def __init__(self, next_block: Callable[[], bytes], source: BinaryIO) -> None:
        self._next = next_block
        self._source = source
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, into: object) -> int:
        """As the base class wants it."""
        if not self._rest:
            self._rest = self._next()
        view = memoryview(cast(bytearray, into))
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        """The source as well."""
        self._source.close()
        super().close()


def hadoop_blocks(source: BinaryIO, decompress: Callable[[bytes, int], bytes]) -> Callable[[], bytes]:
    """Blocks of [length] ([compressed length] [chunk])…, the lengths in four bytes, the highest first."""

    def exactly(size: int) -> bytes:
        content = source.read(size)
        if len(content) != size:
            raise EOFError("the file ends inside a block")
        return content

    def next_block() -> bytes:
        head = source.read(_LENGTH.size)
        if not head:
            return b""
        if len(head) != _LENGTH.size:
            raise EOFError("the file ends inside a block")
        left = _LENGTH.unpack(head)[0]
        made = []
        while left:
            chunk = decompress(exactly(_LENGTH.unpack(exactly(_LENGTH.size))[0]), left)
            made.append(chunk)
            left -= len(chunk)
        return b"".join(made) or next_block()

    return next_block


def _snappy(chunk: bytes, most: int) -> bytes:
    size = shift = 0
    for byte in chunk:
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return bytes(pa.Codec("snappy").decompress(chunk, decompressed_size=size))


def _lz4(chunk: bytes, most: int) -> bytes:
    import lz4.block

    return bytes(lz4.block.decompress(chunk, uncompressed_size=most))


def _inflate(source: BinaryIO) -> Callable[[], bytes]:
    machine = zlib.decompressobj()

    def next_block() -> bytes:
        while block := source.read(_BLOCK_BYTES):
            made = machine.decompress(block)
            if made:
                return made
        return machine.flush()

    return next_block


def _zstd(source: BinaryIO) -> BinaryIO:
    import zstandard

    return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(source, read_across_frames=True))


_OPENERS: Mapping[str, Callable[[BinaryIO], BinaryIO]] = {
    "gz": lambda source: cast(BinaryIO, gzip.GzipFile(fileobj=source)),
    "bz2": lambda source: cast(BinaryIO, bz2.BZ2File(source)),
    "zst": _zstd,
    "deflate": lambda source: cast(BinaryIO, io.BufferedReader(_Reader(_inflate(source), source), _BLOCK_BYTES)),
    "snappy": lambda source: cast(
        BinaryIO, io.BufferedReader(_Reader(hadoop_blocks(source, _snappy), source), _BLOCK_BYTES)
    ),
    "lz4": lambda source: cast(BinaryIO, io.BufferedReader(_Reader(hadoop_blocks(source, _lz4), source), _BLOCK_BYTES)),
}


def open_decompressed(source: BinaryIO, location: str) -> BinaryIO:
    """The text of a file. Raises: HIVE_CANNOT_OPEN_SPLIT for a compression that is known but not read."""
    extension = name_of(location).rpartition(".")[2] if "." in name_of(location) else ""
    if extension in ("lzo", "lzo_deflate"):
        raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, f"Compression {extension} is not supported: {location}")
    opener = _OPENERS.get(extension)
    return source if opener is None else opener(source)


class _HadoopWriter(io.RawIOBase):
    """Collects what is written and hands it on as blocks."""

    def __init__(self, target: BinaryIO, compress: Callable[[bytes], bytes]) -> None:
        self._target = target
        self._compress = compress
        self._pending = bytearray()

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, content: object) -> int:
        """Everything is taken."""
        self._pending += cast(bytes, content)
        while len(self._pending) >= _BLOCK_BYTES:
            self._block(bytes(self._pending[:_BLOCK_BYTES]))
            del self._pending[:_BLOCK_BYTES]
        return len(cast(bytes, content))

    def _block(self, content: bytes) -> None:
        chunk = self._compress(content)
        self._target.write(_LENGTH.pack(len(content)) + _LENGTH.pack(len(chunk)) + chunk)

    def close(self) -> None:
        """The last block; the target stays open."""
        if not self.closed:
            if self._pending:
                self._block(bytes(self._pending))
            super().close()


def _lz4_block(content: bytes) -> bytes:
    import lz4.block

    return bytes(lz4.block.compress(content, store_size=False))


def open_compressed(target: BinaryIO, codec: CompressionCodec) -> BinaryIO | None:
    """A stream that compresses into `target` and does not close it; None for no compression."""
    match codec:
        case CompressionCodec.GZIP:
            return cast(BinaryIO, gzip.GzipFile(fileobj=target, mode="wb", compresslevel=_GZIP_LEVEL, mtime=0))
        case CompressionCodec.ZSTD:
            import zstandard

            return cast(BinaryIO, zstandard.ZstdCompressor().stream_writer(target, closefd=False))
        case CompressionCodec.SNAPPY:
            return cast(BinaryIO, _HadoopWriter(target, lambda content: bytes(pa.Codec("snappy").compress(content))))
        case CompressionCodec.LZ4:
            return cast(BinaryIO, _HadoopWriter(target, _lz4_block))
    return None
