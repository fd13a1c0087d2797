"""Rows into hive tables: files, partitions, what is there already, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pyorc
import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.hive import hive, visible_files

from lodestar_server.plugins.connectors.hive import page_sink
from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle
from lodestar_server.plugins.connectors.hive.partition_split import PartitionSplitter
from lodestar_server.plugins.toolkit import sink_work
from lodestar_server.plugins.toolkit.metastore.model import SortingColumn
from lodestar_server.spi.connector import ColumnMetadata, SaveMode, TableMetadata
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import BIGINT, DATE, DOUBLE, INTEGER, VARCHAR, Type
from lodestar_server.spi.types.text import parse_type
from lodestar_server.spi.types.values import rows_to_pages

PARTS = [("id", BIGINT), ("p", VARCHAR), ("q", INTEGER)]
ROWS = [(1, "a", 1), (2, "a", 2), (3, "b", 1), (4, None, None), (5, "x/y=z", -1)]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "metastore" / "default" / "t"


@pytest.fixture
def parts(harness: Harness) -> Harness:
    """A table with partitions."""
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", PARTS, partitioned_by=("p", "q")), ROWS)
    return harness


def fails(action: Any) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        action()
    return caught.value.code.name, caught.value.message


def rows(harness: Harness, names: list[str] | None = None) -> list[tuple[Any, ...]]:
    with harness.statement() as on:
        return sorted(on.rows("default", "t", names), key=str)


def insert(harness: Harness, values: list[tuple[Any, ...]], **properties: Any) -> None:
    with harness.statement(**properties) as on:
        on.insert("default", "t", values)


@pytest.mark.parametrize(
    ("form", "codec", "compression"),
    [
        ("PARQUET", "NONE", "UNCOMPRESSED"),
        ("PARQUET", "SNAPPY", "SNAPPY"),
        ("PARQUET", "ZSTD", "ZSTD"),
        ("PARQUET", "GZIP", "GZIP"),
        ("ORC", "NONE", "UNCOMPRESSED"),
        ("ORC", "ZSTD", "ZSTD"),
        ("ORC", "LZ4", "LZ4"),
        ("ORC", "GZIP", "ZLIB"),
    ],
)
def test_files(harness: Harness, place: Path, form: str, codec: str, compression: str) -> None:
    with harness.statement(compression_codec=codec) as on:
        on.create_with_rows(table("default", "t", [("id", BIGINT)], format=form), [(i,) for i in range(100)])
    (name,) = visible_files(place)
    if form == "PARQUET":
        with pq.ParquetFile(place / name) as file:
            assert file.metadata.row_group(0).column(0).compression == compression
    else:
        assert orc.ORCFile(place / name).compression == compression
    assert rows(harness, ["id"]) == sorted([(i,) for i in range(100)], key=str)


def test_a_codec_that_parquet_does_not_have(harness: Harness) -> None:
    def create() -> None:
        with harness.statement(compression_codec="LZ4") as on:
            on.create_with_rows(table("default", "t", [("id", BIGINT)], format="PARQUET"), [(1,)])

    assert fails(create) == ("HIVE_UNSUPPORTED_FORMAT", "Compression codec LZ4 not supported for Parquet")
    with harness.statement() as on:
        assert on.metadata.find_table(on.session, SchemaTableName("default", "t")) is None


TYPES = {
    "a": "boolean",
    "b": "tinyint",
    "c": "smallint",
    "d": "integer",
    "e": "real",
    "f": "double",
    "g": "decimal(38,10)",
    "h": "varchar(5)",
    "i": "char(5)",
    "j": "varbinary",
    "k": "date",
    "l": "timestamp(3)",
    "m": "array(array(varchar))",
    "n": "map(integer, decimal(5,2))",
    "o": "row(x bigint, y row(z date))",
}
VALUES = (
    True,
    -128,
    32767,
    7,
    0.5,
    1e300,
    10**37,
    "żółw",
    "ab",
    b"\0",
    -100_000,
    -1_500 * 10**9,
    (("a", None), (), None),
    ((1, 150), (2, None)),
    (1, (0,)),
)


@pytest.mark.parametrize("form", ["PARQUET", "ORC"])
def test_all_types(harness: Harness, form: str) -> None:
    columns: list[tuple[str, Type]] = [(name, parse_type(text)) for name, text in TYPES.items()]
    empty = (None,) * len(TYPES)
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", columns, format=form), [VALUES, empty])
    assert rows(harness) == sorted([VALUES, empty], key=str)


def test_big_files_are_split(harness: Harness, place: Path) -> None:
    with harness.statement(target_max_file_size="1B") as on:
        handle = on.metadata.begin_create_table(on.session, table("default", "t", [("id", BIGINT)]), SaveMode.FAIL)
        pages = [[(i,) for i in range(start, start + 10)] for start in (0, 10, 20)]
        fragments = on.write(handle, [BIGINT], [row for page in pages for row in page])
        on.metadata.finish_create_table(on.session, handle, fragments)
    assert len(visible_files(place)) >= 1
    assert len(rows(harness)) == 30


def test_partitions(parts: Harness, place: Path) -> None:
    assert sorted({str(Path(name).parent) for name in visible_files(place)}) == [
        "p=__HIVE_DEFAULT_PARTITION__/q=__HIVE_DEFAULT_PARTITION__",
        "p=a/q=1",
        "p=a/q=2",
        "p=b/q=1",
        "p=x%2Fy%3Dz/q=-1",
    ]
    assert rows(parts) == sorted(ROWS, key=str)
    assert rows(parts, ["$partition", "id"]) == [
        ("p=__HIVE_DEFAULT_PARTITION__/q=__HIVE_DEFAULT_PARTITION__", 4),
        ("p=a/q=1", 1),
        ("p=a/q=2", 2),
        ("p=b/q=1", 3),
        ("p=x%2Fy%3Dz/q=-1", 5),
    ]


@pytest.mark.parametrize(
    ("column", "values", "ids"),
    [("p", ["a"], [1, 2]), ("q", [1], [1, 3]), ("p", ["nosuch"], []), ("p", ["a", "b"], [1, 2, 3])],
)
def test_pruning(parts: Harness, column: str, values: list[Any], ids: list[int]) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        key = on.column(handle, column)
        domain = Domain.values(VARCHAR if column == "p" else INTEGER, values)
        result = on.metadata.apply_filter(on.session, handle, TupleDomain.of({key: domain}))
        assert result is not None
        assert result.remaining == TupleDomain.all()
        splits = list(on.connector.splits(on.handle, on.session, result.handle, [], TupleDomain.all()))
        assert len(splits) == len(ids)
        assert sorted(row[0] for row in on.read(result.handle, ["id"])) == ids
        hinted = list(on.connector.splits(on.handle, on.session, handle, [], TupleDomain.of({key: domain})))
        assert len(hinted) == len(ids)


def test_null_partitions_are_found(parts: Harness) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        only = TupleDomain.of({on.column(handle, "p"): Domain.only_null(VARCHAR)})
        result = on.metadata.apply_filter(on.session, handle, only)
        assert result is not None
        assert on.read(result.handle, ["id"]) == [(4,)]


def test_predicates_on_data_are_left_to_the_engine(parts: Harness) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        domain = TupleDomain.of({on.column(handle, "id"): Domain.values(BIGINT, [1])})
        result = on.metadata.apply_filter(on.session, handle, domain)
        assert result is not None and result.remaining == domain
        assert on.metadata.apply_filter(on.session, result.handle, domain) is None


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [("APPEND", [(1, "a", 1), (9, "a", 1)]), ("OVERWRITE", [(9, "a", 1)])],
)
def test_existing_partitions(parts: Harness, behavior: str, expected: list[tuple[Any, ...]]) -> None:
    insert(parts, [(9, "a", 1), (8, "n", 0)], insert_existing_partitions_behavior=behavior)
    found = rows(parts)
    assert [row for row in found if row[1:] == ("a", 1)] == expected
    assert (8, "n", 0) in found
    assert (2, "a", 2) in found


def test_existing_partitions_may_be_forbidden(parts: Harness) -> None:
    properties = {"insert_existing_partitions_behavior": "ERROR"}
    assert fails(lambda: insert(parts, [(9, "a", 1), (8, "n", 0)], **properties)) == (
        "HIVE_PARTITION_READ_ONLY",
        "Cannot insert into an existing partition of Hive table: p=a/q=1",
    )
    assert rows(parts) == sorted(ROWS, key=str)
    insert(parts, [(8, "n", 0)], **properties)
    assert (8, "n", 0) in rows(parts)


def test_overwriting_a_table_without_partitions(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("id", BIGINT)]), [(1,)])
    insert(harness, [(2,)], insert_existing_partitions_behavior="OVERWRITE")
    assert rows(harness) == [(2,)]
    assert fails(lambda: insert(harness, [(3,)], insert_existing_partitions_behavior="ERROR")) == (
        "HIVE_TABLE_READ_ONLY",
        "Unpartitioned Hive tables are immutable",
    )


def test_too_many_partitions(tmp_path: Path) -> None:
    harness = hive(tmp_path, **{"hive.max-partitions-per-writers": "2"})

    def create() -> None:
        with harness.statement() as on:
            on.create_with_rows(table("default", "t", PARTS, partitioned_by=("p", "q")), ROWS)

    assert fails(create) == (
        "HIVE_TOO_MANY_OPEN_PARTITIONS",
        "Exceeded limit of 2 open writers for partitions/buckets",
    )
    harness.connector.shutdown()


@pytest.mark.parametrize("form", ["PARQUET", "ORC", "AVRO", "CSV"])
def test_many_pages_into_many_partitions(
    harness: Harness, place: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_sink, "_SPLIT_BYTES", 20_000)
    monkeypatch.setattr(page_sink, "_HELD_BYTES", 30_000)
    monkeypatch.setattr(sink_work, "_WORTH_A_THREAD", 0)
    kind = VARCHAR if form == "CSV" else BIGINT
    columns = [("id", kind), ("p", INTEGER)]
    # One partition has nearly all rows, another one only those of the first page.
    made = [(i, 0 if i % 7 or i > 50_000 else i % 5) for i in range(60_000)] + [(-1, 77)]
    if form == "CSV":
        made = [(str(i), p) for i, p in made]
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", columns, format=form, partitioned_by=("p",)), made)
    assert rows(harness) == sorted(made, key=str)
    files = list(visible_files(place))
    assert len(files) == len({p for _, p in made})
    with harness.statement() as on:
        figures = on.metadata.statistics(on.session, on.require("default", "t"))
    assert figures.row_count == len(made)
    if form == "PARQUET":
        groups = {name.partition("/")[0]: pq.ParquetFile(place / name).num_row_groups for name in files}
        assert groups["p=0"] > 1 and groups["p=77"] == 1


def test_distinct_values_are_counted_while_they_are_few(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_sink, "_SPLIT_BYTES", 20_000)
    monkeypatch.setattr(page_sink, "_FIGURES_BYTES", 50_000)
    columns = [("many", BIGINT), ("few", BIGINT), ("p", INTEGER)]
    with harness.statement() as on:
        values = [(i, i % 20, i % 3) for i in range(30_000)]
        on.create_with_rows(table("default", "t", columns, partitioned_by=("p",)), values)
    with harness.statement() as on:
        figures = on.metadata.statistics(on.session, on.require("default", "t"))
    counted = {getattr(column, "name", ""): one.distinct_values for column, one in figures.columns.items()}
    ranges = {getattr(column, "name", ""): one.low for column, one in figures.columns.items()}
    assert (counted["many"], counted["few"], ranges["many"]) == (None, 20, 0)


def test_values_of_one_partition_have_one_writer(harness: Harness, place: Path) -> None:
    key = HiveColumnHandle("p", VARCHAR, ColumnKind.PARTITION_KEY)
    page = pa.RecordBatch.from_arrays([pa.array([None, "", "a", None, ""])], ["p"])
    found = [(values, places.to_pylist()) for values, places in PartitionSplitter([key]).places(page)]
    assert sorted((values, sorted(places)) for values, places in found) == [
        (("__HIVE_DEFAULT_PARTITION__",), [0, 1, 3, 4]),
        (("a",), [2]),
    ]
    made = [(i, (None, "", "a")[i % 3]) for i in range(30)]
    with harness.statement() as on:
        columns = [("id", BIGINT), ("p", VARCHAR)]
        on.create_with_rows(table("default", "t", columns, format="PARQUET", partitioned_by=("p",)), made)
    assert rows(harness) == sorted([(i, p or None) for i, p in made], key=str)
    assert len(list(visible_files(place))) == 2


def test_a_fault_of_a_writer_ends_the_write(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_sink, "_SPLIT_BYTES", 1)
    monkeypatch.setattr(sink_work, "_WORTH_A_THREAD", 0)
    columns = [("d", DOUBLE), ("p", INTEGER)]

    def create() -> None:
        with harness.statement() as on:
            values = [(float("nan") if i == 7 else 1.0, i % 3) for i in range(20)]
            on.create_with_rows(table("default", "t", columns, format="JSON", partitioned_by=("p",)), values)

    assert fails(create) == ("HIVE_UNSERIALIZABLE_JSON_VALUE", "Invalid value to Insert: NaN")
    with harness.statement() as on:
        assert on.metadata.find_table(on.session, SchemaTableName("default", "t")) is None


def test_deleting_whole_partitions(parts: Harness, place: Path) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        only = TupleDomain.of({on.column(handle, "p"): Domain.values(VARCHAR, ["a"])})
        result = on.metadata.apply_filter(on.session, handle, only)
        assert result is not None
        whole = on.metadata.apply_delete(on.session, result.handle)
        assert whole is not None
        assert on.metadata.execute_delete(on.session, whole) is None
    assert [row[0] for row in rows(parts)] == [3, 4, 5]
    assert not (place / "p=a" / "q=1").exists()
    assert insert(parts, [(9, "a", 1)]) is None
    assert (9, "a", 1) in rows(parts)


def test_deleting_no_partition(parts: Harness) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        none = TupleDomain.of({on.column(handle, "p"): Domain.values(VARCHAR, ["nosuch"])})
        result = on.metadata.apply_filter(on.session, handle, none)
        assert result is not None
        assert on.metadata.execute_delete(on.session, result.handle) == 0


def test_deleting_everything(harness: Harness, place: Path) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("id", BIGINT)]), [(1,)])
    with harness.statement() as on:
        assert on.metadata.execute_delete(on.session, on.require("default", "t")) is None
    assert rows(harness) == []
    assert visible_files(place) == []
    with harness.statement() as on:
        assert on.metadata.statistics(on.session, on.require("default", "t")).row_count == 0


def test_single_rows_are_not_changed(parts: Harness) -> None:
    with parts.statement() as on:
        handle = on.require("default", "t")
        on.metadata.row_id_column(on.session, handle)
        assert fails(lambda: on.metadata.begin_row_changes(on.session, handle)) == (
            "NOT_SUPPORTED",
            "Modifying Hive table rows is only supported for transactional tables",
        )


def external(on: Any, location: str, **properties: Any) -> TableMetadata:
    return table("default", "t", [("id", BIGINT)], external_location=location, **properties)


def test_external_tables_are_not_written(harness: Harness, tmp_path: Path) -> None:
    with harness.statement() as on:
        on.metadata.create_table(on.session, external(on, "local:///ext"), SaveMode.FAIL)
    assert (tmp_path / "ext").is_dir()
    assert fails(lambda: insert(harness, [(1,)])) == (
        "NOT_SUPPORTED",
        "Cannot write to non-managed Hive table: default.t",
    )
    with harness.statement() as on:
        handle = on.require("default", "t")
        assert fails(lambda: on.metadata.execute_delete(on.session, handle)) == (
            "NOT_SUPPORTED",
            "Cannot delete from non-managed Hive table",
        )


def test_external_tables_are_written_when_allowed(tmp_path: Path) -> None:
    harness = hive(tmp_path, **{"hive.non-managed-table-writes-enabled": "true"})
    with harness.statement() as on:
        on.create_with_rows(external(on, "local:///ext"), [(1,)])
    insert(harness, [(2,)])
    assert rows(harness) == [(1,), (2,)]
    assert len(visible_files(tmp_path / "ext")) == 2
    with harness.statement() as on:
        on.metadata.drop_table(on.session, on.require("default", "t"))
    assert len(visible_files(tmp_path / "ext")) == 2
    harness.connector.shutdown()


@pytest.mark.parametrize("location", ["nonsense", "local:///a/../../b", "s3://bucket/x"])
def test_locations_that_are_none(harness: Harness, location: str) -> None:
    with harness.statement() as on:
        assert fails(lambda: on.metadata.create_table(on.session, external(on, location), SaveMode.FAIL)) == (
            "INVALID_TABLE_PROPERTY",
            f"External location is not a valid file system URI: {location}",
        )


def test_a_place_that_is_taken(harness: Harness, place: Path) -> None:
    place.mkdir(parents=True)
    (place / "file").write_text("x")

    def create() -> None:
        with harness.statement() as on:
            on.create_with_rows(table("default", "t", [("id", BIGINT)]), [(1,)])

    assert fails(create) == (
        "HIVE_PATH_ALREADY_EXISTS",
        "Target directory for table 'default.t' already exists: local:///metastore/default/t",
    )


def test_bucketed_and_sorted_tables(harness: Harness, tmp_path: Path) -> None:
    rows = [(None, "p1"), *((id_, f"p{id_ % 2}") for id_ in (5, 3, 8, 1, 2, 7, 4))]
    properties = {"bucketed_by": ("id",), "bucket_count": 3, "partitioned_by": ("p",)}
    with harness.statement() as on:
        definition = table(
            "default",
            "t",
            [("id", BIGINT), ("p", VARCHAR)],
            sorted_by=(SortingColumn("id", descending=True),),
            **properties,
        )
        on.create_with_rows(definition, rows)
    with harness.statement() as on:
        found = on.rows("default", "t", ["p", "$bucket", "id"])
        by_file: dict[Any, list[Any]] = {}
        for p, bucket, id_ in found:
            by_file.setdefault((p, bucket), []).append(id_)
            assert bucket == (id_ or 0) % 3
        assert by_file == {
            ("p0", 1): [4],
            ("p0", 2): [8, 2],
            ("p1", 0): [3, None],
            ("p1", 1): [7, 1],
            ("p1", 2): [5],
        }
    names = [Path(name).name for name in visible_files(tmp_path / "metastore" / "default" / "t")]
    assert sorted(name[:9] for name in names) == sorted(f"{bucket:06d}_0_" for _, bucket in by_file)


def test_bucketed_by_a_type_without_hash(harness: Harness) -> None:
    def create() -> None:
        with harness.statement() as on:
            properties = {"bucketed_by": ("id",), "bucket_count": 2}
            definition = table("default", "t", [("id", parse_type("decimal(5,2)"))], **properties)
            on.metadata.create_table(on.session, definition, SaveMode.FAIL)

    assert fails(create) == ("NOT_SUPPORTED", "Cannot create a table bucketed on an unsupported type")


def test_a_transaction_sees_its_own_changes(harness: Harness) -> None:
    with harness.statement(autocommit=False) as on:
        on.metadata.create_schema(on.session, "new", {}, "alice")
        on.metadata.create_table(on.session, table("new", "t", [("id", BIGINT)]), SaveMode.FAIL)
        assert on.metadata.find_table(on.session, SchemaTableName("new", "t")) is not None
        assert "new" in on.metadata.list_schema_names(on.session)
        with harness.statement() as other:
            assert other.metadata.find_table(other.session, SchemaTableName("new", "t")) is None
    with harness.statement() as on:
        assert on.metadata.find_table(on.session, SchemaTableName("new", "t")) is not None


def test_a_rolled_back_transaction(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), harness.statement(autocommit=False) as on:
        on.create_with_rows(table("default", "t", [("id", BIGINT)]), [(1,)])
        raise ZeroDivisionError
    with harness.statement() as on:
        assert on.metadata.find_table(on.session, SchemaTableName("default", "t")) is None
    assert visible_files(tmp_path / "metastore") == []


def test_written_rows_are_not_read_before_the_commit(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("id", BIGINT)]), [(1,)])
    with harness.statement(autocommit=False) as on:
        on.insert("default", "t", [(2,)])
        assert fails(lambda: on.rows("default", "t")) == (
            "NOT_SUPPORTED",
            "Cannot read from a table default.t that was modified within transaction, "
            "you need to commit the transaction first",
        )
    assert rows(harness) == [(1,), (2,)]


def test_added_columns_are_null_in_old_files(parts: Harness) -> None:
    with parts.statement() as on:
        added = ColumnMetadata("d", DATE)
        on.metadata.add_column(on.session, on.require("default", "t"), added)
    insert(parts, [(9, 0, "a", 1)])
    assert (9, 0, "a", 1) in rows(parts)
    assert (1, None, "a", 1) in rows(parts)


MOMENTS = [
    datetime(1900, 1, 1, 0, 0, 0, 999_000),
    datetime(1582, 10, 10, 0, 0, 0, 1_000),
    datetime(9999, 12, 31, 23, 59, 59, 999_000),
    datetime(1969, 12, 31, 23, 59, 59),
    datetime(2024, 2, 29, 12, 30, 45, 123_000),
    None,
]


@pytest.mark.parametrize("codec", ["NONE", "GZIP", "SNAPPY", "LZ4", "ZSTD"])
def test_timestamps_of_any_year_in_orc(
    harness: Harness, tmp_path: Path, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_sink, "_PAGE_ROWS", 1)
    epoch = datetime(1970, 1, 1)
    values = [None if one is None else (one - epoch) // timedelta(microseconds=1) * 10**6 for one in MOMENTS]
    nested = "row(a array(timestamp(3)), b map(varchar, decimal(30,2)), c varbinary, d double, e char(3))"
    columns = [("id", BIGINT), ("t", parse_type("timestamp(3)")), ("r", parse_type(nested)), ("d", DATE)]
    rows = [
        (i, one, ((one, None), (("k", -(10**29)), ("n", None)), b"\0\xff", 0.5, "x"), -700_000 + i)
        for i, one in enumerate(values)
    ]
    plain = [(i, row[1], row[2], row[3]) for i, row in enumerate(rows[3:5])]
    with harness.statement(compression_codec=codec) as on:
        definition = table("default", "t", columns, format="ORC")
        handle = on.metadata.begin_create_table(on.session, definition, SaveMode.FAIL)
        sink = on.connector.page_sink(on.handle, on.session, handle)
        for some in (plain, rows, plain):
            for page in rows_to_pages([type_ for _, type_ in columns], some):
                sink.append(page)
        on.metadata.finish_create_table(on.session, handle, sink.finish())
    with harness.statement() as on:
        expected = sorted([*plain, *rows, *plain], key=repr)
        assert sorted(on.rows("default", "t"), key=repr) == expected
        assert len(on.rows("default", "t", [])) == len(expected)
    files = visible_files(tmp_path / "metastore" / "default" / "t")
    assert len(files) == 2
    for name in files:
        with (tmp_path / "metastore" / "default" / "t" / name).open("rb") as file:
            for _, moment, _, _ in pyorc.Reader(file, converters={pyorc.TypeKind.TIMESTAMP: Moments}):
                assert moment is None or moment[1] >= 0


class Moments(pyorc.converters.ORCConverter):
    """Seconds and nanoseconds as they are in the file."""

    @staticmethod
    def from_orc(seconds: int, nanoseconds: int, timezone: Any) -> Any:
        return seconds, nanoseconds

    @staticmethod
    def to_orc(value: Any, timezone: Any) -> Any:
        return value
