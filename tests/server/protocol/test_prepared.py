import base64

import pytest
import zstandard

from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.prepared import compress_statement, decompress_statement

LONG = "SELECT " + ", ".join(f"column_{n}" for n in range(300))


def test_there_and_back():
    packed = compress_statement(LONG, 2048, 512)
    assert packed.startswith("$zstd:")
    assert decompress_statement(packed, "X") == LONG
    assert decompress_statement(packed.rstrip("="), "X") == LONG


def test_short_or_incompressible_statements_stay():
    assert compress_statement("SELECT 1", 2048, 512) == "SELECT 1"
    assert compress_statement(LONG, 2048, len(LONG)) == LONG
    assert decompress_statement("SELECT 1", "X") == "SELECT 1"


def test_a_bomb_is_refused_before_it_is_opened():
    frame = zstandard.ZstdCompressor().compress(b" " * 5_000_000)
    with pytest.raises(RequestFault, match="at most 4 MB"):
        decompress_statement("$zstd:" + base64.urlsafe_b64encode(frame).decode(), "X")


@pytest.mark.parametrize("value", ["$zstd:", "$zstd:!!", "$zstd:AAAA", "$zstd:KLUv_SAIQQAAU0VM"])
def test_frames_that_cannot_be_read(value):
    with pytest.raises(RequestFault) as caught:
        decompress_statement(value, "X-Trino-Prepared-Statement")
    assert caught.value.status == 400
