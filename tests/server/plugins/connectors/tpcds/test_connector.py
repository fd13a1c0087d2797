"""TPC-DS: names, sizes, kept and passing tables. Figures are those of Trino 476."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.tpcds.config import TpcdsConfig, session_properties
from lodestar_server.plugins.connectors.tpcds.connector import TpcdsConnector
from lodestar_server.plugins.connectors.tpcds.factory import FACTORY
from lodestar_server.plugins.connectors.tpcds.tables import tables
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, load_group
from lodestar_server.spi.types import CharType


def tpcds(root: Path, **properties: str) -> Harness:
    return Harness(
        TpcdsConnector(load_group(TpcdsConfig, {f"tpcds.{key}": value for key, value in properties.items()}), root)
    )


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = tpcds(tmp_path)
    yield made
    made.connector.shutdown()


def test_names(harness: Harness) -> None:
    with harness.statement() as on:
        assert len(on.metadata.list_tables(on.session, "sf7")) == 25
        assert ("p_response_targe", "integer") in on.columns("tiny", "promotion")
        assert on.columns("sf1", "dbgen_version")[2] == ("dv_create_time", "time(3)")
        assert on.metadata.find_table(on.session, SchemaTableName("tiny", "nosuch")) is None
        assert str(on.require("tiny", "store")) == "store:sf0.01"


@pytest.mark.parametrize(
    ("table", "scale", "rows", "parts"),
    [
        ("store_sales", 1, 2_880_404, 1),
        ("store_sales", 0.01, 120_527, 1),
        ("store_sales", 3000, 8_639_936_081, 14_400),
        ("inventory", 1, 11_745_000, 20),
        ("customer_demographics", 77, 1_920_800, 3),
        ("web_returns", 3000, 216_003_761, 360),
        ("reason", 3000, 67, 1),
    ],
)
def test_sizes(table: str, scale: float, rows: int, parts: int) -> None:
    found = tables()[table]
    assert found.estimated_rows(scale) == rows
    assert found.parts(scale) == parts


def test_sizes_between_known_ones_lie_between_them() -> None:
    guessed = [tables()["customer"].estimated_rows(scale) for scale in (0.001, 0.01, 0.5, 1, 10, 3000, 10_000)]
    assert guessed == sorted(guessed)
    assert guessed[0] == 1000 and 100_000 < guessed[4] < 30_000_000 < guessed[6]


@pytest.mark.slow
def test_rows(harness: Harness) -> None:
    with harness.statement() as on:
        assert on.rows("tiny", "reason", ["r_reason_sk", "r_reason_desc"]) == [(1, "Package was damaged")]
        assert len(on.rows("sf1", "reason", [])) == 35
        assert {row[0] for row in on.rows("tiny", "time_dim", ["t_meal_time"])} == {"", "breakfast", "lunch", "dinner"}
        assert len(on.rows("tiny", "web_sales", [])) == 11_876
        assert on.rows("tiny", "warehouse", ["w_warehouse_sk", "w_gmt_offset"]) == [(1, -500)]
        version, day, time, arguments = on.rows("tiny", "dbgen_version", list(tables()["dbgen_version"].columns))[0]
        assert version == "2.0.0" and day > 20_000 and time < 86_400 * 10**12
        assert arguments.startswith("--scale 0.01 --table dbgen_version --parallelism ")


@pytest.mark.slow
def test_char_values_have_no_trailing_blanks(harness: Harness) -> None:
    with harness.statement() as on:
        for name in ("call_center", "customer", "item", "store", "web_site"):
            columns = [column for column, type_ in tables()[name].columns.items() if isinstance(type_, CharType)]
            rows = on.rows("tiny", name, columns)
            assert rows and not [value for row in rows for value in row if value is not None and value.endswith(" ")]


@pytest.mark.slow
def test_kept_tables_are_read_by_the_kernel(tmp_path: Path) -> None:
    harness = tpcds(tmp_path)
    with harness.statement() as on:
        assert len(on.rows("tiny", "store_sales", ["ss_item_sk"])) == 120_527
    harness.connector.shutdown()
    again = tpcds(tmp_path)
    with again.statement() as on:
        source, _ = on.source(on.require("tiny", "store_sales"), ["ss_item_sk", "ss_net_profit"])
        assert not isinstance(source, PageSource)
        assert all(piece.path.startswith(str(tmp_path)) for scan in source for piece in scan.slices)
    again.connector.shutdown()
    assert list(tmp_path.glob("running/*")) == []


@pytest.mark.slow
def test_passing_rows_are_the_kept_ones(tmp_path: Path) -> None:
    kept, passing = tpcds(tmp_path / "kept"), tpcds(tmp_path / "passing", **{"cache.max-size": "1MB"})
    found = []
    for harness in (kept, passing):
        with harness.statement() as on:
            found.append(sorted(on.rows("tiny", "inventory", ["inv_date_sk", "inv_item_sk", "inv_warehouse_sk"])))
        harness.connector.shutdown()
    assert len(found[0]) == 261_261
    assert found[0] == found[1]
    assert not list((tmp_path / "passing").rglob("*.parquet"))


@pytest.mark.slow
def test_a_reader_that_leaves_stops_the_generator(tmp_path: Path) -> None:
    harness = tpcds(tmp_path, **{"cache.max-size": "1MB"})
    with harness.statement() as on:
        source, _ = on.source(on.require("sf1", "inventory"), ["inv_item_sk"])
        pages = source.pages()
        assert next(pages).num_rows > 0
        source.close()
        assert len(list(pages)) <= 1
    harness.connector.shutdown()
    assert list(tmp_path.glob("running/*")) == []


def test_statistics(harness: Harness) -> None:
    with harness.statement() as on:
        handle = on.require("sf1", "store_sales")
        found = on.metadata.statistics(on.session, handle)
        assert found.row_count == 2_880_404
        assert found.columns[on.column(handle, "ss_store_sk")].high == 10
        assert on.metadata.statistics(on.session, on.require("sf10", "store_sales")).row_count is None


def test_what_the_generator_cannot_do_is_refused(tmp_path: Path) -> None:
    context = ConnectorContext("d", "n", "476", "test", tmp_path)
    with pytest.raises(ConfigurationError, match="names of the specification only"):
        FACTORY.create(context, {"tpcds.with-no-sexism": "true"})
    shown = {one.name: one for one in session_properties(load_group(TpcdsConfig, {"tpcds.splits-per-node": "3"}))}
    assert shown["splits_per_node"].default == 3 and shown["split_count"].default is None
    with pytest.raises(ValueError, match="names of the specification only"):
        shown["with_no_sexism"].decode(True)
    assert shown["with_no_sexism"].decode(False) is False
