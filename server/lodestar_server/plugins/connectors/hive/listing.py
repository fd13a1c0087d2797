"""From a table handle to its splits: partitions that the predicate allows, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from lodestar_server.plugins.connectors.hive.bucketing import wanted_buckets
from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.evolved import evolved, names_decide
from lodestar_server.plugins.connectors.hive.foreign import check_not_transactional
from lodestar_server.plugins.connectors.hive.formats import StorageFormat, require_readable
from lodestar_server.plugins.connectors.hive.handles import (
    ColumnKind,
    EvolvedColumn,
    FileLayout,
    HiveColumnHandle,
    HiveSplit,
    HiveTableHandle,
)
from lodestar_server.plugins.connectors.hive.hidden import bucket_of
from lodestar_server.plugins.connectors.hive.partition_names import read_values
from lodestar_server.plugins.connectors.hive.projection import projection_of
from lodestar_server.plugins.connectors.hive.session import flag
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_EXCEEDED_PARTITION_LIMIT, HIVE_FILE_NOT_FOUND
from lodestar_server.plugins.toolkit.metastore.interface import PartitionTexts
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.plugins.toolkit.metastore.partition_names import make_partition_name
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.spi.errors import QUERY_REJECTED, LodestarError
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import VarcharType

TypedValues = tuple[Any, ...]
MOST_PROJECTED = 1_000_000
MOST_TEXTS = 100
"""Of one column, that a metastore is told."""
LISTED_AT_ONCE = 32
"""Directories of a remote store."""


def typed_partitions(
    transaction: HiveTransaction,
    table: Table,
    columns: Sequence[HiveColumnHandle],
    constraint: TupleDomain,
    most: int = MOST_PROJECTED,
) -> list[tuple[tuple[str, ...], TypedValues]]:
    """Partitions that the constraint allows: their values as text and typed, in the order of their names.

    `most`: a projected table gives one more than so many at the most; registered ones all come.
    """
    if constraint.is_none:
        return []
    projection = projection_of(table, columns) if transaction.projects else None
    if projection is not None:
        return projection.partitions(columns, constraint, most)
    found = []
    for values in transaction.list_partitions(table, wanted_texts(columns, constraint)):
        typed = read_values(columns, values)
        if constraint.contains(dict(zip(columns, typed, strict=True))):
            found.append((values, typed))
    return found


def wanted_texts(columns: Sequence[HiveColumnHandle], constraint: TupleDomain) -> PartitionTexts | None:
    """What a metastore can be told of a constraint: which texts a column has. None: nothing.

    Values that can be written in several ways (`7` and `07`, a day with and without its time) are left to us.
    """
    domains = constraint.domains
    texts = tuple(_texts(domains.get(column)) for column in columns)
    return texts if any(texts) else None


def _texts(domain: Domain | None) -> tuple[str, ...] | None:
    values = None if domain is None or domain.null_allowed else domain.single_values
    if domain is None or values is None or not isinstance(domain.type, VarcharType):
        return None
    return tuple(values) if 0 < len(values) <= MOST_TEXTS and all(values) else None


def find_partitions(
    transaction: HiveTransaction,
    table: Table,
    columns: Sequence[HiveColumnHandle],
    values: Sequence[tuple[str, ...]],
    *,
    with_figures: bool = False,
) -> Mapping[tuple[str, ...], Partition]:
    """Those of `typed_partitions` that are still there, by their values."""
    projection = projection_of(table, columns) if transaction.projects else None
    if projection is not None:
        return {one: projection.partition(table, one) for one in values}
    if with_figures:
        return transaction.partitions_with_figures(table, values)
    transaction.load_partitions(table, values)
    found = {one: transaction.find_partition(table, one) for one in values}
    return {one: partition for one, partition in found.items() if partition is not None}


def _entries(hint: TupleDomain) -> list[tuple[HiveColumnHandle, Domain]]:
    return [(column, domain) for column, domain in hint.entries or () if isinstance(column, HiveColumnHandle)]


def layout_of(
    table: Table, partition: Partition | None = None, by_name: Callable[[StorageFormat], bool] | None = None
) -> FileLayout:
    """How files are laid out; a partition's own parameters of its SerDe are stronger than the table's.

    `by_name`: in which formats columns of a partition are found by their names; elsewhere they are by their places.
    """
    properties = {**table.parameters, **table.serde_parameters}
    columns = table.columns
    if partition is not None:
        properties |= partition.serde_parameters
        columns = partition.columns or columns
    changed: tuple[EvolvedColumn, ...] = ()
    if partition is not None and by_name is not None and columns != table.columns:
        form = require_readable(partition.storage_format or table.storage_format)
        changed = evolved(table.columns, columns, by_name=by_name(form))
    return FileLayout(tuple(properties.items()), len(columns), changed)


class HiveLister:
    """Makes splits. Thread-safe."""

    def __init__(self, files: FileSystem, config: HiveConfig) -> None:
        self._files = files
        self._config = config
        self._pool = ThreadPoolExecutor(LISTED_AT_ONCE, thread_name_prefix="hive-listing")

    def close(self) -> None:
        """No directory is listed any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def splits(
        self,
        transaction: HiveTransaction,
        session: ConnectorSession,
        table: Table,
        handle: HiveTableHandle,
        predicate: TupleDomain,
    ) -> Iterator[HiveSplit]:
        """One split per file. All files are listed while nothing of the table changes.

        Raises: QUERY_REJECTED, HIVE_EXCEEDED_PARTITION_LIMIT, HIVE_FILE_NOT_FOUND, NOT_SUPPORTED.
        """
        transaction.check_readable(table.name)
        check_not_transactional(table)
        if not table.partition_columns:
            form = require_readable(table.storage_format)
            layout = layout_of(table)
            listings = transaction.listings(session.query_id)
            files = listings.get((table.name, table.location))
            if files is None:
                files = transaction.metastore.steadily(
                    table, lambda visible: self._files_of(session, table.location, visible)
                )
                listings[table.name, table.location] = files
            for info in self._in_buckets(session, table, None, handle, files):
                yield HiveSplit(
                    info.location, form, info.modified_nanos, info.size, "", (), layout, size_bytes=info.size
                )
            return
        self._check_filter(session, handle)
        keys = predicate.filter(
            lambda column, _: isinstance(column, HiveColumnHandle) and column.kind is ColumnKind.PARTITION_KEY
        )
        constraint = handle.constraint.intersect(keys)
        yield from transaction.metastore.steadily(
            table,
            lambda visible: list(self._partitioned(transaction, session, table, handle, constraint, visible)),
        )

    def _partitioned(
        self,
        transaction: HiveTransaction,
        session: ConnectorSession,
        table: Table,
        handle: HiveTableHandle,
        constraint: TupleDomain,
        visible: Visible,
    ) -> Iterator[HiveSplit]:
        columns = handle.partition_columns
        limit = self._config.max_partitions_per_scan
        partitions = typed_partitions(transaction, table, columns, constraint, limit)
        if handle.partitions is not None:
            partitions = [one for one in partitions if one[0] in handle.partitions]
        if len(partitions) > limit:
            raise LodestarError(
                HIVE_EXCEEDED_PARTITION_LIMIT,
                f"Query over table '{table.name}' can potentially read more than {limit} partitions",
            )
        names = [column.name for column in columns]
        found = find_partitions(transaction, table, columns, [values for values, _ in partitions])
        there = [
            (partition, make_partition_name(names, values), typed)
            for values, typed in partitions
            if (partition := found.get(values)) is not None
        ]
        forms = [require_readable(partition.storage_format or table.storage_format) for partition, _, _ in there]
        listings = transaction.listings(session.query_id)
        places = {partition.location: name for partition, name, _ in there}
        missing = [place for place in places.items() if (table.name, place[0]) not in listings]
        for (location, _), files in zip(missing, self._files_of_each(session, visible, missing), strict=True):
            listings[table.name, location] = files
        listed = [listings[table.name, partition.location] for partition, _, _ in there]
        layouts = [layout_of(table, partition, partial(names_decide, session)) for partition, _, _ in there]
        if len(set(forms)) > 1 or any(layout.evolved for layout in layouts):
            layouts = [replace(layout, as_pages=True) for layout in layouts]
        for (partition, name, typed), form, layout, files in zip(there, forms, layouts, listed, strict=True):
            for info in self._in_buckets(session, table, partition, handle, files):
                yield HiveSplit(
                    info.location, form, info.modified_nanos, info.size, name, typed, layout, size_bytes=info.size
                )

    def _in_buckets(
        self,
        session: ConnectorSession,
        table: Table,
        partition: Partition | None,
        handle: HiveTableHandle,
        files: list[FileInfo],
    ) -> list[FileInfo]:
        """Files of buckets that may have wanted rows; all of them when one tells no bucket by its name."""
        same = partition is None or (partition.bucketing, partition.columns) == (table.bucketing, table.columns)
        if not files or table.bucketing is None or not same or not flag(session, "bucket_execution_enabled"):
            return files
        wanted = wanted_buckets(table, {column.name: domain for column, domain in _entries(handle.hint)})
        if wanted is None:
            return files
        places = [bucket_of(info.name) for info in files]
        return files if None in places else [one for one, place in zip(files, places, strict=True) if place in wanted]

    def _files_of_each(
        self, session: ConnectorSession, visible: Visible, places: Sequence[tuple[str, str]]
    ) -> Iterator[list[FileInfo]]:
        """Of partitions (location, name), in order. Those of a remote store are listed side by side."""

        def of(place: tuple[str, str]) -> list[FileInfo]:
            return self._files_of(session, place[0], visible, partition=place[1])

        near = all(self._files.local_path(location) is not None for location, _ in places)
        return map(of, places) if near or len(places) == 1 else self._pool.map(of, places)

    def _files_of(
        self, session: ConnectorSession, location: str, visible: Visible, partition: str | None = None
    ) -> list[FileInfo]:
        found = self._files.list(location)
        # A store knows no directories: an empty partition and an absent one are the same there.
        checked = not found and partition is not None and self._files.keeps_directories(location)
        if checked and self._files.find(location) is None:
            if flag(session, "ignore_absent_partitions"):
                return []
            raise LodestarError(HIVE_FILE_NOT_FOUND, f"Partition location does not exist: {location}")
        files: list[FileInfo] = []
        for info in visible.shown(found):
            if info.name.startswith((".", "_")):
                continue
            if info.is_directory:
                if self._config.recursive_directories:
                    files += self._files_of(session, info.location, visible)
            elif info.size:
                files.append(info)
        return files

    def _check_filter(self, session: ConnectorSession, handle: HiveTableHandle) -> None:
        if (
            not flag(session, "query_partition_filter_required")
            or handle.constraint.domains
            or handle.partitions is not None
        ):
            return
        schemas = session.properties["query_partition_filter_required_schemas"]
        if schemas and handle.name.schema not in schemas:
            return
        columns = ", ".join(column.name for column in handle.partition_columns)
        raise LodestarError(
            QUERY_REJECTED, f"Filter required on {handle.name} for at least one partition column: {columns}"
        )
