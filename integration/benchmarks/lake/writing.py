"""CREATE TABLE AS into each format, against pyarrow (or the library that is fastest at it) writing the same rows."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
    """Two million rows of lineitem; of Avro, which others write row by row, a tenth. `tpch`: a directory per table."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        _make_sources(tpch / "lineitem" / "part-0.parquet", root)
        hive = local_catalog(root, hive_max__partitions__per__writers="200")
        iceberg = {key: value for key, value in local_catalog(root).items() if key != "hive.metastore"}
        iceberg |= {"connector.name": "iceberg", "iceberg.catalog.type": "TESTING_FILE_METASTORE"}
        with Serving({"hive": hive, "iceberg": iceberg}) as server:
            server.run("CREATE SCHEMA hive.s")
            server.run("CREATE SCHEMA iceberg.ice WITH (location = 'local:///ice')")
            for name in ("lineitem", "texts", "some"):
                columns = ", ".join(f"{name} {kind}" for name, kind in table_columns(_source(root, name)))
                server.run(
                    f"CREATE TABLE hive.s.{name} ({columns}) "
                    f"WITH (format = 'PARQUET', external_location = 'local:///{name}')"
                )
            yield from _compare(server, root, runs)


def _compare(server: Serving, root: Path, runs: int) -> Iterator[Figure]:
    for form, (codec, table, write) in _WRITERS.items():
        made = _Made(form, "hive.s.made", codec, f"format = '{form}'", f"* FROM hive.s.{table}")
        yield from _one(server, made, partial(write, _source(root, table)), root, runs)
    rows = f"*, l_suppkey % {_PARTITIONS} AS part FROM hive.s.lineitem"
    lineitem, title = _source(root, "lineitem"), f"PARQUET, {_PARTITIONS} partitions"
    hive = _Made(title, "hive.s.made", "ZSTD", "format = 'PARQUET', partitioned_by = ARRAY['part']", rows)
    yield from _one(server, hive, partial(_dataset, lineitem), root, runs)
    iceberg = _Made(f"Iceberg's {title}", "iceberg.ice.made", "ZSTD", "partitioning = ARRAY['part']", rows)
    yield from _one(server, iceberg, partial(_dataset, lineitem), root, runs)
    whole = _Made("Iceberg's PARQUET", "iceberg.ice.made", "ZSTD", "format = 'PARQUET'", "* FROM hive.s.lineitem")
    yield from _one(server, whole, partial(_parquet, lineitem), root, runs)
    avro = _Made("Iceberg's AVRO", "iceberg.ice.made", "ZSTD", "format = 'AVRO'", "* FROM hive.s.some")
    yield from _one(server, avro, partial(_avro, _source(root, "some")), root, runs)


@dataclass(frozen=True, slots=True)
class _Made:
    """A table that is made. `table` with its catalog; `select`: what follows SELECT."""

    title: str
    table: str
    codec: str
    properties: str
    select: str


def _one(server: Serving, made: _Made, other: Callable[[Path], object], root: Path, runs: int) -> Iterator[Figure]:
    ours, best = [], []
    theirs = root / "theirs"
    before = resident_bytes(server.server.pid)
    sql = f"CREATE TABLE {made.table} WITH ({made.properties}) AS SELECT {made.select}"
    with _Watching(server.server.pid) as watching:
        setting = {"X_Trino_Session": f"{made.table.partition('.')[0]}.compression_codec={made.codec}"}
        for _ in range(runs):
            ours.append(seconds_of(lambda: server.run(sql, **setting)))
            server.run(f"DROP TABLE {made.table}")
            theirs.mkdir()
            best.append(seconds_of(lambda: other(theirs)))
            shutil.rmtree(theirs)
    yield Figure(f"CTAS of lineitem as {made.title}: ours", min(ours) * 1000, "ms")
    yield Figure(f"CTAS as {made.title}: speed / {_rival(made)}'s", min(best) / min(ours), "x", GOAL, at_most=False)
    grown = max(0, watching.most - before)
    yield Figure(f"CTAS as {made.title}: growth of the server", grown / 2**20, "MiB", MOST_GROWTH / 2**20)


def _rival(made: _Made) -> str:
    return "fastavro" if "AVRO" in made.title else "pyarrow"


def _source(root: Path, table: str) -> Path:
    return root / table / "part-0.parquet"


def _make_sources(lineitem: Path, root: Path) -> None:
    """The first rows, in the plain types that every writer knows, and all as texts: a table of CSV has no others."""
    rows = pa.Table.from_batches([next(pq.ParquetFile(lineitem).iter_batches(_ROWS))])
    kinds = [pa.string() if pa.types.is_string_view(one.type) else one.type for one in rows.schema]
    sources = (("lineitem", _ROWS, kinds), ("texts", _ROWS, [pa.string()] * len(kinds)), ("some", _ROWS // 10, kinds))
    for name, count, types in sources:
        (root / name).mkdir()
        made = rows.slice(0, count).cast(pa.schema(list(zip(rows.schema.names, types, strict=True))))
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


def _avro(source: Path, target: Path) -> None:
    """Its rows are dictionaries: making them is a small part of its time."""
    import fastavro

    reader = _batches(source)
    fields = [{"name": one.name, "type": ["null", _avro_type(one.type)]} for one in reader.schema]
    schema = fastavro.parse_schema({"type": "record", "name": "lineitem", "fields": fields})
    with (target / "one.avro").open("wb") as stream:
        records = (row for batch in reader for row in batch.to_pylist())
        fastavro.writer(stream, schema, records, codec="zstandard", sync_interval=1 << 16)


def _avro_type(kind: pa.DataType) -> Any:
    if pa.types.is_decimal(kind):
        return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
    if pa.types.is_date(kind):
        return {"type": "int", "logicalType": "date"}
    return {pa.int32(): "int", pa.int64(): "long", pa.float64(): "double"}.get(kind, "string")


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
    "AVRO": ("ZSTD", "some", _avro),
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
