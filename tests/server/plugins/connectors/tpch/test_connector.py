"""TPC-H: names, kept and streamed tables, readers that leave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.tpch.config import TpchConfig
from lodestar_server.plugins.connectors.tpch.connector import TpchConnector
from lodestar_server.plugins.connectors.tpch.tables import schema_of_scale
from lodestar_server.plugins.toolkit.generated.dataset import scale_of_schema
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.plugin import load_group


def tpch(root: Path, **properties: str) -> Harness:
    return Harness(
        TpchConnector(load_group(TpchConfig, {f"tpch.{key}": value for key, value in properties.items()}), root)
    )


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = tpch(tmp_path)
    yield made
    made.connector.shutdown()


@pytest.mark.parametrize(
    ("schema", "scale", "shown"),
    [
        ("tiny", 0.01, "tiny"),
        ("sf0.01", 0.01, "tiny"),
        ("sf1", 1, "sf1"),
        ("sf1.0", 1, "sf1"),
        ("sf300", 300, "sf300"),
        ("sf0.5", 0.5, "sf0.5"),
    ],
)
def test_schemas(schema: str, scale: float, shown: str) -> None:
    assert scale_of_schema(schema) == scale
    assert schema_of_scale(scale) == shown


@pytest.mark.parametrize("schema", ["", "sf", "sfx", "sf0", "sf-1", "sfinf", "sfnan", "sf 1", "sf1_0", "x1"])
def test_schemas_that_are_none(schema: str) -> None:
    assert scale_of_schema(schema) is None


def test_names(harness: Harness) -> None:
    with harness.statement() as on:
        assert on.metadata.list_schema_names(on.session) == [
            "tiny", "sf1", "sf100", "sf300", "sf1000", "sf3000", "sf10000", "sf30000", "sf100000",
        ]  # fmt: skip
        assert on.columns("tiny", "lineitem")[:6] == [
            ("orderkey", "bigint"),
            ("partkey", "bigint"),
            ("suppkey", "bigint"),
            ("linenumber", "integer"),
            ("quantity", "double"),
            ("extendedprice", "double"),
        ]
        assert on.metadata.find_table(on.session, SchemaTableName("tiny", "nosuch")) is None
        assert on.metadata.find_table(on.session, SchemaTableName("sfx", "nation")) is None


def test_other_names_and_types(tmp_path: Path) -> None:
    harness = tpch(tmp_path, **{"column-naming": "STANDARD", "double-type-mapping": "DECIMAL"})
    with harness.statement() as on:
        assert on.columns("tiny", "lineitem")[4] == ("l_quantity", "decimal(12,2)")
        assert on.columns("tiny", "nation")[0] == ("n_nationkey", "bigint")
    harness.connector.shutdown()


@pytest.mark.slow
def test_rows(harness: Harness) -> None:
    with harness.statement() as on:
        assert on.rows("tiny", "region", ["regionkey", "name"]) == [
            (0, "AFRICA"), (1, "AMERICA"), (2, "ASIA"), (3, "EUROPE"), (4, "MIDDLE EAST"),
        ]  # fmt: skip
        assert on.rows("sf1000", "nation", ["name"])[:2] == [("ALGERIA",), ("ARGENTINA",)]
        assert len(on.rows("tiny", "orders", [])) == 15_000
        first, *_ = on.rows("tiny", "orders", ["orderkey", "totalprice", "orderdate", "row_number"])
        assert first == (1, 172_799.49, 9_497, 1)
        assert on.rows("tiny", "lineitem", ["row_number"])[:2] == [(1,), (1,)]


@pytest.mark.slow
def test_kept_tables_are_read_by_the_kernel(tmp_path: Path) -> None:
    harness = tpch(tmp_path)
    with harness.statement() as on:
        built = on.rows("sf0.1", "part", ["partkey", "retailprice"])
        source, _ = on.source(on.require("sf0.1", "part"), ["partkey"])
    assert len(built) == 20_000
    harness.connector.shutdown()
    again = tpch(tmp_path)
    with again.statement() as on:
        # lineitem is too large for memory and was made together with part.
        source, _ = on.source(on.require("sf0.1", "lineitem"), ["orderkey", "quantity"])
        assert not isinstance(source, PageSource)
        assert all(piece.path.startswith(str(tmp_path)) for scan in source for piece in scan.slices)
        numbered, _ = on.source(on.require("sf0.1", "lineitem"), ["row_number"])
        assert isinstance(numbered, PageSource)
    assert list(tmp_path.glob("running/*")) == []
    again.connector.shutdown()


@pytest.mark.slow
def test_many_readers_build_once(tmp_path: Path) -> None:
    harness = tpch(tmp_path)
    counts: list[int] = []

    def read() -> None:
        with harness.statement() as on:
            counts.append(len(on.rows("tiny", "orders", [])))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert counts == [15_000] * 4
    assert len(list(tmp_path.rglob("orders/*.parquet"))) == 1
    harness.connector.shutdown()


@pytest.mark.slow
def test_large_tables_stream_and_stop(tmp_path: Path) -> None:
    harness = tpch(tmp_path, **{"cache.max-size": "1MB"})
    with harness.statement() as on:
        source, _ = on.source(on.require("sf100", "lineitem"), ["orderkey", "linenumber"])
        pages = source.pages()
        first = next(pages)
        assert first.column(0)[0].as_py() == 1
        source.close()
        assert len(list(pages)) <= 1
    assert list(tmp_path.rglob("*.parquet")) == []
    harness.connector.shutdown()
    assert list(tmp_path.glob("running/*")) == []


@pytest.mark.slow
def test_streamed_rows_are_the_kept_ones(tmp_path: Path) -> None:
    kept, streamed = tpch(tmp_path / "kept"), tpch(tmp_path / "streamed", **{"cache.max-size": "1MB"})
    wanted = ["orderkey", "comment", "totalprice", "orderdate", "row_number"]
    found = []
    for harness in (kept, streamed):
        with harness.statement() as on:
            found.append(sorted(on.rows("sf0.08", "orders", wanted)))
        harness.connector.shutdown()
    assert len(found[0]) == 120_000
    assert found[0] == found[1]
    assert not list((tmp_path / "streamed").rglob("*.parquet"))


def test_statistics(harness: Harness) -> None:
    with harness.statement() as on:
        handle = on.require("tiny", "lineitem")
        found = on.metadata.statistics(on.session, handle)
        assert found.row_count == 60_175
        assert found.columns[on.column(handle, "orderkey")].distinct_values == 15_000
        assert on.metadata.statistics(on.session, on.require("sf100", "lineitem")).row_count is None


def test_analyze_counts(harness: Harness) -> None:
    with harness.statement() as on:
        target = on.metadata.begin_analyze(on.session, on.require("tiny", "nation"), {})
        assert target is not None
        assert len(target.columns) == 1
        assert on.write(target.handle, [], []) == []
