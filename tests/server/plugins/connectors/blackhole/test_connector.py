"""The blackhole connector: rows by property, all the same."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.fakes.harness import Harness, table
from tests.fakes.reading import read_rows

from lodestar_server.plugins.connectors.blackhole.connector import BlackholeConnector, zero
from lodestar_server.plugins.connectors.blackhole.properties import TABLE_PROPERTIES
from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.properties import Duration
from lodestar_server.spi.row_changes import RowOperation
from lodestar_server.spi.types import BIGINT, TINYINT, Type
from lodestar_server.spi.types.text import parse_type


@pytest.fixture
def harness() -> Harness:
    return Harness(BlackholeConnector())


def create(harness: Harness, columns: dict[str, str], **properties: Any) -> None:
    typed: list[tuple[str, Type]] = [(name, parse_type(text)) for name, text in columns.items()]
    with harness.statement() as on:
        on.metadata.create_table(on.session, table("default", "t", typed, **properties), SaveMode.FAIL)


@pytest.mark.parametrize(
    ("type_text", "expected"),
    [
        ("bigint", 0),
        ("double", 0),
        ("decimal(38,2)", 0),
        ("boolean", False),
        ("date", 0),
        ("timestamp(6)", 0),
        ("varchar", "*" * 4),
        ("varchar(3)", "***"),
        ("varchar(30)", "*" * 4),
        ("varbinary", b"****"),
    ],
)
def test_values(harness: Harness, type_text: str, expected: object) -> None:
    create(harness, {"a": type_text}, split_count=2, pages_per_split=3, rows_per_page=4, field_length=4)
    with harness.statement() as on:
        assert on.rows("default", "t") == [(expected,)] * 24
        assert on.rows("default", "t", []) == [()] * 24
        assert on.metadata.statistics(on.session, on.require("default", "t")).row_count == 24


@pytest.mark.parametrize("type_text", ["time(3)", "timestamp(9)", "array(bigint)", "uuid", "char(3)"])
def test_types_without_a_value(type_text: str) -> None:
    with pytest.raises(LodestarError) as caught:
        zero(parse_type(type_text), 16)
    assert (caught.value.code.name, caught.value.message) == ("NOT_SUPPORTED", f"Unsupported type [{type_text}]")


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"split_count": -1}, "split_count property is negative"),
        ({"rows_per_page": -5, "split_count": 1}, "rows_per_page property is negative"),
        (
            {"split_count": 1, "pages_per_split": 1},
            "All properties [split_count, pages_per_split, rows_per_page] must be set if any are set",
        ),
    ],
)
def test_properties_that_do_not_go_together(harness: Harness, properties: dict[str, int], message: str) -> None:
    with pytest.raises(LodestarError) as caught:
        create(harness, {"a": "bigint"}, **properties)
    assert (caught.value.code.name, caught.value.message) == ("INVALID_TABLE_PROPERTY", message)


def test_delays_are_shown_as_trino_shows_them() -> None:
    (delay,) = [one for one in TABLE_PROPERTIES if one.name == "page_processing_delay"]
    assert delay.encode(delay.default) == "0.00s"
    assert delay.decode("3s") == Duration(3)
    assert delay.encode(delay.decode("3s")) == "3.00s"
    (columns,) = [one for one in TABLE_PROPERTIES if one.name == "distributed_on"]
    assert columns.decode(["A", "b"]) == ("a", "b")


def test_a_delay_ends_with_the_reader(harness: Harness) -> None:
    amounts = {"split_count": 1, "pages_per_split": 1000, "rows_per_page": 1}
    create(harness, {"a": "bigint"}, page_processing_delay=Duration(3600), **amounts)
    with harness.statement() as on:
        source, _ = on.source(on.require("default", "t"))
        found: list[object] = []
        reader = threading.Thread(target=lambda: found.extend(source.pages()))
        reader.start()
        source.close()
        reader.join(10)
        assert not reader.is_alive()
        assert found == []


def test_a_delay_ends_with_the_writer(harness: Harness) -> None:
    create(harness, {"a": "bigint"}, page_processing_delay=Duration(3600))
    with harness.statement() as on:
        handle = on.require("default", "t")
        write = on.metadata.begin_insert(on.session, handle, [on.column(handle, "a")])
        sink = on.connector.page_sink(on.handle, on.session, write)
        sink.abort()
        from lodestar_server.spi.types.values import rows_to_pages

        (page,) = rows_to_pages([BIGINT], [(1,)])
        sink.append(page)
        assert sink.written_bytes == page.nbytes


def test_deleted_rows_are_counted(harness: Harness) -> None:
    create(harness, {"a": "bigint"}, split_count=1, pages_per_split=2, rows_per_page=3)
    with harness.statement() as on:
        handle = on.metadata.apply_delete(on.session, on.require("default", "t"))
        assert handle is not None
        assert on.metadata.execute_delete(on.session, handle) == 6
        assert len(on.rows("default", "t")) == 6


def test_rows_are_numbered_and_changes_vanish(harness: Harness) -> None:
    create(harness, {"a": "bigint"}, split_count=2, pages_per_split=2, rows_per_page=3)
    with harness.statement() as on:
        handle = on.require("default", "t")
        row_id = on.metadata.row_id_column(on.session, handle)
        columns = [row_id.handle, on.column(handle, "a")]
        splits = list(on.connector.splits(on.handle, on.session, handle, columns, TupleDomain.all()))
        found: list[tuple[int, int]] = []
        for split in splits:
            source = on.connector.read(on.handle, on.session, handle, columns, [split])
            found += read_rows(source, [row_id.type, BIGINT])
        assert found == [(number, 0) for number in range(12)]
        write = on.metadata.begin_row_changes(on.session, handle)
        changes = [(int(RowOperation.DELETE), 0, None), (int(RowOperation.UPDATE), 1, 5)]
        fragments = on.write(write, [TINYINT, row_id.type, BIGINT], changes)
        on.metadata.finish_row_changes(on.session, write, fragments)
        assert len(on.rows("default", "t")) == 12


def test_nothing_is_kept(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("a", BIGINT)]), [(1,), (2,)])
    with harness.statement() as on:
        assert on.rows("default", "t") == []
        assert on.metadata.begin_analyze(on.session, on.require("default", "t"), {}) is None
