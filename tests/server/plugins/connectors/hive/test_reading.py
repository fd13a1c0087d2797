"""Files of others: by name, in other types, with other writers, broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive

from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.text import parse_type

SECOND = 10**12
MOMENT = datetime(2024, 2, 29, 12, 30, 45, 123_456)
MOMENT_MICROS = 1_709_209_845_123_456


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


def external(harness: Harness, columns: dict[str, str], form: str = "PARQUET") -> None:
    typed: list[tuple[str, Type]] = [(name, parse_type(text)) for name, text in columns.items()]
    with harness.statement() as on:
        definition = table("default", "t", typed, format=form, external_location="local:///files")
        on.metadata.create_table(on.session, definition, _fail())


def _fail() -> Any:
    from lodestar_server.spi.connector import SaveMode

    return SaveMode.FAIL


def read(harness: Harness, names: list[str] | None = None, **properties: Any) -> list[tuple[Any, ...]]:
    with harness.statement(**properties) as on:
        return on.rows("default", "t", names)


def fails(harness: Harness, names: list[str] | None = None, **properties: Any) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        read(harness, names, **properties)
    return caught.value.code.name, caught.value.message


def test_all_types_of_pyarrow(harness: Harness, files: Path) -> None:
    made = pa.table(
        {
            "a": pa.array([1, None], pa.int32()),
            "b": pa.array([2**62, None]),
            "c": pa.array([0.5, None], pa.float32()),
            "d": pa.array([Decimal("1.50"), None], pa.decimal128(5, 2)),
            "e": pa.array(["żółw", None]),
            "f": pa.array([b"\0\xff", None]),
            "g": pa.array([date(2024, 2, 29), None]),
            "h": pa.array([MOMENT, None], pa.timestamp("us")),
            "i": pa.array([True, None]),
            "j": pa.array([[1, None], None], pa.list_(pa.int64())),
            "k": pa.array([[("x", 1)], None], pa.map_(pa.string(), pa.int64())),
            "l": pa.array([{"x": 1, "y": "z"}, None]),
        }
    )
    pq.write_table(made, files / "one")
    columns = {
        "a": "integer",
        "b": "bigint",
        "c": "real",
        "d": "decimal(5,2)",
        "e": "varchar",
        "f": "varbinary",
        "g": "date",
        "h": "timestamp(3)",
        "i": "boolean",
        "j": "array(bigint)",
        "k": "map(varchar, bigint)",
        "l": "row(x bigint, y varchar)",
    }
    external(harness, columns)
    first = (1, 2**62, 0.5, 150, "żółw", b"\0\xff", 19_782, MOMENT_MICROS // 1000 * 10**9, True)
    assert read(harness) == [(*first, (1, None), (("x", 1),), (1, "z")), (None,) * 12]
    assert read(harness, []) == [(), ()]
    assert read(harness, ["l", "a"]) == [((1, "z"), 1), (None, None)]


def test_files_of_duckdb(harness: Harness, files: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT i::INTEGER AS a, i::VARCHAR AS b, [i, NULL] AS c, {'x': i} AS d, "
            "MAP {'k': i} AS e, (i / 4)::DECIMAL(18,3) AS f, TIMESTAMP '2024-02-29 12:30:45.123456' AS g "
            f"FROM range(3) r(i)) TO '{files}/one.parquet' (FORMAT PARQUET)"
        )
    columns = {
        "a": "integer",
        "b": "varchar",
        "c": "array(bigint)",
        "d": "row(x bigint)",
        "e": "map(varchar, bigint)",
        "f": "decimal(18,3)",
        "g": "timestamp(6)",
    }
    with pytest.raises(LodestarError, match="Incorrect timestamp precision"):
        external(harness, columns)
    external(harness, columns | {"g": "timestamp(3)"})
    rows = read(harness, timestamp_precision="MICROSECONDS")
    assert rows == [(i, str(i), (i, None), (i,), (("k", i),), i * 250, MOMENT_MICROS * 1_000_000) for i in range(3)]


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        ("MILLISECONDS", 1_709_209_845_123 * 10**9),
        ("MICROSECONDS", 1_709_209_845_123_457 * 10**6),
        ("NANOSECONDS", 1_709_209_845_123_456_789 * 10**3),
    ],
)
def test_int96(harness: Harness, files: Path, precision: str, expected: int) -> None:
    nanos = pa.array([1_709_209_845_123_456_789, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"a": nanos}), files / "one", use_deprecated_int96_timestamps=True)
    external(harness, {"a": "timestamp(3)"})
    assert read(harness, timestamp_precision=precision) == [(expected,), (None,)]


@pytest.mark.parametrize("precision", ["MILLISECONDS", "MICROSECONDS", "NANOSECONDS"])
def test_int96_of_any_year(harness: Harness, files: Path, precision: str) -> None:
    micros = [datetime(year, 1, 2, 3, 4, 5, 678_000) for year in (1000, 1969, 2300, 9999)]
    made = pa.table({"a": pa.array([*micros, None], pa.timestamp("us"))})
    pq.write_table(made, files / "one", use_deprecated_int96_timestamps=True)
    external(harness, {"a": "timestamp(3)"})
    expected = [(pa.scalar(one, pa.timestamp("us")).value * 10**6,) for one in micros]
    assert read(harness, timestamp_precision=precision) == [*expected, (None,)]


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("2024-02-29 12:30:45.1235", 1_709_209_845_124),
        ("2024-02-29 12:30:45.1234", 1_709_209_845_123),
        ("1969-12-31 23:59:59.9995", 0),
        ("1969-12-31 23:59:59.9994", -1),
    ],
)
def test_timestamps_are_rounded_half_up(harness: Harness, files: Path, text: str, millis: int) -> None:
    values = pa.array([datetime.fromisoformat(text)], pa.timestamp("us"))
    pq.write_table(pa.table({"a": values}), files / "one")
    external(harness, {"a": "timestamp(3)"})
    assert read(harness) == [(millis * 10**9,)]


COERCIONS = [
    (pa.array([-7], pa.int32()), "bigint", -7),
    (pa.array([7], pa.int64()), "integer", 7),
    (pa.array([7], pa.int32()), "double", 7.0),
    (pa.array([7], pa.int32()), "decimal(10,2)", 700),
    (pa.array([7], pa.int64()), "varchar", "7"),
    (pa.array([0.5], pa.float32()), "double", 0.5),
    (pa.array([1e10]), "varchar", "1.0E10"),
    (pa.array([Decimal("1.25")]), "decimal(10,1)", 13),
    (pa.array([Decimal("-1.25")]), "decimal(10,1)", -13),
    (pa.array([Decimal("1.25")]), "varchar", "1.25"),
    (pa.array(["abcdef"]), "varchar(3)", "abc"),
    (pa.array(["ab  "]), "char(5)", "ab"),
    (pa.array(["ab"]), "varbinary", b"ab"),
    (pa.array([b"ab"]), "varchar", "ab"),
    (pa.array([MOMENT], pa.timestamp("us")), "varchar", "2024-02-29 12:30:45.123456"),
    (pa.array([{"X": 1, "Y": "z"}]), "row(y varchar, n integer, x bigint)", ("z", None, 1)),
    (pa.array([[1]], pa.list_(pa.int32())), "array(bigint)", (1,)),
    (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())), "map(varchar, bigint)", (("k", 1),)),
]


@pytest.mark.parametrize(("values", "wanted", "expected"), COERCIONS, ids=lambda one: str(getattr(one, "type", one)))
def test_other_types_in_the_file(harness: Harness, files: Path, values: pa.Array, wanted: str, expected: Any) -> None:
    pq.write_table(pa.table({"a": values}), files / "one")
    external(harness, {"a": wanted})
    assert read(harness) == [(expected,)]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array(["x"]), "integer"),
        (pa.array([1.5]), "bigint"),
        (pa.array([1.5]), "real"),
        (pa.array([1]), "boolean"),
        (pa.array([1], pa.int32()), "date"),
        (pa.array([1], pa.int32()), "real"),
        (pa.array([True]), "varchar"),
        (pa.array([[1]], pa.list_(pa.field("element", pa.int64()))), "bigint"),
        (pa.array([{"x": 1}]), "array(bigint)"),
        (pa.array([{"x": "a"}]), "row(x bigint)"),
    ],
    ids=str,
)
def test_types_that_do_not_fit(harness: Harness, files: Path, values: pa.Array, wanted: str) -> None:
    pq.write_table(pa.table({"a": values}), files / "one")
    external(harness, {"a": wanted})
    assert fails(harness) == (
        "NOT_SUPPORTED",
        f"Unsupported Trino column type ({wanted}) for Parquet column ([a] {values.type})",
    )


def test_values_that_do_not_fit(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([{"x": 2**40}])}), files / "one")
    external(harness, {"a": "row(x integer)"})
    code, message = fails(harness)
    assert code == "HIVE_BAD_DATA"
    assert message.startswith("Value in file does not fit")


def test_columns_go_by_name(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"B": [1], "extra": [0], "a": ["x"]}), files / "one")
    pq.write_table(pa.table({"A": ["y"]}), files / "two")
    external(harness, {"a": "varchar", "b": "bigint", "c": "double"})
    assert read(harness) == [("x", 1, None), ("y", None, None)]


def test_columns_may_go_by_place(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"x": [1], "y": ["z"]}), files / "one")
    external(harness, {"a": "bigint", "b": "varchar", "c": "double"})
    assert read(harness, parquet_use_column_names=False) == [(1, "z", None)]
    assert read(harness) == [(None, None, None)]


def test_files_of_one_shape_are_one_scan(harness: Harness, files: Path) -> None:
    for i in range(3):
        pq.write_table(pa.table({"a": [i]}), files / f"same{i}")
    pq.write_table(pa.table({"a": pa.array([9], pa.int32())}), files / "other")
    external(harness, {"a": "bigint"})
    with harness.statement() as on:
        source, _ = on.source(on.require("default", "t"))
        assert not isinstance(source, PageSource)
        assert sorted(len(scan.slices) for scan in source) == [1, 3]
    assert sorted(read(harness)) == [(0,), (1,), (2,), (9,)]


def test_what_is_not_data(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), files / "one")
    for name in ("_SUCCESS", ".hidden", "empty"):
        (files / name).write_bytes(b"" if name == "empty" else b"x")
    (files / "below").mkdir()
    pq.write_table(pa.table({"a": [2]}), files / "below" / "two")
    external(harness, {"a": "bigint"})
    assert read(harness) == [(1,)]


def test_directories_below_when_told_so(tmp_path: Path, files: Path) -> None:
    harness = hive(tmp_path, **{"hive.recursive-directories": "true"})
    (files / "below").mkdir()
    pq.write_table(pa.table({"a": [2]}), files / "below" / "two")
    external(harness, {"a": "bigint"})
    assert read(harness) == [(2,)]
    harness.connector.shutdown()


def test_hidden_columns(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), files / "one")
    status = (files / "one").stat()
    external(harness, {"a": "bigint"})
    moment = (status.st_mtime_ns // 10**6 * 10**9, "UTC")
    wanted = ["$path", "$file_size", "$file_modified_time", "a"]
    assert read(harness, wanted) == [("local:///files/one", status.st_size, moment, 1)]
    assert read(harness, ["$path"]) == [("local:///files/one",)]


@pytest.mark.parametrize("content", [b"PAR1 is not enough", b"x" * 100])
def test_files_that_are_broken(harness: Harness, files: Path, content: bytes) -> None:
    (files / "one").write_bytes(content)
    external(harness, {"a": "bigint"})
    code, message = fails(harness)
    assert code == "HIVE_BAD_DATA"
    assert message.startswith(f"Invalid Parquet file local:///files/one ({len(content)} bytes): ")


def test_a_file_that_changes_is_read_anew(harness: Harness, files: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), files / "one")
    external(harness, {"a": "bigint"})
    assert read(harness) == [(1,)]
    pq.write_table(pa.table({"a": ["text"]}), files / "one")
    assert fails(harness)[0] == "NOT_SUPPORTED"


def test_orc_of_others(harness: Harness, files: Path) -> None:
    made = pa.table({"A": pa.array([1, None], pa.int32()), "b": [[{"x": "y"}], None], "c": pa.array([MOMENT] * 2)})
    orc.write_table(made, files / "one")
    external(harness, {"a": "integer", "b": "array(row(x varchar))", "c": "timestamp(3)"}, "ORC")
    millis = MOMENT_MICROS // 1000 * 10**9
    assert read(harness) == [(1, (("y",),), millis), (None, None, millis)]
    assert read(harness, []) == [(), ()]
    assert read(harness, ["a"], orc_use_column_names=False) == [(1,), (None,)]
