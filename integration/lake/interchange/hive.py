"""The matrix of Hive tables among engines that run SQL: writer × reader × format × layout × kind of value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from integration.lake.interchange.engines import Engine, OfSpark, Peers, Refused
from integration.lake.interchange.kinds import DATE, INTEGER, KINDS, TEXTS, VARCHAR, Kind, finite, rows, told
from integration.lake.interchange.matrix import Cell, Matrix

PARTITIONS = (
    Kind("p", VARCHAR, ("a b/c=%:'\"[]{}^*?#\\", "~ ", "0", None)),
    Kind("d", DATE, (date(2024, 2, 29), None, date(1582, 10, 10))),
)


@dataclass(frozen=True, slots=True)
class Storage:
    """A format with its clauses. `settings`: those of Spark under which it writes another way."""

    name: str
    trino: str
    spark: str
    kinds: Sequence[Kind] = KINDS
    partitions: Sequence[Kind] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def partitioned(self) -> Storage:
        """The same in directories."""
        by = ", ".join(f"'{kind.name}'" for kind in PARTITIONS)
        return Storage(
            f"{self.name}_parts", f"{self.trino}, partitioned_by = ARRAY[{by}]", self.spark, self.kinds, PARTITIONS
        )


_PARQUET = "spark.sql.parquet"
_JSON = "ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe' STORED AS TEXTFILE"
_CSV = "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' STORED AS TEXTFILE"
_ODD_IN_AVRO = ("tinyint", "smallint", "char_n", "varchar_n")
_ODD_IN_JSON = ("real", "double", "varbinary")
PARQUET = Storage("parquet", "format = 'PARQUET'", "STORED AS PARQUET")
ORC = Storage("orc", "format = 'ORC'", "STORED AS ORC")
TEXT = Storage("text", "format = 'TEXTFILE'", "STORED AS TEXTFILE")
OTHERS = (
    # What a Trino refuses to keep in Avro is another row, so that the rest is a table of one piece.
    Storage("avro", "format = 'AVRO'", "STORED AS AVRO", [kind for kind in KINDS if kind.name not in _ODD_IN_AVRO]),
    Storage("avro_odd", "format = 'AVRO'", "STORED AS AVRO", [kind for kind in KINDS if kind.name in _ODD_IN_AVRO]),
    TEXT,
    # Hive's class has no bytes and no value that is no JSON; what becomes of those is another row.
    Storage("json", "format = 'JSON'", _JSON, [kind for kind in finite(KINDS) if kind.name != "varbinary"]),
    Storage("json_odd", "format = 'JSON'", _JSON, [kind for kind in KINDS if kind.type.name in _ODD_IN_JSON]),
    Storage("csv", "format = 'CSV'", _CSV, TEXTS),
    Storage("rcbinary", "format = 'RCBINARY'", "STORED AS RCFILE"),
    Storage("sequence", "format = 'SEQUENCEFILE'", "STORED AS SEQUENCEFILE"),
)
OF_SPARK = (
    Storage("parquet_legacy", "", "STORED AS PARQUET", settings=((f"{_PARQUET}.writeLegacyFormat", "true"),)),
    Storage(
        "parquet_micros", "", "STORED AS PARQUET", settings=((f"{_PARQUET}.outputTimestampType", "TIMESTAMP_MICROS"),)
    ),
    Storage("parquet_source", "", "USING parquet"),
    Storage("orc_source", "", "USING orc"),
)


def write(engine: Engine, table: str, storage: Storage) -> tuple[list[Kind], dict[str, str]]:
    """A table with what the engine takes: its kinds, and why it refuses the others."""
    taken = list(storage.kinds)
    refused: dict[str, str] = {}
    try:
        _write(engine, table, storage, taken)
    except Refused as whole:
        engine.run(f"DROP TABLE IF EXISTS {engine.catalog}.x.{table}")
        for kind in storage.kinds:
            try:
                _write(engine, f"{table}_try", storage, [kind])
            except Refused as reason:
                refused[kind.name] = str(reason)
                taken.remove(kind)
            engine.run(f"DROP TABLE IF EXISTS {engine.catalog}.x.{table}_try")
        if not taken:
            raise Refused(str(whole)) from whole
        _write(engine, table, storage, taken)
    return taken, refused


def _write(engine: Engine, table: str, storage: Storage, kinds: Sequence[Kind]) -> None:
    if isinstance(engine, OfSpark):
        for key, value in storage.settings:
            engine.run(f"SET {key}={value}")
    ident = Kind("id", VARCHAR if storage.kinds is TEXTS else INTEGER, ())
    columns = [ident, *kinds, *storage.partitions]
    engine.create(table, columns, storage)
    types = [kind.type for kind in columns]
    made = []
    for number, values in enumerate(rows(kinds)):
        places = [part.values[number % len(part.values)] for part in storage.partitions]
        made.append([str(number) if storage.kinds is TEXTS else number, *values, *places])
    try:
        engine.insert(table, [(types, values) for values in made])
    finally:
        if isinstance(engine, OfSpark):
            for key, _ in storage.settings:
                engine.run(f"RESET {key}")


def check(matrix: Matrix, table: str, storage: Storage, writer: str, reader: Engine, kinds: Sequence[Kind]) -> None:
    """Read a table, a kind at a time when it is not readable as a whole, and put down what came of it."""
    ident = Kind("id", VARCHAR if storage.kinds is TEXTS else INTEGER, ())
    wanted = rows(kinds)
    parts = {part.name: [part.values[i % len(part.values)] for i in range(len(wanted))] for part in storage.partitions}
    every = [*kinds, *storage.partitions]
    expected = {
        kind.name: parts[kind.name] if kind.name in parts else [row[i] for row in wanted]
        for i, kind in enumerate(every)
    }
    try:
        groups: list[tuple[Sequence[Kind], list[list[str]] | str]] = [
            (every, reader.read(table, [(kind.name, kind.type) for kind in (ident, *every)]))
        ]
    except Refused:
        groups = []
        for kind in every:
            try:
                groups.append(([kind], reader.read(table, [(one.name, one.type) for one in (ident, kind)])))
            except Refused as reason:
                groups.append(([kind], str(reason)))
    for chosen, found in groups:
        if isinstance(found, str):
            matrix.put(storage.name, writer, reader.name, chosen[0].name, Cell("refused", found))
            continue
        ordered = sorted(found, key=lambda row: int(row[0].strip("'")))
        for i, kind in enumerate(chosen, 1):
            values = [row[i] for row in ordered]
            right = [told(kind.type, one) for one in expected[kind.name]]
            matrix.put(storage.name, writer, reader.name, kind.name, _judged(right, values))


def _judged(right: Sequence[str], found: Sequence[str]) -> Cell:
    if list(right) == list(found):
        return Cell("ok")
    if len(right) != len(found):
        return Cell("WRONG", f"{len(found)} rows instead of {len(right)}")
    pairs = [(a, b) for a, b in zip(right, found, strict=True) if a != b]
    verdict = "NULLED" if any(b == "NULL" for _, b in pairs) else "WRONG"
    return Cell(verdict, "; ".join(f"{a[:60]} → {b[:60]}" for a, b in pairs[:3]))


def storages(*, everything: bool) -> Iterator[Storage]:
    """What is tried."""
    yield PARQUET.partitioned()
    yield ORC.partitioned()
    if everything:
        yield PARQUET
        yield ORC
        yield from OTHERS
        yield TEXT.partitioned()


def run(peers: Peers, matrix: Matrix, *, everything: bool) -> None:
    """Everybody writes, everybody reads."""
    for storage in storages(everything=everything):
        for writer in peers.engines:
            cells(peers.engines, matrix, storage, writer)
    if everything:
        for storage in OF_SPARK:
            cells(peers.engines, matrix, storage, peers.spark)


def cells(readers: Sequence[Engine], matrix: Matrix, storage: Storage, writer: Engine) -> None:
    """What one of them writes, all read."""
    table = f"{storage.name}_{writer.name}"
    try:
        kinds, refused = write(writer, table, storage)
    except Refused as reason:
        matrix.put(storage.name, writer.name, "-", "all", Cell("refused", str(reason)))
        return
    for name, why in refused.items():
        matrix.put(storage.name, writer.name, "-", name, Cell("refused", why))
    for reader in readers:
        check(matrix, table, storage, writer.name, reader, kinds)
