"""Prepared statements in headers: plain, or `$zstd:` and the base64url of a zstd frame."""

from __future__ import annotations

import base64
import binascii

from lodestar_server.protocol.failure import bad_request

PREFIX = "$zstd:"
MAX_STATEMENT_BYTES = 4_000_000


def decompress_statement(value: str, header: str) -> str:
    """The SQL of a header's value. Raises: RequestFault(400) for a frame that cannot be read."""
    if not value.startswith(PREFIX):
        return value
    import zstandard  # only clients with long statements need it

    text = value[len(PREFIX) :]
    try:
        frame = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        decoder = zstandard.ZstdDecompressor()
        size = zstandard.frame_content_size(frame)
        if not 0 <= size <= MAX_STATEMENT_BYTES:
            raise bad_request(f"Invalid {header} header: a compressed statement must tell its size, at most 4 MB")
        return decoder.decompress(frame).decode("utf-8", "replace")
    except (binascii.Error, zstandard.ZstdError, ValueError):
        raise bad_request(f"Invalid {header} header: a compressed statement cannot be read") from None


def compress_statement(sql: str, shortest: int, least_gain: int) -> str:
    """The value to send: compressed when `sql` has at least `shortest` characters and that saves `least_gain`."""
    if len(sql) < shortest:
        return sql
    import zstandard

    packed = PREFIX + base64.urlsafe_b64encode(zstandard.ZstdCompressor().compress(sql.encode())).decode()
    return packed if len(sql) - len(packed) >= least_gain else sql
