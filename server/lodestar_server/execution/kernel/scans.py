"""What a table scan reads at execution: pages pulled from a connector, or files that DuckDB reads itself.

The kernel asks `ScanSources`, the metadata room's view of one query, for splits and how to read them. Pages reach
DuckDB as an Arrow stream; several splits are read ahead by threads of their own through a bounded queue. Files become
`read_parquet` over their paths.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Protocol

import pyarrow as pa

from lodestar_server.ir.nodes import TableScan
from lodestar_server.session import Cancellation, Progress
from lodestar_server.spi.page import FileScan, PageSource, Split
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.values import frozen

_QUEUED_PAGES = 8
_DUMMY = "c0"


class ScanSources(Protocol):
    """How the tables of one query are read; blocking, called from the query's threads."""

    def splits(self, scan: TableScan) -> Iterable[Split]:
        """The pieces of a scan, lazily."""

    def read(self, scan: TableScan, splits: Sequence[Split]) -> PageSource | Sequence[FileScan]:
        """How to read some of them."""


@frozen
class OpenedScan:
    """A scan about to be read: `pages` make a fresh stream at every call, or `files` are read by DuckDB."""

    scan: TableScan
    files: tuple[FileScan, ...] = ()
    pages: PageStreams | None = None


def open_scan(
    scan: TableScan, sources: ScanSources, cancellation: Cancellation, progress: Progress, readers: int
) -> OpenedScan:
    """Ask for the first split and how to read it; the rest follows the same way."""
    splits = iter(sources.splits(scan))
    first = next(splits, None)
    if first is None:
        return OpenedScan(scan, pages=PageStreams(scan, sources, [], iter(()), None, cancellation, progress, readers))
    opened = sources.read(scan, [first])
    if isinstance(opened, PageSource):
        ahead = [first, *islice(splits, readers - 1)]
        return OpenedScan(
            scan, pages=PageStreams(scan, sources, ahead, splits, opened, cancellation, progress, readers)
        )
    rest = list(splits)
    progress.total_splits += 1 + len(rest)
    files = list(opened)
    if rest:
        more = sources.read(scan, rest)
        assert not isinstance(more, PageSource), "a connector reads all splits of a scan in one way"
        files += more
    return OpenedScan(scan, files=tuple(files))


@dataclass(slots=True)
class PageStreams:
    """Record batch readers over the splits of a scan, with columns named as the statement names them."""

    scan: TableScan
    sources: ScanSources
    ahead: list[Split]
    """The first splits, known already."""
    rest: Iterator[Split]
    first: PageSource | None
    """The source of the first split, opened to learn how the scan is read; only the first stream uses it."""
    cancellation: Cancellation
    progress: Progress
    readers: int
    failure: BaseException | None = None
    """What reading raised; DuckDB wraps it into an error of its own."""
    _open: set[PageSource] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _used: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The columns of the stream; a scan without columns has a dummy one."""
        fields = [(f"c{symbol.id}", arrow_type(symbol.type)) for symbol in self.scan.outputs]
        return pa.schema(fields or [(_DUMMY, pa.int8())])

    @property
    def row_count(self) -> int | None:
        """An estimate of the rows, None when some split has none."""
        known = [split.row_count for split in self.ahead]
        if len(self.ahead) >= self.readers or any(one is None for one in known):
            return None
        return sum(one for one in known if one is not None)

    def reader(self) -> pa.RecordBatchReader:
        """A stream over all splits."""
        return pa.RecordBatchReader.from_batches(self.schema, self._guarded(self._pages()))

    def close(self) -> None:
        """Close what is open; running streams end soon."""
        with self._lock:
            sources = list(self._open)
        for source in sources:
            source.close()

    def _guarded(self, pages: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            for page in pages:
                self.cancellation.check()
                self.progress.processed_rows += page.num_rows
                self.progress.processed_bytes += page.nbytes
                yield self._renamed(page)
        except GeneratorExit:
            # The engine has gone before the end, for a reason of its own that must be heard.
            raise
        except BaseException as error:
            self.failure = error
            raise

    def _renamed(self, page: pa.RecordBatch) -> pa.RecordBatch:
        schema = self.schema
        if not self.scan.columns:
            return pa.RecordBatch.from_arrays([pa.nulls(page.num_rows, pa.int8())], schema=schema)
        return pa.RecordBatch.from_arrays(page.columns, schema=schema)

    def _pages(self) -> Iterator[pa.RecordBatch]:
        first, ahead, rest = self.first, self.ahead, self.rest
        if self._used:
            # A second stream asks for the splits again.
            first, ahead, rest = None, [], iter(self.sources.splits(self.scan))
        self._used = True
        if first is not None:
            if len(ahead) == 1:
                return self._read(first)
            jobs: Iterable[Callable[[], PageSource]] = chain(
                [lambda: first], (self._job(split) for split in chain(ahead[1:], rest))
            )
        else:
            jobs = (self._job(split) for split in chain(ahead, rest))
        return _read_ahead(jobs, self._read, self.readers, self.cancellation)

    def _job(self, split: Split) -> Callable[[], PageSource]:
        def open_source() -> PageSource:
            opened = self.sources.read(self.scan, [split])
            assert isinstance(opened, PageSource), "a connector reads all splits of a scan in one way"
            return opened

        return open_source

    def _read(self, source: PageSource) -> Iterator[pa.RecordBatch]:
        self.progress.total_splits += 1
        with self._lock:
            self._open.add(source)
        try:
            yield from source.pages()
        finally:
            with self._lock:
                self._open.discard(source)
            self.progress.completed_splits += 1
            self.progress.physical_input_bytes += source.completed_bytes
            source.close()


def _read_ahead(
    jobs: Iterable[Callable[[], PageSource]],
    read: Callable[[PageSource], Iterator[pa.RecordBatch]],
    readers: int,
    cancellation: Cancellation,
) -> Iterator[pa.RecordBatch]:
    """Pages of the jobs, read by up to `readers` threads, in no particular order."""
    pages: queue.Queue[Any] = queue.Queue(_QUEUED_PAGES)
    stop = threading.Event()
    lock = threading.Lock()
    waiting = iter(jobs)

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                pages.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    job = next(waiting, None)
                if job is None:
                    break
                for page in read(job()):
                    if not put(page):
                        return
            put(None)
        except BaseException as error:
            put(error)

    threads = [threading.Thread(target=work, name=f"kernel-reader-{i}", daemon=True) for i in range(readers)]
    for thread in threads:
        thread.start()
    running = len(threads)
    forget = cancellation.on_cancel(stop.set)
    try:
        while running:
            try:
                item = pages.get(timeout=1)
            except queue.Empty:
                cancellation.check()
                continue
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item
    finally:
        stop.set()
        forget()
