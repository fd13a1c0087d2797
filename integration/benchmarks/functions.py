"""What a call costs: nanoseconds of processor time a row, beside DuckDB's own function where there is one.

usage: python -m integration.benchmarks.functions [NAME …] [--runs N] [--report FILE]

Both engines read the same Parquet file of a million rows; the cost of reading the arguments alone is subtracted. What
costs more than two microseconds a row is measured on fewer rows. Texts are in `functions.tsv`; `@` marks an aggregate.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from integration.demo.data import table_columns
from integration.toolbox.inprocess import Engine
from lodestar_server.functions.registry import list_entries
from lodestar_server.spi.errors import LodestarError

TABLE = Path(__file__).with_name("functions.tsv")
ROWS = 1_000_000
SMALL = 20_000
"""Rows for the first look, and for what is slow."""
SLOW_NANOS = 2000.0
THREADS = 1
COMMON_LIMIT = 3.0
FAR = 10.0
NOISE_NANOS = 4.0
"""Differences below this a row are not told apart."""

_COLUMNS = """
SELECT i, k, n, d, f, s, CAST(i AS VARCHAR) AS digits, printf('%08x', i) AS hexed, base64(encode(s)) AS b64,
       encode(s) AS h, dt, CAST(dt AS VARCHAR) AS dtext, ts, i % 3 = 0 AS b, [k, k % 7, 3, 1, k % 5] AS a,
       [d, f, 1.5] AS ad, map(['a', 'b'], [k, i]) AS m, '[1, 2, ' || k || ', "x"]' AS j,
       '{"a": "' || s || '", "b": [1, 2], "c": ' || i || '}' AS jo,
       'http://host.example:80/p/' || k || '?q=' || i || '#f' AS u
FROM (
    SELECT range AS i, CAST(range * 7919 % 101 AS BIGINT) AS k,
           CAST((range * 7919 % 1000000) / 100 AS DECIMAL(18, 2)) AS n, (range * 7919 % 1000003) / 1000.0 AS d,
           (range * 104729 % 1000003) / 1000003.0 AS f, 'ab' || CAST(range * 7919 % 99991 AS VARCHAR) || ' z' AS s,
           DATE '2000-01-01' + CAST(range * 7919 % 9000 AS INTEGER) AS dt,
           TIMESTAMP '2000-01-01 00:00:00' + to_milliseconds(range * 7919 % 700000000000) AS ts
    FROM range($rows))
"""
"""A NULL in each column keeps both engines from knowing the answer without looking."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the table: a name, our text, DuckDB's or ``."""

    name: str
    ours: str
    duckdb: str

    @property
    def aggregate(self) -> bool:
        return self.ours.startswith("@")


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds a row, on so many rows; `theirs` None where there is nothing to compare with."""

    entry: Entry
    ours: float
    theirs: float | None
    rows: int

    @property
    def ratio(self) -> float | None:
        """Ours by DuckDB's; one where both are lost in noise."""
        if self.theirs is None:
            return None
        return max(self.ours, NOISE_NANOS) / max(self.theirs, NOISE_NANOS)


def read_entries() -> list[Entry]:
    """The table."""
    lines = TABLE.read_text("utf-8").splitlines()[1:]
    return [Entry(*([*line.split("\t"), "", ""])[:3]) for line in lines]


def not_measured(entries: list[Entry]) -> list[str]:
    """Functions of the catalogue that no text calls."""
    called = {name.lower() for entry in entries for name in re.findall(r"(\w+)\(", entry.ours)}
    return sorted({one.name for one in list_entries() if one.name.lower() not in called})


class Bench:
    """The two engines over the same files."""

    def __init__(self, lake: Path, runs: int) -> None:
        self._runs = runs
        self._bare = duckdb.connect(config={"threads": THREADS})
        for name, rows in (("large", ROWS), ("small", SMALL)):
            folder = lake / name
            folder.mkdir()
            file = folder / "part-0.parquet"
            with_null = f"({_COLUMNS.replace('$rows', str(rows))}) UNION ALL BY NAME (SELECT NULL AS i)"
            self._bare.execute(f"COPY ({with_null}) TO '{file}' (FORMAT parquet)")
            self._bare.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{file}')")
        properties = {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": str(lake),
        }
        self._engine = Engine({"lake": properties}, schema=("lake", "bench"), threads=THREADS)
        self._engine.run("CREATE SCHEMA bench")
        types = {"a": "array(bigint)", "ad": "array(double)", "m": "map(varchar, bigint)", "h": "varbinary"}
        for name in ("large", "small"):
            file = lake / name / "part-0.parquet"
            columns = ", ".join(f"{column} {types.get(column, kind)}" for column, kind in table_columns(file))
            self._engine.run(
                f"CREATE TABLE {name} ({columns}) WITH (format = 'PARQUET', external_location = 'local:///{name}')"
            )
        self._read: dict[tuple[str, str, bool], float] = {}

    def cost(self, entry: Entry) -> Cost:
        """Measure an entry. Raises: LodestarError, duckdb.Error for a text that does not run."""
        ours = self._nanos(entry, "small", bare=False)
        size = "small" if ours > SLOW_NANOS else "large"
        if size == "large":
            ours = self._nanos(entry, size, bare=False)
        theirs = self._nanos(entry, "large", bare=True) if entry.duckdb else None
        return Cost(entry, ours, theirs, ROWS if size == "large" else SMALL)

    def _nanos(self, entry: Entry, table: str, *, bare: bool) -> float:
        text = entry.duckdb if bare else entry.ours.removeprefix("@")
        rows = ROWS if table == "large" else SMALL
        source = table if entry.aggregate else f"(SELECT {text} AS value FROM {table})"
        whole = self._seconds(text if entry.aggregate else "count(value)", source, bare)
        return max(whole - self._reading(entry, table, bare), 0.0) / rows * 1e9

    def _reading(self, entry: Entry, table: str, bare: bool) -> float:
        """Seconds to read the columns that the entry reads."""
        known = {row[0] for row in self._bare.execute("DESCRIBE large").fetchall()}
        columns = sorted(set(re.findall(r"\b\w+\b", re.sub(r"'[^']*'", "", entry.ours))) & known)
        key = (",".join(columns), table, bare)
        if key not in self._read:
            counts = ", ".join(f"count({column})" for column in columns) or "count(*)"
            self._read[key] = self._seconds(counts, table, bare)
        return self._read[key]

    def _seconds(self, items: str, source: str, bare: bool) -> float:
        sql = f"SELECT {items} FROM {source}"
        run: Callable[[], object] = (
            (lambda: self._bare.execute(sql).fetchall()) if bare else (lambda: self._engine.run(sql))
        )
        return min(_processor_seconds(run) for _ in range(self._runs))

    def close(self) -> None:
        """Give everything back."""
        self._engine.close()
        self._bare.close()


def _processor_seconds(action: Callable[[], object]) -> float:
    """Of this process, where both engines run: what else the machine does is not counted."""
    started = time.process_time()
    action()
    return time.process_time() - started


def measure(names: list[str], runs: int) -> Iterator[Cost | str]:
    """The cost of each entry (of these names), or what went wrong with it."""
    with tempfile.TemporaryDirectory(prefix="lodestar-functions-") as directory:
        bench = Bench(Path(directory), runs)
        try:
            for entry in read_entries():
                if names and entry.name not in names:
                    continue
                try:
                    yield bench.cost(entry)
                except (LodestarError, duckdb.Error) as error:
                    yield f"{entry.name}: {str(error).splitlines()[0]}"
        finally:
            bench.close()


def main() -> int:
    """The exit code: 1 when a text did not run."""
    parser = argparse.ArgumentParser(prog="python -m integration.benchmarks.functions", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--report", type=Path, help="a table in Markdown")
    options = parser.parse_args()
    costs, failed = [], []
    for one in measure(options.names, options.runs):
        if isinstance(one, str):
            failed.append(one)
            print(f"FAILED {one}", flush=True)
            continue
        costs.append(one)
        print(_line(one), flush=True)
    beyond = [one for one in costs if one.ratio is not None and one.ratio > COMMON_LIMIT]
    print(f"not measured: {', '.join(not_measured(read_entries()))}")
    compared = [one for one in costs if one.ratio is not None]
    print(
        f"{len(costs)} measured, {len(compared)} compared with DuckDB, {len(beyond)} above {COMMON_LIMIT:g}x, "
        f"{sum(one.ratio is not None and one.ratio > FAR for one in costs)} above {FAR:g}x, {len(failed)} failed"
    )
    for one in sorted(beyond, key=lambda cost: -(cost.ratio or 0)):
        print(f"    {_line(one)}")
    if options.report is not None:
        options.report.write_text(_markdown(costs), "utf-8")
    return 1 if failed else 0


def _line(cost: Cost) -> str:
    text = f"{cost.entry.name:34} {cost.ours:10.1f} ns"
    if cost.theirs is not None:
        text += f"   DuckDB {cost.theirs:8.1f} ns   {cost.ratio:6.2f}x"
    return text + ("" if cost.rows == ROWS else f"   ({cost.rows} rows)")


def _markdown(costs: list[Cost]) -> str:
    lines = ["| function | ns a row | DuckDB | ratio | rows |", "|---|---:|---:|---:|---:|"]
    for one in costs:
        theirs = "" if one.theirs is None else f"{one.theirs:.1f}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        lines.append(f"| {one.entry.name} | {one.ours:.1f} | {theirs} | {ratio} | {one.rows} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
