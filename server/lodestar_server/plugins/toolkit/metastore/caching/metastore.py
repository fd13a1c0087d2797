"""A metastore whose answers are kept. Changes that are made through it are seen at once; those of others after a while.

A change drops what is kept of its table or schema when it ends, whether it succeeded or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any, TypeVar

from lodestar_server.plugins.toolkit.metastore.caching.config import MetastoreCacheConfig
from lodestar_server.plugins.toolkit.metastore.caching.loading import LoadingCache
from lodestar_server.plugins.toolkit.metastore.interface import (
    Metastore,
    PartFigures,
    PartitionTexts,
    Staging,
    TableWrite,
    WriteMode,
)
from lodestar_server.plugins.toolkit.metastore.model import Database, Partition, Table
from lodestar_server.plugins.toolkit.metastore.permissions import Permissions
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import BIGINT, DOUBLE

Values = tuple[str, ...]
Figures = Mapping[str, Mapping[str, Any]]
PartitionKey = tuple[SchemaTableName, Values]
PartitionsKey = tuple[SchemaTableName, PartitionTexts | None]
T = TypeVar("T")


class CachingMetastore:
    """A `Metastore` around another one. Thread-safe."""

    def __init__(self, inner: Metastore, config: MetastoreCacheConfig) -> None:
        self._inner = inner
        self._keeps_executor = True
        self._executor = ThreadPoolExecutor(config.refresh_threads, thread_name_prefix="metastore-refresh")
        ttl, size = config.ttl, config.maximum_size
        refresh: dict[str, Any] = {"refresh": config.refresh_interval, "executor": self._executor}
        there: dict[str, Any] = {"kept": lambda found: config.missing or found is not None}
        partition: dict[str, Any] = {"kept": lambda found: config.missing_partitions or found is not None}
        figures: dict[str, Any] = {"kept": lambda found: config.missing_statistics or bool(found)}
        partition_ttl = ttl if config.partitions else 0
        self._database_names: LoadingCache[str, list[str]] = LoadingCache(ttl, size, **refresh)
        self._databases: LoadingCache[str, Database | None] = LoadingCache(ttl, size, **refresh, **there)
        self._table_names: LoadingCache[str, list[str]] = LoadingCache(ttl, size, **refresh)
        self._tables: LoadingCache[SchemaTableName, Table | None] = LoadingCache(ttl, size, **refresh, **there)
        self._partition_names: LoadingCache[PartitionsKey, list[Values]] = LoadingCache(partition_ttl, size, **refresh)
        self._partitions: LoadingCache[PartitionKey, Partition | None] = LoadingCache(
            partition_ttl, size, **refresh, **partition
        )
        statistics_ttl = config.effective_statistics_ttl
        self._figures: LoadingCache[SchemaTableName, Figures] = LoadingCache(statistics_ttl, size, **refresh, **figures)
        self._partition_figures: LoadingCache[PartitionKey, Figures] = LoadingCache(
            statistics_ttl, size, **refresh, **figures
        )

    def over(self, inner: Metastore) -> CachingMetastore:
        """The same answers, kept together, over another way to the same metastore; it ends with this one."""
        other = copy(self)
        other._inner = inner
        other._keeps_executor = False
        return other

    # what is kept
    def list_databases(self) -> list[str]:
        """All of them."""
        return list(self._database_names.get("", self._inner.list_databases))

    def find_database(self, name: str) -> Database | None:
        """None when there is none."""
        return self._databases.get(name, lambda: self._inner.find_database(name))

    def list_tables(self, schema: str) -> list[str]:
        """Tables and views."""
        return list(self._table_names.get(schema, lambda: self._inner.list_tables(schema)))

    def find_table(self, name: SchemaTableName) -> Table | None:
        """None when there is none."""
        return self._tables.get(name, lambda: self._inner.find_table(name))

    def list_partitions(self, table: Table, wanted: PartitionTexts | None = None) -> list[Values]:
        """Values of all partitions, or of those that may be wanted; a list for each question."""
        key = (table.name, wanted)
        return list(self._partition_names.get(key, lambda: self._inner.list_partitions(table, wanted)))

    def find_partition(self, table: Table, values: Values) -> Partition | None:
        """None when there is none."""
        return self.find_partitions(table, [values]).get(values)

    def find_partitions(self, table: Table, values: Sequence[Values]) -> dict[Values, Partition]:
        """Those that are there."""

        def load(keys: list[PartitionKey]) -> dict[PartitionKey, Partition | None]:
            found = self._inner.find_partitions(table, [one for _, one in keys])
            return {key: found.get(key[1]) for key in keys}

        known = self._partitions.get_many([(table.name, one) for one in values], load)
        return {key[1]: one for key, one in known.items() if one is not None}

    def with_figures(self, table: Table) -> Table:
        """The table as it is, with figures that may be older."""
        figures = self._figures.get(table.name, lambda: self._inner.with_figures(table).statistics)
        return replace(table, statistics=figures)

    def partitions_with_figures(self, table: Table, partitions: Sequence[Partition]) -> list[Partition]:
        """The same for partitions."""
        by_values = {one.values: one for one in partitions}

        def load(keys: list[PartitionKey]) -> dict[PartitionKey, Figures]:
            found = self._inner.partitions_with_figures(table, [by_values[values] for _, values in keys])
            return {(table.name, one.values): one.statistics for one in found}

        known = self._partition_figures.get_many([(table.name, values) for values in by_values], load)
        return [replace(one, statistics=known[table.name, one.values]) for one in partitions]

    # dropping
    def forget(self, name: SchemaTableName | None = None, values: Values | None = None) -> None:
        """Everything, a table with its partitions, or one partition."""
        if name is None:
            for cache in self._caches().values():
                cache.drop()
        elif values is None:
            self._forget_tables(name)
        else:
            self._partition_names.drop(lambda key: key[0] == name)
            for cache in (self._partitions, self._partition_figures):
                cache.drop(lambda key: key == (name, values))
        self._inner.forget(name, values)

    def _forget_tables(self, *names: SchemaTableName) -> None:
        schemas = {name.schema for name in names}
        self._table_names.drop(lambda key: key in schemas)
        for cache in (self._tables, self._figures):
            cache.drop(lambda key: key in names)
        self._partition_names.drop(lambda key: key[0] in names)
        for of_partitions in (self._partitions, self._partition_figures):
            of_partitions.drop(lambda key: key[0] in names)

    def _forget_schemas(self, *names: str) -> None:
        self._database_names.drop()
        self._databases.drop(lambda key: key in names)
        self._table_names.drop(lambda key: key in names)
        for cache in (self._tables, self._figures):
            cache.drop(lambda key: key.schema in names)
        self._partition_names.drop(lambda key: key[0].schema in names)
        for of_partitions in (self._partitions, self._partition_figures):
            of_partitions.drop(lambda key: key[0].schema in names)

    @contextmanager
    def _changing(self, *names: SchemaTableName) -> Iterator[None]:
        try:
            yield
        finally:
            self._forget_tables(*names)

    @contextmanager
    def _changing_schemas(self, *names: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._forget_schemas(*names)

    # changes
    def create_database(self, database: Database) -> None:
        """As the inner one does."""
        with self._changing_schemas(database.name):
            self._inner.create_database(database)

    def replace_database(self, database: Database) -> None:
        """As the inner one does."""
        with self._changing_schemas(database.name):
            self._inner.replace_database(database)

    def drop_database(self, name: str) -> None:
        """As the inner one does."""
        with self._changing_schemas(name):
            self._inner.drop_database(name)

    def rename_database(self, name: str, new_name: str) -> None:
        """As the inner one does."""
        with self._changing_schemas(name, new_name):
            self._inner.rename_database(name, new_name)

    def create_table(self, table: Table, write: TableWrite | None, user: str) -> None:
        """As the inner one does."""
        with self._changing(table.name):
            self._inner.create_table(table, write, user)

    def alter_table(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.alter_table(name, change)

    def replace_view(self, view: Table) -> None:
        """As the inner one does."""
        with self._changing(view.name):
            self._inner.replace_view(view)

    def rename_table(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """As the inner one does."""
        with self._changing(name, new_name):
            self._inner.rename_table(name, new_name)

    def drop_table(self, name: SchemaTableName) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.drop_table(name)

    def add_partitions(self, name: SchemaTableName, partitions: Sequence[Partition]) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.add_partitions(name, partitions)

    def drop_partitions(self, name: SchemaTableName, values: Sequence[Values], *, delete_files: bool) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.drop_partitions(name, values, delete_files=delete_files)

    def write(self, name: SchemaTableName, write: TableWrite, mode: WriteMode) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.write(name, write, mode)

    def set_figures(self, name: SchemaTableName, parts: Mapping[Values | None, PartFigures]) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.set_figures(name, parts)

    def drop_figures(self, name: SchemaTableName, parts: Sequence[Values | None]) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.drop_figures(name, parts)

    def delete_files(self, name: SchemaTableName, change: Callable[[Table], Table]) -> None:
        """As the inner one does."""
        with self._changing(name):
            self._inner.delete_files(name, change)

    # what passes
    def check_schema_name(self, name: str) -> None:
        """As the inner one does."""
        self._inner.check_schema_name(name)

    def table_directory(self, name: SchemaTableName) -> str:
        """As the inner one does."""
        return self._inner.table_directory(name)

    def check_location(self, table: Table) -> None:
        """As the inner one does."""
        self._inner.check_location(table)

    def open_staging(self) -> Staging:
        """As the inner one does."""
        return self._inner.open_staging()

    def steadily(self, table: Table, read: Callable[[Visible], T]) -> T:
        """As the inner one does."""
        return self._inner.steadily(table, read)

    def is_vacant(self, table: Table) -> bool:
        """As the inner one does."""
        return self._inner.is_vacant(table)

    def list_functions(self, schema: str) -> list[tuple[str, LanguageFunction]]:
        """As the inner one does."""
        return self._inner.list_functions(schema)

    def put_function(self, name: SchemaTableName, function: LanguageFunction, *, replace: bool) -> None:
        """As the inner one does."""
        self._inner.put_function(name, function, replace=replace)

    def drop_function(self, name: SchemaTableName, signature: str) -> None:
        """As the inner one does."""
        self._inner.drop_function(name, signature)

    def close(self) -> None:
        """With the inner one."""
        if self._keeps_executor:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._inner.close()

    # counting
    def _caches(self) -> dict[str, LoadingCache[Any, Any]]:
        return {
            "DatabaseNamesStats": self._database_names,
            "DatabaseStats": self._databases,
            "TableNamesStats": self._table_names,
            "TableStats": self._tables,
            "TableColumnStatisticsStats": self._figures,
            "PartitionFilterStats": self._partition_names,
            "PartitionStats": self._partitions,
            "PartitionStatisticsStats": self._partition_figures,
        }

    def permissions(self) -> Permissions | None:
        """Not kept: what was revoked has to count at once."""
        return self._inner.permissions()

    def beans(self, catalog: str) -> Iterable[Bean]:
        """How the caches do, under Trino's names."""
        caches = self._caches()
        attributes = {
            f"{name}.{figure}": type_
            for name in caches
            for figure, type_ in (("RequestCount", BIGINT), ("LoadCount", BIGINT), ("HitRate", DOUBLE))
        } | {f"{name}.MissRate": DOUBLE for name in caches}

        def read() -> dict[str, Any]:
            values: dict[str, Any] = {}
            for name, cache in caches.items():
                counts = cache.counts
                values[f"{name}.RequestCount"] = counts.requests
                values[f"{name}.LoadCount"] = counts.loads
                values[f"{name}.HitRate"] = counts.hit_rate
                values[f"{name}.MissRate"] = 1.0 - counts.hit_rate
            return values

        return [Bean(f"io.trino.metastore.cache:name={catalog},type=CachingHiveMetastore", attributes, read)]
