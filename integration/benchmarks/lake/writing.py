"""CREATE TABLE AS into each format, against pyarrow (or the library that is fastest at it) writing the same rows."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.orc
import pyarrow.parquet as pq

from integration.benchmarks.figures import Figure, seconds_of
from integration.benchmarks.lake.places import Serving, local_catalog
from integration.demo.data import table_columns
from integration.toolbox.process import resident_bytes

GOAL = 0.6
MOST_GROWTH = 1 << 30
"""Bytes that a server may grow while it writes."""
_PARTITIONS = 50
_ROWS = 2_000_000


def time_writing(tpch: Path, runs: int) -> Iterator[Figure]:
    """Two million rows of lineitem. `tpch`: a directory per table."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        _make_sources(tpch / "lineitem" / "part-0.parquet", root)
        with Serving({"hive": local_catalog(root, hive_max__partitions__per__writers="200")}) as server:
            server.run("CREATE SCHEMA hive.s")
            for name in ("lineitem", "texts"):
                columns = ", ".join(f"{name} {kind}" for name, kind in table_columns(_source(root, name)))
                server.run(
                    f"CREATE TABLE hive.s.{name} ({columns}) "
                    f"WITH (format = 'PARQUET', external_location = 'local:///{name}')"
                )
            yield from _compare(server, root, runs)


def _compare(server: Serving, root: Path, runs: int) -> Iterator[Figure]:
    theirs = root / "theirs"
    for form, (codec, table, write) in _WRITERS.items():
        sql = f"CREATE TABLE hive.s.made WITH (format = '{form}') AS SELECT * FROM hive.s.{table}"
        other = partial(write, _source(root, table), theirs)
        yield from _one(server, form, codec, sql, other, theirs, runs)
    sql = (
        "CREATE TABLE hive.s.made WITH (format = 'PARQUET', partitioned_by = ARRAY['part']) AS "
        f"SELECT *, l_suppkey % {_PARTITIONS} AS part FROM hive.s.lineitem"
    )
    other = partial(_dataset, _source(root, "lineitem"), theirs)
    yield from _one(server, f"PARQUET, {_PARTITIONS} partitions", "ZSTD", sql, other, theirs, runs)


def _one(
    server: Serving, name: str, codec: str, sql: str, other: Callable[[], object], theirs: Path, runs: int
) -> Iterator[Figure]:
    ours, best = [], []
    before = resident_bytes(server.server.pid)
    with _Watching(server.server.pid) as watching:
        setting = {"X_Trino_Session": f"hive.compression_codec={codec}"}
        for _ in range(runs):
            ours.append(seconds_of(lambda: server.run(sql, **setting)))
            server.run("DROP TABLE hive.s.made")
            theirs.mkdir()
            best.append(seconds_of(other))
            shutil.rmtree(theirs)
    yield Figure(f"CTAS of 2 million rows as {name}: ours", min(ours) * 1000, "ms")
    yield Figure(f"CTAS as {name}: speed / pyarrow's", min(best) / min(ours), "x", GOAL, at_most=False)
    grown = max(0, watching.most - before)
    yield Figure(f"CTAS as {name}: growth of the server", grown / 2**20, "MiB", MOST_GROWTH / 2**20)


def _source(root: Path, table: str) -> Path:
    return root / table / "part-0.parquet"


def _make_sources(lineitem: Path, root: Path) -> None:
    """The first rows, in the plain types that every writer knows, and all as texts: a table of CSV has no others."""
    rows = pa.Table.from_batches([next(pq.ParquetFile(lineitem).iter_batches(_ROWS))])
    kinds = [pa.string() if pa.types.is_string_view(one.type) else one.type for one in rows.schema]
    for name, types in (("lineitem", kinds), ("texts", [pa.string()] * len(kinds))):
        (root / name).mkdir()
        made = rows.cast(pa.schema(list(zip(rows.schema.names, types, strict=True))))
        pq.write_table(made, _source(root, name), row_group_size=1 << 17)


def _batches(source: Path) -> pa.RecordBatchReader:
    file = pq.ParquetFile(source)
    return pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(1 << 16))


def _parquet(source: Path, target: Path) -> None:
    reader = _batches(source)
    with pq.ParquetWriter(target / "one.parquet", reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def _orc(source: Path, target: Path) -> None:
    with pyarrow.orc.ORCWriter(target / "one.orc", compression="zstd") as writer:
        for batch in _batches(source):
            writer.write(pa.Table.from_batches([batch]))


def _csv(source: Path, target: Path, quoting: str = "needed") -> None:
    options = pyarrow.csv.WriteOptions(quoting_style=quoting, include_header=False)
    reader = _batches(source)
    with pyarrow.csv.CSVWriter(target / "one.csv", reader.schema, write_options=options) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _dataset(source: Path, target: Path) -> None:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    reader = _batches(source)
    schema = reader.schema.append(pa.field("part", pa.int64()))

    def numbered() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            keys = batch.column("l_suppkey").cast(pa.int64())
            whole = pc.multiply(pc.divide(keys, _PARTITIONS), _PARTITIONS)
            yield batch.append_column(schema.field("part"), pc.subtract(keys, whole))

    ds.write_dataset(
        numbered(),
        target,
        schema=schema,
        format="parquet",
        partitioning=ds.partitioning(pa.schema([("part", pa.int64())]), flavor="hive"),
        file_options=ds.ParquetFileFormat().make_write_options(compression="zstd"),
    )


_WRITERS: dict[str, tuple[str, str, Callable[[Path, Path], None]]] = {
    "PARQUET": ("ZSTD", "lineitem", _parquet),
    "ORC": ("ZSTD", "lineitem", _orc),
    "TEXTFILE": ("NONE", "lineitem", _csv),
    # Hive's CSV has every value in quotes.
    "CSV": ("NONE", "texts", partial(_csv, quoting="all_valid")),
}
"""By format: the codec of both sides, the table, and the other side."""


class _Watching:
    """The most that a process has had in memory; looked at every tenth of a second."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.most = 0

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            self.most = max(self.most, resident_bytes(self._pid))

    def __enter__(self) -> _Watching:
        self._thread.start()
        return self

    def __exit__(self, *fault: Any) -> None:
        self._ended.set()
        self._thread.join()
