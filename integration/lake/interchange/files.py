"""Hive tables between engines: what our server writes others read, and what others write it reads.

Each format × kind of value × partitioned or not, and the printed matrix says of each whether every value came back as
it was: `ok`, or `-` where the format has no such value. Others are pyarrow, DuckDB, pyorc, fastavro and plain Python.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pyorc

from integration.toolbox.lanes import Failed
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements

PARTITIONS = ("a b/c=%", "z", None)
ROWS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its SQL type, values as SQL, as Python has them, as the protocol's JSON has them."""

    name: str
    sql_type: str
    sql: tuple[str, str]
    python: tuple[Any, Any]
    wire: tuple[Any, Any]
    arrow: pa.DataType
    avro: Any


def _ts(text: str) -> datetime:
    return datetime.fromisoformat(text)


KINDS: Sequence[Kind] = (
    Kind("boolean", "boolean", ("true", "false"), (True, False), (True, False), pa.bool_(), "boolean"),
    Kind("integer", "integer", ("-5", "2147483647"), (-5, 2**31 - 1), (-5, 2**31 - 1), pa.int32(), "int"),
    Kind(
        "bigint",
        "bigint",
        ("9223372036854775807", "-9223372036854775808"),
        (2**63 - 1, -(2**63)),
        (2**63 - 1, -(2**63)),
        pa.int64(),
        "long",
    ),
    Kind("real", "real", ("REAL '1.5'", "REAL '-0.25'"), (1.5, -0.25), (1.5, -0.25), pa.float32(), "float"),
    Kind("double", "double", ("1e300", "-2.5e-7"), (1e300, -2.5e-7), (1e300, -2.5e-7), pa.float64(), "double"),
    Kind(
        "decimal",
        "decimal(25,3)",
        ("DECIMAL '-1234567890123456789012.125'", "DECIMAL '0.001'"),
        (Decimal("-1234567890123456789012.125"), Decimal("0.001")),
        ("-1234567890123456789012.125", "0.001"),
        pa.decimal128(25, 3),
        {"type": "bytes", "logicalType": "decimal", "precision": 25, "scale": 3},
    ),
    Kind(
        "varchar",
        "varchar",
        ("'żółw, \"q\" \\ 🐢'", "''"),
        ('żółw, "q" \\ 🐢', ""),
        ('żółw, "q" \\ 🐢', ""),
        pa.string(),
        "string",
    ),
    Kind(
        "varbinary", "varbinary", ("X'00ff10'", "X'61'"), (b"\0\xff\x10", b"a"), ("AP8Q", "YQ=="), pa.binary(), "bytes"
    ),
    Kind(
        "date",
        "date",
        ("DATE '2024-02-29'", "DATE '1582-10-10'"),
        (date(2024, 2, 29), date(1582, 10, 10)),
        ("2024-02-29", "1582-10-10"),
        pa.date32(),
        {"type": "int", "logicalType": "date"},
    ),
    Kind(
        "timestamp",
        "timestamp(3)",
        ("TIMESTAMP '2024-02-29 12:34:56.789'", "TIMESTAMP '1901-01-01 00:00:00.001'"),
        (_ts("2024-02-29 12:34:56.789"), _ts("1901-01-01 00:00:00.001")),
        ("2024-02-29 12:34:56.789", "1901-01-01 00:00:00.001"),
        pa.timestamp("ns"),
        {"type": "long", "logicalType": "timestamp-millis"},
    ),
    Kind(
        "array",
        "array(integer)",
        ("ARRAY[1, NULL, -3]", "ARRAY[]"),
        ([1, None, -3], []),
        ([1, None, -3], []),
        pa.list_(pa.int32()),
        {"type": "array", "items": ["null", "int"]},
    ),
    Kind(
        "map",
        "map(varchar, bigint)",
        ("MAP(ARRAY['k', 'ł'], ARRAY[1, NULL])", "MAP()"),
        ({"k": 1, "ł": None}, {}),
        ({"k": 1, "ł": None}, {}),
        pa.map_(pa.string(), pa.int64()),
        {"type": "map", "values": ["null", "long"]},
    ),
    Kind(
        "row",
        "row(x integer, y varchar)",
        ("CAST(ROW(7, 'z') AS ROW(x integer, y varchar))", "CAST(ROW(NULL, NULL) AS ROW(x integer, y varchar))"),
        ({"x": 7, "y": "z"}, {"x": None, "y": None}),
        ([7, "z"], [None, None]),
        pa.struct([("x", pa.int32()), ("y", pa.string())]),
        {
            "type": "record",
            "name": "inner",
            "fields": [{"name": "x", "type": ["null", "int"]}, {"name": "y", "type": ["null", "string"]}],
        },
    ),
)
_CSV_TEXT = 'żółw, "q" 🐢'
TEXTS = (Kind("varchar", "varchar", (f"'{_CSV_TEXT}'", "''"), (_CSV_TEXT, ""), (_CSV_TEXT, ""), pa.string(), "string"),)
"""What CSV has: without backslashes, which Hive's writer leaves alone and its reader takes for escapes."""


# files of ours, read by others: columns by name, values as in `Kind.python`

Columns = Mapping[str, list[Any]]


def _of_arrow(table: pa.Table) -> Columns:
    return {
        name: [
            dict(one) if isinstance(one, list) and pa.types.is_map(column.type) else one for one in column.to_pylist()
        ]
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _moment(value: Any) -> Any:
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


def with_pyarrow_parquet(path: Path) -> Columns:
    """Parquet."""
    return _of_arrow(pq.ParquetFile(path).read())


def with_duckdb_parquet(path: Path) -> Columns:
    """Parquet."""
    with duckdb.connect() as connection:
        return _of_arrow(connection.read_parquet(str(path), hive_partitioning=False).to_arrow_table())


def with_pyarrow_orc(path: Path) -> Columns:
    """ORC."""
    return _of_arrow(orc.ORCFile(path).read())


def with_pyorc(path: Path) -> Columns:
    """ORC."""
    with path.open("rb") as file:
        reader = pyorc.Reader(file, struct_repr=pyorc.StructRepr.DICT)
        rows = list(reader)
    found: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    found["timestamp"] = [None if one is None else one.replace(tzinfo=None) for one in found["timestamp"]]
    return found


def with_fastavro(path: Path) -> Columns:
    """Avro."""
    with path.open("rb") as file:
        rows: list[Any] = list(fastavro.reader(file))
    found = {name: [row[name] for row in rows] for name in rows[0]}
    found["timestamp"] = [None if one is None else one.replace(tzinfo=None) for one in found["timestamp"]]
    return found


def _lines(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().split("\n")[:-1]


_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "integer": int,
    "bigint": int,
    "real": float,
    "double": float,
    "decimal": Decimal,
    "varchar": str,
    "varbinary": base64.b64decode,
    "date": date.fromisoformat,
    "timestamp": _ts,
    "array": lambda text: [None if one == "\\N" else int(one) for one in text.split("\x02")] if text else [],
    "map": lambda text: {
        one.split("\x03")[0]: None if one.split("\x03")[1] == "\\N" else int(one.split("\x03")[1])
        for one in (text.split("\x02") if text else [])
    },
    "row": lambda text: {
        name: None if one == "\\N" else convert(one)
        for (name, convert), one in zip((("x", int), ("y", str)), text.split("\x02"), strict=True)
    },
}


def with_python_text(path: Path) -> Columns:
    """Lines of LazySimpleSerDe."""
    rows = [line.split("\x01") for line in _lines(path)]
    return {
        kind.name: [None if row[i] == "\\N" else _FROM_TEXT[kind.name](row[i]) for row in rows]
        for i, kind in enumerate(KINDS)
    }


def with_python_json(path: Path) -> Columns:
    """An object per line. Bytes are text there, so that those that are no text are lost."""
    rows = [json.loads(line, parse_float=Decimal) for line in _lines(path)]
    reads: dict[str, Callable[[Any], Any]] = {
        "real": float,
        "double": float,
        "decimal": Decimal,
        "date": date.fromisoformat,
        "timestamp": _ts,
    }
    return {
        kind.name: [
            None if row[kind.name] is None else reads.get(kind.name, lambda one: one)(row[kind.name]) for row in rows
        ]
        for kind in KINDS
    }


def with_python_csv(path: Path) -> Columns:
    """Lines of OpenCSVSerde; without any value a line is empty."""
    return {"varchar": [row[0] if row else None for row in csv.reader(io.StringIO("\n".join(_lines(path)) + "\n"))]}


# files of others


def _arrow_table() -> pa.Table:
    return pa.table({kind.name: pa.array([*kind.python, None], kind.arrow) for kind in KINDS})


def by_pyarrow_parquet(path: Path) -> None:
    """Parquet."""
    pq.write_table(_arrow_table(), path)


def by_duckdb_parquet(path: Path) -> None:
    """Parquet."""
    with duckdb.connect() as connection:
        connection.register("made", _arrow_table())
        connection.execute(f"COPY (SELECT * FROM made) TO '{path}' (FORMAT parquet)")


def by_pyarrow_orc(path: Path) -> None:
    """ORC."""
    orc.write_table(_arrow_table(), path)


def by_pyorc(path: Path) -> None:
    """ORC."""
    schema = (
        "struct<boolean:boolean,integer:int,bigint:bigint,real:float,double:double,decimal:decimal(25,3),"
        "varchar:string,varbinary:binary,date:date,timestamp:timestamp,array:array<int>,map:map<string,bigint>,"
        "row:struct<x:int,y:string>>"
    )
    with path.open("wb") as file, pyorc.Writer(file, schema, struct_repr=pyorc.StructRepr.DICT) as writer:
        for row in _records():
            moment = row["timestamp"]
            writer.write({**row, "timestamp": None if moment is None else moment.replace(tzinfo=UTC)})


def _records() -> list[dict[str, Any]]:
    return [{kind.name: [*kind.python, None][i] for kind in KINDS} for i in range(ROWS)]


def by_fastavro(path: Path) -> None:
    """Avro."""
    fields = [{"name": kind.name, "type": ["null", kind.avro]} for kind in KINDS]
    schema = fastavro.parse_schema({"type": "record", "name": "r", "fields": fields})
    rows = []
    for row in _records():
        moment = row["timestamp"]
        millis = None if moment is None else (moment - datetime(1970, 1, 1)) // timedelta(milliseconds=1)
        rows.append({**row, "timestamp": millis})
    with path.open("wb") as file:
        fastavro.writer(file, schema, rows, codec="deflate")


def by_python_json(path: Path) -> None:
    """An object per line."""

    def plain(value: Any) -> Any:
        return value.isoformat(" ") if isinstance(value, datetime) else str(value)

    rows = [{**row, "varbinary": None if row["varbinary"] is None else "a"} for row in _records()]
    path.write_text("".join(json.dumps(row, default=plain) + "\n" for row in rows))


def by_duckdb_csv(path: Path) -> None:
    """CSV with quotes and doubled quotes, and with backslashes only where Hive's parser leaves them."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES ('{_CSV_TEXT}'), ('')) t(varchar))"
            f" TO '{path}' (FORMAT csv, HEADER, FORCE_QUOTE *)"
        )


@dataclass(frozen=True, slots=True)
class Format:
    """Readers of our files and writers of theirs; kinds that do not survive in it by nature."""

    name: str
    kinds: Sequence[Kind]
    readers: Mapping[str, Callable[[Path], Columns]]
    writers: Mapping[str, Callable[[Path], None]]
    lossy: frozenset[str] = frozenset()
    properties: str = ""


FORMATS = (
    Format(
        "PARQUET",
        KINDS,
        {"pyarrow": with_pyarrow_parquet, "duckdb": with_duckdb_parquet},
        {"pyarrow": by_pyarrow_parquet, "duckdb": by_duckdb_parquet},
    ),
    Format(
        "ORC",
        KINDS,
        {"pyarrow": with_pyarrow_orc, "pyorc": with_pyorc},
        {"pyarrow": by_pyarrow_orc, "pyorc": by_pyorc},
    ),
    Format("AVRO", KINDS, {"fastavro": with_fastavro}, {"fastavro": by_fastavro}),
    Format("TEXTFILE", KINDS, {"python": with_python_text}, {}),
    Format("JSON", KINDS, {"python": with_python_json}, {"python": by_python_json}, frozenset({"varbinary"})),
    Format(
        "CSV",
        TEXTS,
        {"python": with_python_csv},
        {"duckdb": by_duckdb_csv},
        frozenset(),
        ", skip_header_line_count = 1",
    ),
)


class Lane:
    """One server, its warehouse, and what was found."""

    def __init__(self, statements: Statements, root: Path) -> None:
        self._statements = statements
        self._root = root
        self.matrix: dict[str, dict[str, str]] = {}

    def run(self, sql: str) -> list[list[Any]]:
        """Rows. Raises: Failed."""
        outcome = self._statements.run(sql)
        if outcome.error is not None:
            raise Failed(f"{outcome.error_name}: {outcome.error['message']}: {sql}")
        return outcome.rows

    def note(self, lane: str, form: Format, name: str, expected: Sequence[Any], found: Sequence[Any]) -> None:
        """A cell of the matrix."""
        good = list(expected) == [_moment(one) for one in found]
        self.matrix.setdefault(lane, {})[name] = "ok" if good else "WRONG"
        if not good:
            print(f"{lane}, {name}: expected {expected}, found {found}")

    def ours(self, form: Format, *, partitioned: bool) -> None:
        """We write, others read."""
        table = f"w_{form.name.lower()}_{int(partitioned)}"
        kinds = form.kinds
        columns = ", ".join(f'"{kind.name}" {kind.sql_type}' for kind in kinds)
        extra = ", p varchar" if partitioned else ""
        by = ", partitioned_by = ARRAY['p']" if partitioned else ""
        self.run(f"CREATE TABLE hive.x.{table} ({columns}{extra}) WITH (format = '{form.name}'{by})")
        for partition in PARTITIONS if partitioned else (None,):
            shown = "NULL" if partition is None else f"'{partition}'"
            rows = [", ".join([kind.sql[i] for kind in kinds] + [shown] * partitioned) for i in (0, 1)]
            rows.append(", ".join(["NULL"] * len(kinds) + [shown] * partitioned))
            self.run(f"INSERT INTO hive.x.{table} VALUES " + ", ".join(f"({row})" for row in rows))
        lane = f"{form.name} by us{', partitioned' if partitioned else ''}"
        self._check(lane + ", read by us", form, table, partitioned)
        for reader, read in form.readers.items():
            found: dict[str, list[Any]] = {}
            places = set()
            for path in sorted((self._root / "metastore" / "x" / table).rglob("*")):
                if path.is_file() and not any(
                    part.startswith((".", "_lode")) for part in path.relative_to(self._root).parts
                ):
                    for name, values in read(path).items():
                        found.setdefault(name, []).extend(values)
                    places.add(unquote(path.parent.name))
            if partitioned and places != {"p=a b/c=%", "p=z", "p=__HIVE_DEFAULT_PARTITION__"}:
                raise Failed(f"{lane}: partitions {places}")
            for kind in kinds:
                expected = [*kind.python, None] * (len(PARTITIONS) if partitioned else 1)
                if kind.name in form.lossy:
                    self.matrix.setdefault(f"{lane}, read by {reader}", {})[kind.name] = "-"
                else:
                    self.note(
                        f"{lane}, read by {reader}", form, kind.name, _sorted(expected), _sorted(found[kind.name])
                    )

    def _check(self, lane: str, form: Format, table: str, partitioned: bool) -> None:
        for kind in form.kinds:
            rows = self.run(f'SELECT "{kind.name}" FROM hive.x.{table}')
            expected = [*kind.wire, None] * (len(PARTITIONS) if partitioned else 1)
            if kind.name in form.lossy:
                self.matrix.setdefault(lane, {})[kind.name] = "-"
            else:
                self.note(lane, form, kind.name, _sorted(expected), _sorted([row[0] for row in rows]))

    def theirs(self, form: Format, writer: str, write: Callable[[Path], None]) -> None:
        """Others write, we read."""
        place = f"{form.name.lower()}_{writer}"
        directory = self._root / "theirs" / place
        directory.mkdir(parents=True)
        write(directory / "file")
        columns = ", ".join(f'"{kind.name}" {kind.sql_type}' for kind in form.kinds)
        self.run(
            f"CREATE TABLE hive.x.r_{place} ({columns}) WITH (format = '{form.name}',"
            f" external_location = 'local:///theirs/{place}'{form.properties})"
        )
        for kind in form.kinds:
            rows = [row[0] for row in self.run(f'SELECT "{kind.name}" FROM hive.x.r_{place}')]
            expected: list[Any] = [*kind.wire, None]
            if form.name == "CSV":
                expected = [_CSV_TEXT, ""]
            elif kind.name in form.lossy:
                expected = ["YQ==", "YQ==", None]
            self.note(f"{form.name} by {writer}, read by us", form, kind.name, _sorted(expected), _sorted(rows))


def _sorted(values: Sequence[Any]) -> list[Any]:
    return sorted(values, key=repr)


def main() -> None:
    """Raises: Failed."""
    root = Path(tempfile.mkdtemp(prefix="interchange-"))
    catalog = {
        "connector.name": "hive",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.local.enabled": "true",
        "local.location": str(root),
        "hive.non-managed-table-writes-enabled": "true",
    }
    try:
        with Lodestar({"hive": catalog}) as server:
            lane = Lane(Statements(server.url, X_Trino_Client_Capabilities="PARAMETRIC_DATETIME"), root)
            lane.run("CREATE SCHEMA hive.x")
            for form in FORMATS:
                for partitioned in (False, True):
                    lane.ours(form, partitioned=partitioned)
                for writer, write in form.writers.items():
                    lane.theirs(form, writer, write)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    names = [kind.name for kind in KINDS]
    print(f"{'':50}" + " ".join(f"{name[:9]:9}" for name in names))
    for row, cells in lane.matrix.items():
        print(f"{row:50}" + " ".join(f"{cells.get(name, '-'):9}" for name in names))
    wrong = sum(cell == "WRONG" for cells in lane.matrix.values() for cell in cells.values())
    if wrong:
        raise Failed(f"{wrong} of {sum(map(len, lane.matrix.values()))} kinds of values did not come back as they were")
