"""Figures of tiny and sf1 as Trino shows them (SHOW STATS)."""

from __future__ import annotations

from lodestar_server.plugins.toolkit.generated.dataset import TINY
from lodestar_server.spi.statistics import ColumnStatistics
from lodestar_server.spi.values import frozen


@frozen
class KnownStatistics:
    """A table's row count, and columns by plain name."""

    rows: int
    columns: dict[str, ColumnStatistics]


def _known(rows: int, text: str) -> KnownStatistics:
    """`name distinct size low high` per line; `-` is unknown; dates as days."""
    columns = {}
    for line in text.strip().splitlines():
        name, *figures = line.split()
        distinct, size, low, high = (None if figure == "-" else float(figure) for figure in figures)
        columns[name] = ColumnStatistics(0.0, distinct, size, low, high)
    return KnownStatistics(rows, columns)


STATISTICS: dict[tuple[float, str], KnownStatistics] = {
    (TINY, "customer"): _known(
        1500,
        """
custkey 1500 - 1 1500
name 1500 27000 - -
address 1500 37090 - -
nationkey 25 - 0 24
phone 1500 22500 - -
acctbal 1499 - -994.79 9987.71
mktsegment 5 45 - -
comment 1500 109800 - -
""",
    ),
    (TINY, "lineitem"): _known(
        60175,
        """
orderkey 15000 - 1 60000
partkey 2000 - 1 2000
suppkey 100 - 1 100
linenumber 7 - 1 7
quantity 50 - 1 50
extendedprice 35921 - 904 94949.5
discount 11 - 0 0.1
tax 9 - 0 0.08
returnflag 3 3 - -
linestatus 2 2 - -
shipdate 2518 - 8038 10559
commitdate 2460 - 8067 10527
receiptdate 2529 - 8043 10585
shipinstruct 4 48 - -
shipmode 7 30 - -
comment 58616 1578058 - -
""",
    ),
    (TINY, "nation"): _known(
        25,
        """
nationkey 25 - 0 24
name 25 177 - -
regionkey 5 - 0 4
comment 25 1857 - -
""",
    ),
    (TINY, "orders"): _known(
        15000,
        """
orderkey 15000 - 1 60000
custkey 1000 - 1 1499
orderstatus 3 3 - -
totalprice 14996 - 874.89 466001.28
orderdate 2401 - 8035 10440
orderpriority 5 42 - -
clerk 1000 15000 - -
shippriority 1 - 0 0
comment 14995 727249 - -
""",
    ),
    (TINY, "part"): _known(
        2000,
        """
partkey 2000 - 1 2000
name 2000 65313.99999999999 - -
mfgr 5 70 - -
brand 25 200 - -
type 150 3090 - -
size 50 - 1 50
container 40 303 - -
retailprice 1099 - 901 1900.99
comment 1959 26839 - -
""",
    ),
    (TINY, "partsupp"): _known(
        8000,
        """
partkey 2000 - 1 2000
suppkey 100 - 1 100
availqty 5497 - 3 9998
supplycost 7665 - 1.05 999.99
comment 8000 992530 - -
""",
    ),
    (TINY, "region"): _known(
        5,
        """
regionkey 5 - 0 4
name 5 34 - -
comment 5 330 - -
""",
    ),
    (TINY, "supplier"): _known(
        100,
        """
suppkey 100 - 1 100
name 100 1800 - -
address 100 2537 - -
nationkey 25 - 0 24
phone 100 1500 - -
acctbal 100 - -966.2 9915.24
comment 100 6115 - -
""",
    ),
    (1, "customer"): _known(
        150000,
        """
custkey 150000 - 1 150000
name 150000 2700000 - -
address 150000 3758056 - -
nationkey 25 - 0 24
phone 150000 2250000 - -
acctbal 140187 - -999.99 9999.99
mktsegment 5 44.99999999999999 - -
comment 149968 10873942 - -
""",
    ),
    (1, "lineitem"): _known(
        6001215,
        """
orderkey 1500000 - 1 6000000
partkey 200000 - 1 200000
suppkey 10000 - 1 10000
linenumber 7 - 1 7
quantity 50 - 1 50
extendedprice 933900 - 901 104949.5
discount 11 - 0 0.1
tax 9 - 0 0.08
returnflag 3 3 - -
linestatus 2 2 - -
shipdate 2526 - 8036 10561
commitdate 2466 - 8065 10530
receiptdate 2554 - 8038 10591
shipinstruct 4 48 - -
shipmode 7 30 - -
comment 4580667 135857609 - -
""",
    ),
    (1, "nation"): _known(
        25,
        """
nationkey 25 - 0 24
name 25 177 - -
regionkey 5 - 0 4
comment 25 1857 - -
""",
    ),
    (1, "orders"): _known(
        1500000,
        """
orderkey 1500000 - 1 6000000
custkey 99996 - 1 149999
orderstatus 3 3 - -
totalprice 1464556 - 857.71 555285.16
orderdate 2406 - 8035 10440
orderpriority 5 42 - -
clerk 1000 15000 - -
shippriority 1 - 0 0
comment 1482071 72292642 - -
""",
    ),
    (1, "part"): _known(
        200000,
        """
partkey 200000 - 1 200000
name 199997 6550123.000000001 - -
mfgr 5 70 - -
brand 25 200 - -
type 150 3090 - -
size 50 - 1 50
container 40 303 - -
retailprice 20899 - 901 2098.99
comment 131753 2038351 - -
""",
    ),
    (1, "partsupp"): _known(
        800000,
        """
partkey 200000 - 1 200000
suppkey 10000 - 1 10000
availqty 9999 - 1 9999
supplycost 99865 - 1 1000
comment 799124 98784266 - -
""",
    ),
    (1, "region"): _known(
        5,
        """
regionkey 5 - 0 4
name 5 34 - -
comment 5 330 - -
""",
    ),
    (1, "supplier"): _known(
        10000,
        """
suppkey 10000 - 1 10000
name 10000 180000 - -
address 10000 249771 - -
nationkey 25 - 0 24
phone 10000 150000 - -
acctbal 9955 - -998.22 9999.72
comment 10000 625695 - -
""",
    ),
}
