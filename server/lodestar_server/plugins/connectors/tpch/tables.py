"""The eight tables: names, types and sizes; scale factors as schema names.

Source: the TPC-H specification, Trino 476.
"""

from __future__ import annotations

from lodestar_server.plugins.toolkit.generated.dataset import TINY, scale_text
from lodestar_server.spi.types import BIGINT, DATE, DOUBLE, INTEGER, DecimalType, Type, VarcharType
from lodestar_server.spi.values import frozen

SCHEMAS = ("tiny", "sf1", "sf100", "sf300", "sf1000", "sf3000", "sf10000", "sf30000", "sf100000")
"""Schemas that are listed; every `sf<number>` is there."""

ROW_NUMBER = "row_number"
DECIMAL = DecimalType(12, 2)


@frozen
class TpchColumn:
    """A column; an `amount` is double or decimal(12,2)."""

    name: str
    type: Type
    amount: bool = False


@frozen
class TpchTable:
    """`rows_per_scale` rows for each unit of the scale factor, or always `fixed_rows`.

    `row_bytes` is about what a row takes in Parquet. `row_number` tells from which column the hidden row number comes.
    """

    name: str
    prefix: str
    columns: tuple[TpchColumn, ...]
    row_bytes: int
    row_number: str
    rows_per_scale: int = 0
    fixed_rows: int = 0

    def estimated_rows(self, scale: float) -> int:
        """Exact for all tables but lineitem."""
        return self.fixed_rows or round(self.rows_per_scale * scale)

    def estimated_bytes(self, scale: float) -> int:
        """Size on disk."""
        return self.estimated_rows(scale) * self.row_bytes


def _columns(text: str) -> tuple[TpchColumn, ...]:
    """`name:type …`; types: b bigint, i integer, d date, m amount, a number for varchar of that length."""
    simple = {"b": BIGINT, "i": INTEGER, "d": DATE, "m": DOUBLE}
    made = []
    for part in text.split():
        name, kind = part.split(":")
        made.append(TpchColumn(name, simple.get(kind) or VarcharType(int(kind)), kind == "m"))
    return tuple(made)


TABLES = {
    table.name: table
    for table in (
        TpchTable(
            "customer",
            "c_",
            _columns("custkey:b name:25 address:40 nationkey:b phone:15 acctbal:m mktsegment:10 comment:117"),
            100,
            "custkey",
            rows_per_scale=150_000,
        ),
        TpchTable(
            "lineitem",
            "l_",
            _columns(
                "orderkey:b partkey:b suppkey:b linenumber:i quantity:m extendedprice:m discount:m tax:m"
                " returnflag:1 linestatus:1 shipdate:d commitdate:d receiptdate:d shipinstruct:25 shipmode:10"
                " comment:44"
            ),
            45,
            "orderkey",
            rows_per_scale=6_000_000,
        ),
        TpchTable("nation", "n_", _columns("nationkey:b name:25 regionkey:b comment:152"), 100, "nationkey", 0, 25),
        TpchTable(
            "orders",
            "o_",
            _columns(
                "orderkey:b custkey:b orderstatus:1 totalprice:m orderdate:d orderpriority:15 clerk:15 shippriority:i"
                " comment:79"
            ),
            50,
            "orderkey",
            rows_per_scale=1_500_000,
        ),
        TpchTable(
            "part",
            "p_",
            _columns("partkey:b name:55 mfgr:25 brand:10 type:25 size:i container:10 retailprice:m comment:23"),
            50,
            "partkey",
            rows_per_scale=200_000,
        ),
        TpchTable(
            "partsupp",
            "ps_",
            _columns("partkey:b suppkey:b availqty:i supplycost:m comment:199"),
            75,
            "partkey",
            rows_per_scale=800_000,
        ),
        TpchTable("region", "r_", _columns("regionkey:b name:25 comment:152"), 100, "regionkey", 0, 5),
        TpchTable(
            "supplier",
            "s_",
            _columns("suppkey:b name:25 address:40 nationkey:b phone:15 acctbal:m comment:101"),
            110,
            "suppkey",
            rows_per_scale=10_000,
        ),
    )
}


def schema_of_scale(scale: float) -> str:
    """The name under which a scale factor is shown."""
    return "tiny" if scale == TINY else f"sf{scale_text(scale)}"
