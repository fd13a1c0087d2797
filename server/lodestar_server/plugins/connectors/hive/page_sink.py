"""The writer of one stream of pages: files per partition in the write's own directory, invisible before the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.handles import HiveWriteHandle
from lodestar_server.plugins.connectors.hive.part_files import PartFiles, WriterCount
from lodestar_server.plugins.connectors.hive.partition_split import PartitionSplitter
from lodestar_server.plugins.toolkit.files import FileSystem, parent_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.figures import merge_figures
from lodestar_server.plugins.toolkit.metastore.interface import PartWrite
from lodestar_server.plugins.toolkit.sink_work import SinkWork
from lodestar_server.spi.page import PageSink

CLOSED_AT_ONCE = 16
"""Files of a remote store; each of them sends what it still holds."""
_PAGE_BYTES = 8 << 20
_PAGE_ROWS = 1 << 16
_SPLIT_BYTES = 48 << 20
"""Rows that are split into partitions together: pieces of a few hundred rows cost more than the rows themselves."""
_HELD_BYTES = 256 << 20
"""What the writers of all partitions collect for row groups before the largest are written early."""
_FIGURES_BYTES = 256 << 20
"""Distinct values of all columns and partitions; more of them, and those with most of them are no longer counted."""


class HivePageSink(PageSink):
    """Rows of a partition may come in any order; at most `max_partitions` partitions or buckets are written.

    Rows are gathered, split into partitions, and written by several threads, a partition each; an error may be told by
    a later call. Memory: two times the rows that are split together, and what the writers hold.
    """

    def __init__(self, files: FileSystem, handle: HiveWriteHandle) -> None:
        self._files = files
        self._handle = handle
        self._parts: dict[tuple[str, ...] | None, PartFiles] = {}
        self._splitter = PartitionSplitter(handle.columns)
        self._writers = WriterCount(handle.max_partitions)
        self._work = SinkWork("hive")
        self._gathered: list[pa.RecordBatch] = []
        self._gathered_rows = self._gathered_bytes = 0

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: HIVE_TOO_MANY_OPEN_PARTITIONS, HIVE_INVALID_PARTITION_VALUE, HIVE_WRITER_DATA_ERROR."""
        if page.num_rows == 0:
            return
        size = page.nbytes
        self.written_bytes += size
        if self._gathered_bytes + size > _SPLIT_BYTES:
            self._write_gathered()
        self._gathered.append(page)
        self._gathered_rows += page.num_rows
        self._gathered_bytes += size
        enough = self._gathered_rows >= _PAGE_ROWS or self._gathered_bytes >= _PAGE_BYTES
        if enough and not self._splitter.partitioned:
            self._write_gathered()

    def _write_gathered(self) -> None:
        if not self._gathered:
            return
        page, size = _joined(self._gathered), self._gathered_bytes
        self._gathered, self._gathered_rows, self._gathered_bytes = [], 0, 0
        tasks: list[Callable[[], None]] = []
        for values, places in self._splitter.places(page):
            part = self._part(values)
            if places is None:
                rows = part.rows_of(page)
                tasks.append(partial(part.write, rows))
                if part.figures:
                    tasks.append(partial(part.count, rows))
            else:
                tasks.append(partial(_write_some, part, page, places))
        self._work.wait()
        self._forget_figures()
        self._write_early()
        self._work.start(tasks, size)

    def _part(self, values: tuple[str, ...] | None) -> PartFiles:
        part = self._parts.get(values)
        if part is None:
            name = "" if values is None else self._splitter.name_of(values)
            part = self._parts[values] = PartFiles(self._files, self._handle, values, name, self._writers)
        return part

    def _forget_figures(self) -> None:
        figures = [one for part in self._parts.values() for one in part.figures]
        total = sum(one.held_bytes for one in figures)
        if total <= _FIGURES_BYTES:
            return
        for one in sorted(figures, key=lambda one: one.held_bytes, reverse=True):
            if total <= _FIGURES_BYTES // 2:
                break
            total -= one.held_bytes
            one.give_up_distinct()

    def _write_early(self) -> None:
        """The largest, when the writers hold too much, until they hold half of that."""
        held = {part: part.held_bytes for part in self._parts.values()}
        total = sum(held.values())
        if total <= _HELD_BYTES:
            return
        tasks, size = [], 0
        for part in sorted(held, key=lambda one: held[one], reverse=True):
            if total - size <= _HELD_BYTES // 2:
                break
            tasks.append(part.flush)
            size += held[part]
        self._work.start(tasks, size)

    def finish(self) -> list[bytes]:
        """A fragment per partition. Everything is durable. Raises: HIVE_WRITER_CLOSE_ERROR."""
        self._write_gathered()
        self._work.wait()
        fragments = self._finish_parts()
        self._work.close()
        directories = {part.directory for part in self._parts.values()}
        for directory in sorted(directories):
            while len(directory) > len(self._handle.directory):
                self._files.sync_directory(directory)
                directory = parent_of(directory)
            self._files.sync_directory(directory)
        return fragments

    def _finish_parts(self) -> list[bytes]:
        parts = list(self._parts.values())
        if len(parts) > 1 and self._files.local_path(self._handle.directory) is None:
            # Closing a remote file is waiting for its store: several are closed at once.
            with ThreadPoolExecutor(min(CLOSED_AT_ONCE, len(parts)), thread_name_prefix="hive-closing") as pool:
                return list(pool.map(PartFiles.finish, parts))
        fragments: dict[int, bytes] = {}

        def finish(place: int) -> None:
            fragments[place] = parts[place].finish()

        size = sum(part.held_bytes for part in parts)
        self._work.start([partial(finish, place) for place in range(len(parts))], size)
        self._work.wait()
        return [fragments[place] for place in range(len(parts))]

    def abort(self) -> None:
        """Close what is open; the directory is removed with the write."""
        self._work.close()
        for part in self._parts.values():
            part.abort()


def _joined(pages: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return pages[0] if len(pages) == 1 else pa.concat_batches(pages)


def _write_some(part: PartFiles, page: pa.RecordBatch, places: pa.Array) -> None:
    rows = part.rows_of(page.take(places))
    part.count(rows)
    part.write(rows)


def read_fragments(fragments: Sequence[bytes], query_id: str) -> tuple[PartWrite, ...]:
    """What several sinks have written, one entry per partition."""
    found: dict[tuple[str, ...] | None, PartWrite] = {}
    for fragment in fragments:
        one = documents.load(fragment, "fragment")
        values = None if one["values"] is None else tuple(one["values"])
        part = PartWrite(
            values, tuple(one["files"]), one["rows"], one["size"], one["memorySize"], query_id, one["statistics"]
        )
        known = found.get(values)
        if known is not None:
            part = PartWrite(
                values,
                known.files + part.files,
                known.rows + part.rows,
                known.size + part.size,
                known.memory_size + part.memory_size,
                query_id,
                merge_figures(known.statistics, part.statistics),
            )
        found[values] = part
    return tuple(found.values())
