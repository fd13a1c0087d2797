import lz4.block
import pytest
import zstandard

from lodestar_server.protocol.encodings import ENCODINGS, choose_encoding

SUPPORTED = ("json+zstd", "json")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, None),
        ("", None),
        ("json+lz4", None),
        ("json+lz4,json", "json"),
        ("arrow, json+zstd,json", "json+zstd"),
        ("JSON", None),
    ],
)
def test_the_clients_order_decides(offered, chosen):
    assert choose_encoding(offered, SUPPORTED) == chosen
    assert choose_encoding(offered, ()) is None


def test_codecs():
    data = b'[[1,"a"]]' * 1000
    packed = ENCODINGS["json+lz4"].compress(data)
    assert lz4.block.decompress(packed, uncompressed_size=len(data)) == data
    assert zstandard.ZstdDecompressor().decompress(ENCODINGS["json+zstd"].compress(data)) == data
    assert ENCODINGS["json"].compress is None
