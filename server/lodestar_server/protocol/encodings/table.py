"""The encodings and their codecs. `json` is built in; compressors are imported when a client asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lodestar_server.spi.values import frozen


@frozen
class Encoding:
    """One way to hand out a segment.

    `rows` is what the segment holds before compression: `json` (an array of row arrays, UTF-8) or `arrow` (an Arrow
    IPC stream). `compress` gives the bytes on the wire, None when they are sent as they are. Arrow compresses its own
    buffers (`ipc_compression`), so that such a segment is a stream like any other.
    """

    name: str
    rows: str
    compress: Callable[[bytes], bytes] | None = None
    ipc_compression: str | None = None


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def _lz4_block(data: bytes) -> bytes:
    """A raw block without size or frame: the decoder gets the size from the segment's metadata."""
    import lz4.block

    return bytes(lz4.block.compress(data, store_size=False))


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding
    for encoding in (
        Encoding("json", "json"),
        Encoding("json+zstd", "json", _zstd),
        Encoding("json+lz4", "json", _lz4_block),
        Encoding("arrow", "arrow"),
        Encoding("arrow+lz4", "arrow", ipc_compression="lz4"),
        Encoding("arrow+zstd", "arrow", ipc_compression="zstd"),
    )
}
"""Every encoding by its id on the wire; which of them a server offers is its configuration."""


def choose_encoding(offered: str | None, supported: Sequence[str]) -> str | None:
    """The first id of a client's preference list that the server supports (ids are case-sensitive), or None."""
    if not offered or not supported:
        return None
    for name in offered.split(","):
        if name.strip() in supported:
            return name.strip()
    return None
