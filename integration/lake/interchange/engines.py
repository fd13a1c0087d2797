"""Engines that run SQL on the tables of one metastore: ours, Trino, Spark."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from integration.lake.interchange.kinds import (
    Kind,
    Type,
    in_spark,
    in_trino,
    of_wire,
    spark_columns,
    told,
    trino_columns,
)
from integration.services.hive_metastore import HIVE_3, HiveMetastore
from integration.services.spark import Spark, SparkError
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements
from integration.toolbox.trino import Trino


class Refused(Exception):
    """An engine says no, and why."""


class Engine(Protocol):
    """Somebody who reads and writes tables of the schema `x`."""

    name: str
    catalog: str

    def run(self, sql: str) -> list[list[Any]]:
        """Rows as the engine gives them. Raises: Refused."""

    def read(self, table: str, columns: Sequence[tuple[str, Type]], where: str = "") -> list[list[str]]:
        """Rows as `told`. Raises: Refused."""

    def create(self, table: str, columns: Sequence[Kind], storage: Storage) -> None:
        """Raises: Refused."""

    def insert(self, table: str, rows: Sequence[tuple[list[Type], list[Any]]]) -> None:
        """Raises: Refused."""


class Storage(Protocol):
    """How a table lies: a clause for each dialect."""

    trino: str
    spark: str
    partitions: Sequence[Kind]


class OfTrino:
    """Trino's dialect over its protocol: a Trino or ours."""

    def __init__(self, name: str, url: str, catalog: str = "hive") -> None:
        self.name = name
        self.catalog = catalog
        self.url = url
        self._statements = Statements(url, user="lake", timeout=120, X_Trino_Client_Capabilities="PARAMETRIC_DATETIME")

    def run(self, sql: str) -> list[list[Any]]:
        """Rows as the protocol has them. Raises: Refused."""
        try:
            outcome = self._statements.run(sql)
        except (KeyError, ValueError) as broken:
            # A Trino that meets a value which its JSON cannot say ends its answer in the middle.
            raise Refused(f"an answer that breaks off ({broken})") from broken
        if outcome.error is not None:
            raise Refused(f"{outcome.error_name}: {outcome.error['message']}")
        return outcome.rows

    def read(self, table: str, columns: Sequence[tuple[str, Type]], where: str = "") -> list[list[str]]:
        """Rows as `told`. Raises: Refused."""
        names = ", ".join(f'"{name}"' for name, _ in columns)
        found = self.run(f"SELECT {names} FROM {self.catalog}.x.{table} {where}")
        return [[_told_of_wire(type_, one) for (_, type_), one in zip(columns, row, strict=True)] for row in found]

    def create(self, table: str, columns: Sequence[Kind], storage: Storage) -> None:
        """Raises: Refused."""
        self.run(f"CREATE TABLE {self.catalog}.x.{table} ({trino_columns(columns)}) WITH ({storage.trino})")

    def insert(self, table: str, rows: Sequence[tuple[list[Type], list[Any]]]) -> None:
        """Raises: Refused."""
        made = ", ".join(
            "(" + ", ".join(in_trino(type_, one) for type_, one in zip(types, values, strict=True)) + ")"
            for types, values in rows
        )
        self.run(f"INSERT INTO {self.catalog}.x.{table} VALUES {made}")


def _told_of_wire(type_: Type, value: Any) -> str:
    try:
        return told(type_, of_wire(type_, value))
    except (ValueError, TypeError, AttributeError):
        return f"?{value!r}"


class OfSpark:
    """Spark's dialect."""

    name = "spark"

    def __init__(self, spark: Spark, catalog: str = "spark_catalog") -> None:
        self.process = spark
        self.catalog = catalog

    def run(self, sql: str) -> list[list[Any]]:
        """Rows as Python has them. Raises: Refused."""
        try:
            return self.process.run(sql)
        except SparkError as error:
            raise Refused(_reason(str(error))) from error

    def read(self, table: str, columns: Sequence[tuple[str, Type]], where: str = "") -> list[list[str]]:
        """Rows as `told`. Raises: Refused."""
        # What others have added to its directory since Spark looked last.
        self.run(f"REFRESH TABLE {self.catalog}.x.{table}")
        names = ", ".join(f"`{name}`" for name, _ in columns)
        found = self.run(f"SELECT {names} FROM {self.catalog}.x.{table} {where}")
        return [[told(type_, one) for (_, type_), one in zip(columns, row, strict=True)] for row in found]

    def create(self, table: str, columns: Sequence[Kind], storage: Storage) -> None:
        """Raises: Refused."""
        parts = {kind.name for kind in storage.partitions}
        data = spark_columns([kind for kind in columns if kind.name not in parts])
        by = f" PARTITIONED BY ({spark_columns(storage.partitions)})" if parts else ""
        self.run(f"CREATE TABLE {self.catalog}.x.{table} ({data}){by} {storage.spark}")

    def insert(self, table: str, rows: Sequence[tuple[list[Type], list[Any]]]) -> None:
        """Raises: Refused."""
        made = " UNION ALL ".join(
            "SELECT " + ", ".join(in_spark(type_, one) for type_, one in zip(types, values, strict=True))
            for types, values in rows
        )
        self.run(f"INSERT INTO {self.catalog}.x.{table} {made}")


def _reason(text: str) -> str:
    """The lines of a Java stack that say something."""
    causes = [line for line in text.splitlines() if line and not line.lstrip().startswith(("at ", "..."))]
    told_ = [line.strip() for line in causes if "Exception" in line or "Error" in line or line.startswith("[")]
    return " / ".join(dict.fromkeys(told_[-2:] if told_ else causes[:1]))[:400]


_DROPPING = {f"{prefix}metastore.disallow.incompatible.col.type.changes": "false" for prefix in ("", "hive.")}
"""Without it a metastore refuses to drop columns of Iceberg that are not the last."""


class Peers:
    """A metastore, its warehouse and the engines over them, started once. Raises: Skip."""

    def __init__(self, stack: ExitStack, *, trino: bool) -> None:
        metastore = stack.enter_context(HiveMetastore(HIVE_3, settings=_DROPPING))
        self.warehouse = metastore.warehouse
        catalogs = {"hive": _hive(metastore.uri, self.warehouse), "ice": _iceberg(metastore.uri, self.warehouse)}
        # Trino's own local files do not list `file:/a/b`; Hadoop's do.
        ours_alone = ("fs.native-local.enabled", "local.location")
        theirs = {
            name: {**{key: value for key, value in one.items() if key not in ours_alone}, "fs.hadoop.enabled": "true"}
            for name, one in catalogs.items()
        }
        self.spark = OfSpark(stack.enter_context(Spark(metastore=metastore.uri, warehouse=self.warehouse)))
        self.server = stack.enter_context(Lodestar(catalogs))
        self.ours = OfTrino("us", self.server.url)
        self.trino = OfTrino("trino", stack.enter_context(Trino(theirs)).url) if trino else None
        self.spark.run("CREATE DATABASE x")

    @property
    def on_iceberg(self) -> list[Engine]:
        """The same on tables of Iceberg."""
        others = [OfTrino("trino", self.trino.url, "ice")] if self.trino else []
        return [OfTrino("us", self.ours.url, "ice"), OfSpark(self.spark.process, "ice"), *others]

    @property
    def engines(self) -> list[Engine]:
        """All that are here; ours is the first."""
        return [self.ours, self.spark, *([self.trino] if self.trino else [])]


def _hive(uri: str, warehouse: Path) -> dict[str, str]:
    return {
        "connector.name": "hive",
        "hive.metastore.uri": uri,
        "fs.native-local.enabled": "true",
        "local.location": str(warehouse),
        "hive.timestamp-precision": "MICROSECONDS",
        "hive.non-managed-table-writes-enabled": "true",
        "hive.hive-views.enabled": "true",
    }


def _iceberg(uri: str, warehouse: Path) -> dict[str, str]:
    return {
        "connector.name": "iceberg",
        "hive.metastore.uri": uri,
        "fs.native-local.enabled": "true",
        "local.location": str(warehouse),
    }
