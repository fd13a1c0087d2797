"""How some splits are read: files for the kernel where its reader is exact, pages made here where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lodestar_server.plugins.connectors.hive.footers import Footer, FooterCache
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle, HiveSplit
from lodestar_server.plugins.connectors.hive.hidden import constant_of
from lodestar_server.plugins.connectors.hive.int96 import MICROSECONDS
from lodestar_server.plugins.connectors.hive.page_source import HivePageSource, Resolve
from lodestar_server.plugins.connectors.hive.parquet_types import check_readable, file_type, kernel_reads_exactly
from lodestar_server.plugins.connectors.hive.session import flag
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.spi.page import FileColumn, FileFormat, FileScan, FileSlice, PageSource, RemoteFiles
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import TimestampType, Type


class HiveScanner:
    """Decides for each read. Thread-safe."""

    def __init__(self, files: FileSystem, footers: FooterCache) -> None:
        self._files = files
        self._footers = footers

    def read(
        self,
        session: ConnectorSession,
        columns: Sequence[HiveColumnHandle],
        splits: Sequence[HiveSplit],
        hint: TupleDomain,
    ) -> PageSource | Sequence[FileScan]:
        """All as files when every file allows it; else all as pages."""
        if all(split.format is StorageFormat.PARQUET and not split.layout.as_pages for split in splits):
            scans = self._file_scans(session, columns, splits)
            if scans is not None:
                return scans
        return HivePageSource(self._files, splits, columns, lambda form: _resolver(session, form), hint)

    def _file_scans(
        self, session: ConnectorSession, columns: Sequence[HiveColumnHandle], splits: Sequence[HiveSplit]
    ) -> list[FileScan] | None:
        data = [column for column in columns if column.kind is ColumnKind.DATA]
        footers: Sequence[Footer | None] = [None] * len(splits)
        if data:
            footers = self._footers.load([(split.location, split.modified_nanos, split.size) for split in splits])
        groups: dict[object, tuple[Footer | None, RemoteFiles | None, list[tuple[HiveSplit, str]]]] = {}
        for split, footer in zip(splits, footers, strict=True):
            remote = self._files.remote(split.location)
            path = split.location if remote is not None else self._files.local_path(split.location)
            if path is None:
                return None
            key = (footer and footer.shape, remote and remote.name)
            groups.setdefault(key, (footer, remote, []))[2].append((split, path))
        scans = []
        for footer, remote, members in groups.values():
            scan = self._file_scan(session, columns, footer, remote, members)
            if scan is None:
                return None
            scans.append(scan)
        return scans

    def _file_scan(
        self,
        session: ConnectorSession,
        columns: Sequence[HiveColumnHandle],
        footer: Footer | None,
        remote: RemoteFiles | None,
        splits: Sequence[tuple[HiveSplit, str]],
    ) -> FileScan | None:
        resolve = _resolver(session, StorageFormat.PARQUET)
        made: list[FileColumn] = []
        constants: list[HiveColumnHandle | None] = []  # None: NULL in every file
        for column in columns:
            place = None
            if column.kind is ColumnKind.DATA and footer is not None:
                place = resolve(column, footer.names)
            if place is None or footer is None:
                constants.append(None if column.kind is ColumnKind.DATA else column)
                made.append(FileColumn(column.type, constant=len(constants) - 1))
                continue
            field = footer.schema.field(place)
            found = file_type(field.type)
            if found != column.type:
                check_readable("Parquet", column.name, column.type, field.type)
            # The kernel finds columns without regard to case: a name that is there twice is not for it.
            if found is None or not kernel_reads_exactly(column.type, found) or field.name.lower() in footer.ambiguous:
                return None
            if field.name in footer.int96 and _needs_all_digits(column.type):
                return None
            made.append(FileColumn(column.type, field.name, file_type=None if found == column.type else found))
        return FileScan(
            FileFormat.PARQUET,
            tuple(made),
            tuple(_slice(split, path, constants) for split, path in splits),
            root=self._files.root if remote is None else None,
            file_system=remote,
        )


def _slice(split: HiveSplit, path: str, constants: Sequence[HiveColumnHandle | None]) -> FileSlice:
    values: tuple[Any, ...] = tuple(None if column is None else constant_of(column, split) for column in constants)
    return FileSlice(path, 0, split.size, split.size, values, split.modified_nanos)


def _needs_all_digits(type_: Type) -> bool:
    # Fewer digits are rounded from microseconds as well as from nanoseconds.
    return isinstance(type_, TimestampType) and type_.precision >= MICROSECONDS


def _resolver(session: ConnectorSession, form: StorageFormat) -> Resolve:
    by_name = "parquet_use_column_names" if form is StorageFormat.PARQUET else "orc_use_column_names"
    return _by_name if flag(session, by_name) else _by_place


def _by_name(column: HiveColumnHandle, names: Sequence[str]) -> int | None:
    for i, name in enumerate(names):
        if name == column.name:
            return i
    for i, name in enumerate(names):
        if name.lower() == column.name:
            return i
    return None


def _by_place(column: HiveColumnHandle, names: Sequence[str]) -> int | None:
    return column.index if column.index < len(names) else None
