"""Sequence files and RCFiles of Trino are read; what is cut off or something else is an error; none is written."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hadoop_files import FILES
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive

from lodestar_server.plugins.connectors.hive.hadoop.containers import first_number, number_size
from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.text import parse_type

COLUMNS = {
    "a": "boolean",
    "b": "tinyint",
    "c": "smallint",
    "d": "integer",
    "e": "bigint",
    "f": "real",
    "g": "double",
    "h": "decimal(25,3)",
    "i": "varchar",
    "j": "varchar(3)",
    "k": "char(3)",
    "l": "varbinary",
    "m": "date",
    "n": "timestamp(3)",
    "o": "array(integer)",
    "p": "map(varchar, bigint)",
    "q": "row(x integer, y row(z varchar, w array(date)))",
}
MILLIS = 10**9
FIRST = (
    True,
    1,
    300,
    70_000,
    -5 * 10**9,
    1.5,
    2.25,
    -12_345_678_901_234_567_890_125,
    "żółw",
    "abc",
    "x",
    b"\0\xff\x01",
)
SECOND = (False, -1, -300, -5, 0, 0.0, -1e300, 1, "", "", "", b"\x01", -25_567, -2_208_988_799_999 * MILLIS)
NESTED = ((1, None, 300), (("k", 1), ("j", None)), (7, ("z", (-1,))))
ROWS = [
    (*FIRST, 19_782, 1_709_210_096_789 * MILLIS, *NESTED),
    (*SECOND, (), (), (None, None)),
    (None,) * 17,
]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


def create(harness: Harness, root: Path, form: str, content: bytes, columns: dict[str, str]) -> None:
    (root / "files").mkdir()
    (root / "files" / "f").write_bytes(content)
    typed = [(name, parse_type(text)) for name, text in columns.items()]
    with harness.statement() as on:
        made = table("default", "t", typed, format=form, external_location="local:///files")
        on.metadata.create_table(on.session, made, SaveMode.FAIL)


def read(harness: Harness, names: list[str] | None = None) -> list[tuple[Any, ...]]:
    with harness.statement() as on:
        return on.rows("default", "t", names)


@pytest.mark.parametrize(("form", "codec"), sorted(FILES))
def test_files_of_trino(harness: Harness, tmp_path: Path, form: str, codec: str) -> None:
    create(harness, tmp_path, form, base64.b64decode(FILES[form, codec]), {**COLUMNS, "later": "bigint"})
    assert read(harness) == [(*row, None) for row in ROWS]
    assert read(harness, ["m", "c"]) == [(row[12], row[2]) for row in ROWS]
    assert read(harness, []) == [(), (), ()]


@pytest.mark.parametrize("form", ["RCBINARY", "RCTEXT", "SEQUENCEFILE"])
@pytest.mark.parametrize("cut", [0, 2, 40, -3])
def test_broken_files(harness: Harness, tmp_path: Path, form: str, cut: int) -> None:
    whole = base64.b64decode(FILES[form, "NONE"])
    create(harness, tmp_path, form, whole[:cut] or b"something else", COLUMNS)
    with pytest.raises(LodestarError) as caught:
        read(harness)
    assert caught.value.code.name == "HIVE_BAD_DATA"


@pytest.mark.parametrize("form", ["RCBINARY", "RCTEXT", "SEQUENCEFILE"])
def test_not_written(harness: Harness, form: str) -> None:
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        on.create_with_rows(table("default", "t", [("a", parse_type("bigint"))], format=form), [(1,)])
    assert (caught.value.code.name, caught.value.message) == (
        "NOT_SUPPORTED",
        f"Writing to Hive tables in {form} format is not supported",
    )


@pytest.mark.parametrize(
    ("content", "value"),
    [(b"\x05", 5), (b"\x90", -112), (b"\x8f\x80", 128), (b"\x87\x80", -129), (b"\x8c\x01\0\0\0", 2**24)],
)
def test_numbers_of_variable_length(content: bytes, value: int) -> None:
    assert (first_number(content), number_size(content[0])) == (value, len(content))
