"""The memory connector beyond the common suite: its limit, snapshots, pages as they came."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from tests.fakes.harness import Harness, table

from lodestar_server.plugins.connectors.memory.config import MemoryConfig
from lodestar_server.plugins.connectors.memory.connector import MemoryConnector
from lodestar_server.spi.connector import ColumnMetadata, SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import load_group
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.types import BIGINT, VARCHAR

COLUMNS = [("id", BIGINT), ("name", VARCHAR)]


@pytest.fixture
def harness() -> Harness:
    made = Harness(MemoryConnector(MemoryConfig()))
    with made.statement() as on:
        on.create_with_rows(table("default", "t", COLUMNS), [(1, "a"), (2, "b")])
    return made


def fails(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        action()
    return caught.value.code.name, caught.value.message


def limited(size: str) -> Harness:
    return Harness(MemoryConnector(load_group(MemoryConfig, {"memory.max-data-per-node": size})))


def test_the_limit() -> None:
    harness = limited("1kB")

    def create(name: str, rows: int) -> None:
        with harness.statement() as on:
            definition = table("default", name, COLUMNS)
            handle = on.metadata.begin_create_table(on.session, definition, SaveMode.FAIL)
            try:
                fragments = on.write(handle, [BIGINT, VARCHAR], [(i, "x" * 10) for i in range(rows)])
            except LodestarError:
                on.metadata.abort_write(on.session, handle)
                raise
            on.metadata.finish_create_table(on.session, handle, fragments)

    expected = ("MEMORY_LIMIT_EXCEEDED", "Memory limit [1024] for memory connector exceeded")
    create("a", 20)
    assert fails(lambda: create("b", 100)) == expected
    # What was thrown away, and what is dropped, can be used again.
    with harness.statement() as on:
        on.metadata.drop_table(on.session, on.require("default", "a"))
    create("b", 30)
    with harness.statement() as on:
        on.metadata.truncate_table(on.session, on.require("default", "b"))
    create("c", 30)


def test_a_transaction_sees_one_state_of_a_table(harness: Harness) -> None:
    with harness.statement() as reader:
        handle = reader.require("default", "t")
        wanted = [reader.column(handle, "id")]
        splits = list(reader.connector.splits(reader.handle, reader.session, handle, wanted, TupleDomain.all()))
        with harness.statement() as writer:
            writer.insert("default", "t", [(3, "c")])
        source = reader.connector.read(reader.handle, reader.session, handle, wanted, splits)
        assert [page.num_rows for page in source.pages()] == [2]  # type: ignore[union-attr]
        assert len(reader.rows("default", "t")) == 2
    with harness.statement() as reader:
        assert len(reader.rows("default", "t")) == 3


def test_a_dropped_table_can_be_read_to_its_end(harness: Harness) -> None:
    with harness.statement() as reader:
        source, _ = reader.source(reader.require("default", "t"))
        with harness.statement() as writer:
            writer.metadata.drop_table(writer.session, writer.require("default", "t"))
        assert [page.num_rows for page in source.pages()] == [2]


def test_a_dropped_table_is_not_written(harness: Harness) -> None:
    with harness.statement() as writer:
        handle = writer.require("default", "t")
        columns = [writer.column(handle, name) for name, _ in COLUMNS]
        write = writer.metadata.begin_insert(writer.session, handle, columns)
        fragments = writer.write(write, [BIGINT, VARCHAR], [(3, "c")])
        with harness.statement() as other:
            other.metadata.drop_table(other.session, other.require("default", "t"))
        assert fails(lambda: writer.metadata.finish_insert(writer.session, write, fragments)) == (
            "TABLE_NOT_FOUND",
            "Table 'default.t' not found",
        )


def test_pages_are_kept_as_they_come(harness: Harness) -> None:
    page = pa.RecordBatch.from_arrays(
        [pa.array(range(50_000), pa.int64()), pa.array(["x"] * 50_000)], names=["id", "name"]
    )
    with harness.statement() as on:
        handle = on.require("default", "t")
        columns = [on.column(handle, name) for name, _ in COLUMNS]
        write = on.metadata.begin_insert(on.session, handle, columns)
        sink = on.connector.page_sink(on.handle, on.session, write)
        sink.append(page)
        on.metadata.finish_insert(on.session, write, sink.finish())
    with harness.statement() as on:
        source, _ = on.source(on.require("default", "t"))
        largest = max(source.pages(), key=lambda one: one.num_rows)
    assert largest.column(0).buffers()[1].address == page.column(0).buffers()[1].address


def test_many_small_inserts_make_few_pages(harness: Harness) -> None:
    for i in range(20):
        with harness.statement() as on:
            on.insert("default", "t", [(10 + i, "x")])
    with harness.statement() as on:
        source, _ = on.source(on.require("default", "t"))
        assert len(list(source.pages())) == 1
        assert on.metadata.statistics(on.session, on.require("default", "t")).row_count == 22


def test_columns_added_later_are_null_in_old_pages(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.add_column(on.session, on.require("default", "t"), ColumnMetadata("more", BIGINT))
    with harness.statement() as on:
        on.insert("default", "t", [(3, "c", 7)])
    with harness.statement() as on:
        assert sorted(on.rows("default", "t")) == [(1, "a", None), (2, "b", None), (3, "c", 7)]
        assert sorted(on.rows("default", "t", ["more", "id"]), key=str) == [(7, 3), (None, 1), (None, 2)]


def test_a_limit_is_kept(harness: Harness) -> None:
    with harness.statement() as on:
        result = on.metadata.apply_limit(on.session, on.require("default", "t"), 1)
        assert result is not None
        assert result.guaranteed
        assert len(on.read(result.handle)) == 1
        again = on.metadata.apply_limit(on.session, result.handle, 5)
        assert again is None or len(on.read(again.handle)) == 1


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            lambda on: on.metadata.create_schema(on.session, "default", {}, "a"),
            "ALREADY_EXISTS",
            "Schema [default] already exists",
        ),
        (
            lambda on: on.metadata.drop_schema(on.session, "default", False),
            "SCHEMA_NOT_EMPTY",
            "Schema not empty: default",
        ),
        (
            lambda on: on.metadata.drop_schema(on.session, "nosuch", False),
            "NOT_FOUND",
            "Schema [nosuch] does not exist",
        ),
        (
            lambda on: on.metadata.create_table(on.session, table("nosuch", "t", COLUMNS), SaveMode.FAIL),
            "NOT_FOUND",
            "Schema nosuch not found",
        ),
    ],
)
def test_refusals(harness: Harness, change: Callable[[object], None], code: str, message: str) -> None:
    with harness.statement() as on:
        assert fails(lambda: change(on)) == (code, message)


def test_dropping_a_schema_with_everything(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.drop_schema(on.session, "default", True)
    with harness.statement() as on:
        assert on.metadata.list_schema_names(on.session) == []
        assert on.metadata.list_tables(on.session) == {}
