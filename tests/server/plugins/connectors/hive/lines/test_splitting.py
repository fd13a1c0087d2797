"""Lines and pieces of lines."""

from __future__ import annotations

import io
import itertools
import random

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.hive.lines import splitting
from lodestar_server.plugins.connectors.hive.lines.splitting import joined_lines, line_chunks, split, split_lines


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\rc\n\rd\n\n", [b"a", b"b", b"c", b"", b"d", b""]),
        (b"\n", [b""]),
        (b"\r\r\n", [b"", b""]),
    ],
)
def test_lines(data: bytes, expected: list[bytes]) -> None:
    assert split_lines(data, last=True).to_pylist() == expected


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_chunks_of_any_size(monkeypatch: pytest.MonkeyPatch, ending: bytes) -> None:
    lines = [b"x" * (i % 7) for i in range(50)]
    content = ending.join(lines) + ending
    for size in range(1, 20):
        monkeypatch.setattr(splitting, "_BLOCK_BYTES", size)
        found = [line for chunk in line_chunks(io.BytesIO(content), 0, 0) for line in chunk.to_pylist()]
        assert found == lines, size


def test_header_footer_and_byte_order_mark() -> None:
    def read(content: bytes, header: int, footer: int) -> list[bytes]:
        return [one for chunk in line_chunks(io.BytesIO(content), header, footer) for one in chunk.to_pylist()]

    assert read(b"\xef\xbb\xbfh\n1\n2\nf", 1, 1) == [b"1", b"2"]
    assert read(b"h\n", 2, 1) == []
    assert read(b"", 1, 1) == []


def by_hand(text: bytes, separator: int, escape: int | None, most: int | None) -> list[bytes]:
    parts, part, place = [], bytearray(), 0
    while place < len(text):
        byte = text[place]
        if byte == separator and (most is None or len(parts) < most):
            parts.append(bytes(part))
            part.clear()
        else:
            part.append(byte)
            if byte == escape and place + 1 < len(text):
                place += 1
                part.append(text[place])
        place += 1
    return [*parts, bytes(part)]


@pytest.mark.parametrize("escape", [None, ord("\\")])
@pytest.mark.parametrize("most", [None, 0, 1, 2])
def test_split_as_by_hand(escape: int | None, most: int | None) -> None:
    chance = random.Random(5)
    texts = [bytes(chance.choice(b"a,\\") for _ in range(chance.randrange(9))) for _ in range(300)]
    values = pa.array(texts, pa.binary()).slice(3)
    pieces = split(values, ord(","), escape=escape, most=most)
    expected = [by_hand(text, ord(","), escape, most) for text in texts[3:]]
    offsets = pieces.offsets.to_pylist()
    parts = pieces.parts.to_pylist()
    assert [parts[start:end] for start, end in itertools.pairwise(offsets)] == expected
    assert pieces.at(1).to_pylist() == [one[1] if len(one) > 1 else None for one in expected]


def test_joined() -> None:
    assert joined_lines(pa.array(["a", "", "bc"]).slice(1)) == b"\nbc\n"
