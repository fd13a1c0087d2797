"""TPC-DS of scale 1 as Parquet, and the 99 query texts, from DuckDB's extension in an environment of its own.

The extension of the package index fits an older DuckDB than ours, and needs no other download.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from integration.toolbox.environments import python_with

VERSION = "1.5.5"
_GENERATE = """
import json, pathlib, sys
import duckdb, duckdb_extension_tpcds
target, scale = pathlib.Path(sys.argv[1]), sys.argv[2]
found = pathlib.Path(duckdb_extension_tpcds.__file__).parent.rglob("tpcds.duckdb_extension")
connection = duckdb.connect(config={"allow_unsigned_extensions": True})
connection.execute(f"LOAD '{next(found)}'")
connection.execute(f"CALL dsdgen(sf={scale})")
for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
    (target / table).mkdir()
    connection.execute(f"COPY {table} TO '{target}/{table}/part-0.parquet' (FORMAT parquet, COMPRESSION zstd)")
texts = connection.execute("SELECT query_nr, query FROM tpcds_queries() ORDER BY 1").fetchall()
pathlib.Path(sys.argv[3]).write_text(json.dumps(dict(texts)))
"""
_DATE_TEXT = re.compile(r"(?<!DATE )'(\d{4}-\d\d-\d\d)'(?!\s+AS\s)", re.IGNORECASE)


def make_tpcds(directory: Path, scale: int, say: Callable[[str], None]) -> Path:
    """The directory, with `<table>/part-0.parquet` inside and the texts beside it; what is there already is kept."""
    if directory.exists():
        return directory
    say(f"generating TPC-DS, scale {scale}, as Parquet (about {90 * scale} s)")
    python = python_with(f"duckdb=={VERSION}", f"duckdb-extension-tpcds=={VERSION}", name="tpcds")
    part = directory.with_name(directory.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    subprocess.run([python, "-c", _GENERATE, part, str(scale), _texts(directory)], check=True)
    part.rename(directory)
    return directory


def query_texts(directory: Path) -> dict[int, str]:
    """The 99 texts by number, as both engines can read them.

    Where DuckDB compares dates with texts, Trino wants a date; where it adds days to a date, an interval; and
    grouping() in ORDER BY needs the column of FROM, not the one of the SELECT list that has its name.
    """
    given = json.loads(_texts(directory).read_text())
    return {int(number): _for_both(text.strip().rstrip(";")) for number, text in given.items()}


def _texts(directory: Path) -> Path:
    return directory.with_name(directory.name + "-queries.json")


def _for_both(text: str) -> str:
    text = _DATE_TEXT.sub(r"DATE '\1'", text)
    text = re.sub(r"d1\.d_date \+ (\d+)", r"d1.d_date + INTERVAL '\1' DAY", text)
    head, by, order = text.rpartition("ORDER BY")
    for column, table in (("s_state", "store"), ("s_county", "store"), ("i_category", "item"), ("i_class", "item")):
        order = order.replace(f"grouping({column})", f"grouping({table}.{column})")
    return head + by + order
