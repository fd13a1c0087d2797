"""Fifteen lines of SQL through each door: the driver, SQLAlchemy, the command line."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

import lodestar
from integration.demo.data import table_columns

_DELAYS = """
SELECT a.name AS airline, count(*) AS flights, round(avg(f.arr_delay), 1) AS mean_delay,
       approx_percentile(f.arr_delay, 0.95) AS delay_95
FROM lake.flights.flights f JOIN lake.flights.airlines a ON a.carrier = f.carrier
GROUP BY a.name ORDER BY flights DESC LIMIT 5
"""
_FEDERATED = """
SELECT n.name AS nation, count(*) AS orders, sum(o.o_totalprice) AS total
FROM lake.tpch.orders o                                     -- Parquet files
JOIN lake.tpch.customer c ON c.c_custkey = o.o_custkey      -- Parquet files
JOIN tpch.tiny.nation n ON n.nationkey = c.c_nationkey      -- another catalog
WHERE o.o_orderdate >= DATE '1998-01-01'
GROUP BY n.name ORDER BY total DESC LIMIT 5
"""
_CTAS = """
CREATE TABLE lake.demo.delays WITH (format = 'PARQUET', partitioned_by = ARRAY['month']) AS
SELECT origin, dest, dep_delay, arr_delay, month FROM lake.flights.flights WHERE arr_delay IS NOT NULL
"""
_PRICING = """
SELECT l_returnflag, l_linestatus, sum(l_quantity) AS quantity, sum(l_extendedprice * (1 - l_discount)) AS revenue,
       avg(l_discount) AS discount, count(*) AS lines
FROM lake.tpch.lineitem WHERE l_shipdate <= DATE '1998-09-02' GROUP BY 1, 2 ORDER BY 1, 2
"""
_WORST = "SELECT dest, max(arr_delay) AS worst FROM lake.demo.delays WHERE month = 7 GROUP BY 1 ORDER BY 2 DESC LIMIT 5"


def create_tables(url: str, schemas: dict[str, Path]) -> None:
    """External tables of the lake over the sample files."""
    with lodestar.connect(_dsn(url)) as connection:
        for schema, directory in schemas.items():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS lake.{schema}")
            for folder in sorted(directory.iterdir()):
                columns = ", ".join(f"{name} {kind}" for name, kind in table_columns(folder / "part-0.parquet"))
                location = f"local:///{folder.relative_to(directory.parents[1])}"
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS lake.{schema}.{folder.name} ({columns}) "
                    f"WITH (format = 'PARQUET', external_location = '{location}')"
                )
        connection.execute("CREATE SCHEMA IF NOT EXISTS lake.demo")


def show(url: str) -> None:
    """Everything worth seeing, as tables. Raises on anything unexpected."""
    _heading("1. The driver: a join of Parquet files with another catalog")
    with lodestar.connect(_dsn(url)) as connection:
        cursor = connection.execute(_FEDERATED)
        _table([column[0] for column in cursor.description or ()], cursor.fetchall())

        _heading("2. CREATE TABLE AS into the lake, partitioned")
        connection.execute("DROP TABLE IF EXISTS lake.demo.delays")
        started = time.perf_counter()
        cursor = connection.execute(_CTAS)
        print(f"{_CTAS.strip()}\n\n{cursor.rowcount:,} rows written in {time.perf_counter() - started:.2f} s")

        _heading("3. An aggregate over 6 million rows, and its time")
        started = time.perf_counter()
        cursor = connection.execute(_PRICING)
        rows = cursor.fetchall()
        seconds = time.perf_counter() - started
        _table([column[0] for column in cursor.description or ()], rows)
        print(f"6,001,215 rows of Parquet in {seconds:.2f} s")

    _heading("4. SQLAlchemy: airlines by punctuality")
    engine = sa.create_engine(_dsn(url))
    with engine.connect() as opened:
        result = opened.execute(sa.text(_DELAYS))
        _table(list(result.keys()), result.fetchall())
        tables = sa.inspect(engine).get_table_names(schema="flights")
    engine.dispose()
    print(f"tables of lake.flights, by inspection: {', '.join(sorted(tables))}")

    _heading("5. The command line, over the table of step 2")
    command = [Path(sys.executable).with_name("lodestar"), "--server", url, "--output-format", "ALIGNED"]
    print(f'$ lodestar --server {url} --output-format ALIGNED --execute "{_WORST}"', flush=True)
    subprocess.run([*command, "--execute", _WORST], check=True)


def how_to_go_on(url: str) -> str:
    """Where a stranger goes from here, with a running server."""
    place = urlsplit(url)
    return f"""
  the web interface   {url}/ui/
  the shell           .venv/bin/lodestar --server {url} --catalog lake --schema tpch
  Python              lodestar.connect("lodestar://me@{place.netloc}/lake/tpch")
  SQLAlchemy          create_engine("lodestar://me@{place.netloc}/lake/tpch")
  Trino's JDBC        jdbc:trino://{place.netloc}/lake/tpch
  REST                curl -H 'X-Trino-User: me' -d 'SELECT 1' {url}/v1/statement
"""


def _dsn(url: str) -> str:
    return f"lodestar://demo@{urlsplit(url).netloc}/lake"


def _heading(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m\n" if sys.stdout.isatty() else f"\n{text}\n")


def _table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [[str(value) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(names)]
    print(" " + " | ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)))
    print("-" + "-+-".join("-" * width for width in widths) + "-")
    for row, values in zip(cells, rows, strict=True):
        shown = [
            text.rjust(width) if not isinstance(value, str) else text.ljust(width)
            for text, value, width in zip(row, values, widths, strict=True)
        ]
        print(" " + " | ".join(shown))
