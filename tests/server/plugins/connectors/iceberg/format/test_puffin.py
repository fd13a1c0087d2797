"""Statistics files come back as they were written."""

from __future__ import annotations

import struct

import pytest

from lodestar_server.plugins.connectors.iceberg.format.puffin import Blob, read_puffin, write_puffin


def test_blobs() -> None:
    blobs = [
        Blob("apache-datasketches-theta-v1", (1,), 7, 3, b"x" * 1000, {"ndv": "5"}),
        Blob("something", (2, 3), 7, 3, b""),
    ]
    content, footer = write_puffin(blobs, "tests")
    assert read_puffin(content) == blobs
    assert content[-footer:][:4] == content[-4:] == b"PFA1"


@pytest.mark.parametrize("content", [b"", b"PFA1", b"PAR1PAR1PAR1PAR1"])
def test_what_is_no_such_file(content: bytes) -> None:
    with pytest.raises((ValueError, KeyError, struct.error)):
        read_puffin(content)
