"""Adding Parquet files that do not name the order of their columns, as Trino's do not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.fakes.iceberg import iceberg
from tests.fakes.sink import LocalEngine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path, ())
    more = {"iceberg.add-files-procedure.enabled": "true"}
    made.catalogs.add("ice", "iceberg", iceberg(tmp_path / "ice", catalog="ice", **more).connector)
    made.run("USE ice.default")
    yield made
    made.close()


def without_orders(table: pa.Table) -> bytes:
    """A file whose footer ends behind the name of its writer: the orders of the columns are what follows it."""
    target = io.BytesIO()
    pq.write_table(table, target, row_group_size=2, store_decimal_as_integer=True)
    content = target.getvalue()
    writer = pq.ParquetFile(target).metadata.created_by.encode()
    size = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - size : -8]
    footer = footer[: footer.rindex(writer) + len(writer)] + b"\0"
    return content[: -8 - size] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def test_bounds_of_texts_and_decimals(engine: LocalEngine, tmp_path: Path) -> None:
    columns = {
        "t": ["m", "b", None, None, "ż" * 20, "c"],
        "d": pa.array([Decimal("1.5"), None, None, Decimal("-2.5"), Decimal("0"), None], pa.decimal128(5, 1)),
        "w": pa.array([Decimal("1.5"), Decimal("-1e20"), None, None, None, None], pa.decimal128(30, 1)),
        "n": pa.nulls(6, pa.string()),
    }
    directory = tmp_path / "ice" / "files"
    directory.mkdir(parents=True)
    content = without_orders(pa.table(columns))
    footer = pq.ParquetFile(io.BytesIO(content)).metadata
    assert not footer.row_group(0).column(0).statistics.has_min_max  # else there is nothing to be seen here
    (directory / "one.parquet").write_bytes(content)
    engine.run("CREATE TABLE t (t varchar, d decimal(5,1), w decimal(30,1), n varchar)")
    engine.run("ALTER TABLE t EXECUTE add_files(location => 'local:///files', format => 'PARQUET')")
    bounds = (
        "element_at({0}_bounds, 1), element_at({0}_bounds, 2), element_at({0}_bounds, 3), element_at({0}_bounds, 4)"
    )
    found = engine.run(f'SELECT {bounds.format("lower")}, {bounds.format("upper")} FROM "t$files"').rows
    high = "ż" * 15 + chr(ord("ż") + 1)
    wide = f"-1{20 * '0'}.0"
    assert list(found) == [f'["b","-2.5","{wide}",null,"{high}","1.5","1.5",null]']
    assert list(engine.run("SELECT count(*) FROM t WHERE t = 'b'").rows) == ["[1]"]
    assert list(engine.run("SELECT count(*) FROM t WHERE d = DECIMAL '-2.5'").rows) == ["[1]"]
