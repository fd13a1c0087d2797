"""The tables that random queries read: every type, NULLs and ends of ranges; partitions that predicates reach."""

from __future__ import annotations

from pathlib import Path
from random import Random

from integration.fuzz.expressions import Column
from integration.fuzz.literals import NESTED, NUMBERS, SCALARS, literal
from integration.toolbox.inprocess import Engine
from lodestar_server.spi.types import BIGINT, BOOLEAN, DATE, DOUBLE, INTEGER, VARCHAR, DecimalType, Type, VarcharType

ROWS = 14
"""Of a table."""
_DATA_SEED = 4711
_LAKE = "lake.fuzz.parts"
_LAKE_COLUMNS = (
    ("k", BIGINT),
    ("i", INTEGER),
    ("d", DOUBLE),
    ("n", DecimalType(18, 3)),
    ("v", VARCHAR),
    ("b", BOOLEAN),
    ("pv", VarcharType(5)),
    ("pd", DATE),
    ("pi", INTEGER),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "memory.fuzz.numbers": tuple(Column(f"c{place}", one) for place, one in enumerate((BIGINT, BOOLEAN, *NUMBERS))),
    "memory.fuzz.scalars": tuple(Column(f"c{place}", one) for place, one in enumerate((BIGINT, *SCALARS[10:]))),
    "memory.fuzz.nested": tuple(Column(f"c{place}", one) for place, one in enumerate((BIGINT, *NESTED))),
    _LAKE: tuple(Column(name, one) for name, one in _LAKE_COLUMNS),
    "tpch.tiny.nation": (
        Column("nationkey", BIGINT),
        Column("name", VarcharType(25)),
        Column("regionkey", BIGINT),
        Column("comment", VarcharType(152)),
    ),
    "tpch.tiny.region": (Column("regionkey", BIGINT), Column("name", VarcharType(25))),
}
"""Columns by table; the first is a small number, to join by."""


def catalogs(lake: Path) -> dict[str, dict[str, str]]:
    """What the engine needs; `lake` is an empty directory."""
    return {
        "memory": {"connector.name": "memory"},
        "tpch": {"connector.name": "tpch"},
        "lake": {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": str(lake),
        },
    }


def statements() -> list[str]:
    """What creates and fills the tables, in Trino's SQL."""
    random = Random(_DATA_SEED)
    made = ["CREATE SCHEMA memory.fuzz"]
    for table in list(TABLES)[:3]:
        columns = TABLES[table]
        definition = ", ".join(f"{one.text} {one.type.display}" for one in columns)
        made.append(f"CREATE TABLE {table} ({definition})")
        made.append(f"INSERT INTO {table} {_rows(random, [one.type for one in columns])}")
    return made


def lake_statements() -> list[str]:
    """The partitioned table."""
    random = Random(_DATA_SEED)
    definition = ", ".join(f"{name} {one.display}" for name, one in _LAKE_COLUMNS)
    rows = []
    for key in range(ROWS):
        values = [literal(random, one) or "NULL" for _, one in _LAKE_COLUMNS[1:6]]
        part = f"CAST('{random.choice('ab')}' AS varchar(5)), DATE '2024-02-{random.choice((28, 29))}', {key % 3}"
        rows.append(f"({key % 5}, {', '.join(values)}, {part})")
    return [
        "CREATE SCHEMA lake.fuzz",
        f"CREATE TABLE {_LAKE} ({definition}) WITH (partitioned_by = ARRAY['pv', 'pd', 'pi'])",
        f"INSERT INTO {_LAKE} VALUES {', '.join(rows)}",
    ]


def _rows(random: Random, types: list[Type]) -> str:
    rows = []
    for key in range(ROWS):
        values = [literal(random, one) or f"CAST(NULL AS {one.display})" for one in types[1:]]
        rows.append(f"({key % 5}, {', '.join(values)})")
    return f"VALUES {', '.join(rows)}"


def fill(engine: Engine) -> None:
    """Create the tables, and read those that are made when they are first read: that takes its time only once."""
    made = [f"SELECT count(*) FROM {table}" for table in TABLES if table.startswith("tpch.")]
    for sql in (*statements(), *lake_statements(), *made):
        engine.run(sql)
