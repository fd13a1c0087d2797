"""Generated tables on disk: Parquet parts under one directory, made once, bounded in size.

`<root>/sf1/<variant>/lineitem/<part>-of-<parts>.parquet`. A part appears by rename, so several processes may share the
directory. A table that is not there yet is built by one thread while scans wait for the parts they want; the build
stops when nobody waits. Tables that are too big are not kept (`keeps`).
"""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.toolkit.generated.dataset import Dataset, GeneratedTable, scale_text
from lodestar_server.plugins.toolkit.generated.runs import PartsRun

_ROW_GROUP_ROWS = 122_880
_RECENT_SECONDS = 600.0
"""A table used within this time is not thrown away."""


class TableStore:
    """The directory. Thread-safe."""

    def __init__(self, root: Path, dataset: Dataset, max_bytes: int) -> None:
        self.root = root
        self.dataset = dataset
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._builds: dict[Path, _Build] = {}

    def keeps(self, table: GeneratedTable, scale: float) -> bool:
        """The table is small enough to be kept."""
        return table.estimated_bytes(scale) * 2 <= self._max_bytes

    def path(self, table: GeneratedTable, scale: float, part: int) -> Path:
        """Where a part is, or will be."""
        return self._directory(table, scale) / f"{part}-of-{self.dataset.parts(table, scale)}.parquet"

    def _directory(self, table: GeneratedTable, scale: float) -> Path:
        return self.root / f"sf{scale_text(scale)}" / self.dataset.variant / table.name

    def find(self, table: GeneratedTable, scale: float, parts: Sequence[int]) -> list[Path] | None:
        """The files of these parts when all are there; marks the table as used."""
        paths = [self.path(table, scale, part) for part in parts]
        if not all(path.exists() for path in paths):
            return None
        os.utime(self._directory(table, scale))
        return paths

    def scan(self, table: GeneratedTable, scale: float) -> PartScan:
        """A scan that wants parts of the table one after the other; a context manager."""
        return PartScan(self, table, scale)

    def close(self) -> None:
        """Stop what is being built."""
        with self._lock:
            builds = list(self._builds.values())
        for build in builds:
            build.stop()

    # building
    def join(self, table: GeneratedTable, scale: float) -> _Build:
        """The table's build, begun when there is none; `leave` it."""
        directory = self._directory(table, scale)
        with self._lock:
            build = self._builds.get(directory)
            if build is None or build.over:
                few = scale <= self.dataset.together_up_to
                together = list(self.dataset.tables().values()) if few else [table]
                build = _Build(self, together, scale)
                for one in together:
                    self._builds[self._directory(one, scale)] = build
                build.start()
            build.waiters += 1
            return build

    def leave(self, build: _Build) -> None:
        """One scan less waits for it; the last one stops it, unless it is short."""
        with self._lock:
            build.waiters -= 1
            if build.waiters == 0 and build.scale > self.dataset.together_up_to:
                build.stop()

    def forget(self, build: _Build) -> None:
        """A build is over."""
        with self._lock:
            self._builds = {key: value for key, value in self._builds.items() if value is not build}

    def keep(self, table: GeneratedTable, scale: float, part: int, file: Path) -> None:
        """Convert a generated part and put it in its place."""
        path = self.path(table, scale, part)
        if path.exists():
            return
        made = self.dataset.convert(table, pq.ParquetFile(file).read())
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            pq.write_table(
                made,
                aside,
                row_group_size=_ROW_GROUP_ROWS,
                compression="lz4",
                use_dictionary=self.dataset.few_values(table),
                store_schema=False,
            )
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def make_room(self) -> None:
        """Throw away tables, the least recently used first, while there is too much."""
        found = []
        total = 0
        for directory in self.root.glob("sf*/*/*"):
            size = sum(file.stat().st_size for file in directory.glob("*.parquet"))
            total += size
            found.append((directory.stat().st_mtime, size, directory))
        now = time.time()
        for used, size, directory in sorted(found):
            if total <= self._max_bytes or now - used < _RECENT_SECONDS:
                return
            shutil.rmtree(directory, ignore_errors=True)
            total -= size


class _Build:
    """One run of the generator, converted part by part in a thread of its own. `waiters` is guarded by the store."""

    def __init__(self, store: TableStore, tables: Sequence[GeneratedTable], scale: float) -> None:
        self.waiters = 0
        self.scale = scale
        self.over = False
        self._store = store
        self._tables = tables
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._stopping = False
        self._run: PartsRun | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._work, name="generated-build", daemon=True).start()

    def wait(self, path: Path, closed: Callable[[], bool]) -> None:
        """Until the file is there, the build is over, or `closed`. Raises: the data set's error."""
        with self._changed:
            while not path.exists() and not self.over and not closed():
                # `closed` is not told to us, so look at it now and then.
                self._changed.wait(0.05)
            if self._error is not None and not path.exists():
                raise self._error

    def stop(self) -> None:
        """End early; what is made stays."""
        with self._changed:
            self._stopping = True
            if self._run is not None:
                self._run.close()

    def _work(self) -> None:
        try:
            self._make()
        except BaseException as error:  # told to whoever waits
            if not self._stopping:
                self._error = error
        finally:
            self._store.forget(self)
            with self._changed:
                self.over = True
                self._changed.notify_all()

    def _make(self) -> None:
        store = self._store
        scratch = store.root / "running" / f"{os.getpid()}-{uuid.uuid4().hex}"
        dataset = store.dataset
        parts = max(dataset.parts(table, self.scale) for table in self._tables)
        with self._changed:
            if self._stopping:
                return
            self._run = PartsRun(dataset, scratch, [table.name for table in self._tables], self.scale, parts)
        try:
            for name, part, file in self._run.finished():
                if not file.stat().st_size:  # fixed tables are in the first part only
                    continue
                store.keep(dataset.tables()[name], self.scale, part, file)
                file.unlink(missing_ok=True)
                with self._changed:
                    self._changed.notify_all()
        finally:
            self._run.close()
        store.make_room()


class PartScan:
    """One scan's claim on a build: while it lasts the build goes on."""

    def __init__(self, store: TableStore, table: GeneratedTable, scale: float) -> None:
        self._store = store
        self._table = table
        self._scale = scale
        self._build: _Build | None = None

    def __enter__(self) -> PartScan:
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def wait_for(self, part: int, closed: Callable[[], bool]) -> Path | None:
        """The file of a part, built when it is missing; None when `closed` has become true meanwhile."""
        path = self._store.path(self._table, self._scale, part)
        while not path.exists():
            if closed():
                return None
            if self._build is None or self._build.over:
                self._drop()
                self._build = self._store.join(self._table, self._scale)
            self._build.wait(path, closed)
        return path

    def _drop(self) -> None:
        if self._build is not None:
            self._store.leave(self._build)
            self._build = None


class SmallTables:
    """Tables of few rows as Arrow in memory, bounded; the rest of the connector sees them as pages at once."""

    MAX_ROWS = 100_000
    MAX_BYTES = 128 << 20

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._tables: dict[tuple[str, float], pa.Table] = {}

    def fits(self, table: GeneratedTable, scale: float) -> bool:
        """The table is small enough."""
        return table.estimated_rows(scale) <= self.MAX_ROWS

    def find(self, table: GeneratedTable, scale: float) -> pa.Table | None:
        """The table when it is in memory."""
        return self._tables.get((table.name, scale))

    def load(self, table: GeneratedTable, scale: float, closed: Callable[[], bool]) -> pa.Table | None:
        """The table, built and read when it is missing; None when `closed` has become true meanwhile."""
        found = self.find(table, scale)
        if found is not None:
            return found
        with self._store.scan(table, scale) as scan:
            path = scan.wait_for(1, closed)
        if path is None:
            return None
        found = pq.ParquetFile(path).read().combine_chunks()
        with self._lock:
            self._tables[table.name, scale] = found
            while len(self._tables) > 1 and sum(one.nbytes for one in self._tables.values()) > self.MAX_BYTES:
                del self._tables[next(iter(self._tables))]
        return found
