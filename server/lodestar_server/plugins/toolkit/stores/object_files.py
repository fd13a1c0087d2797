"""A `FileSystem` over object stores: directories exist because keys begin with their names."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, TypeVar, cast

from lodestar_server.plugins.toolkit.files import FileInfo, Version, split_location
from lodestar_server.plugins.toolkit.parquet_checksums import (
    ColumnChunks,
    WrongChecksum,
    column_chunks,
    footer_bytes,
)
from lodestar_server.plugins.toolkit.stores.ends import END_BYTES, EndCache, end_lengths
from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.plugins.toolkit.stores.object_input import ObjectInput, fetch_range
from lodestar_server.plugins.toolkit.stores.object_output import ObjectOutput
from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo, ObjectStore, StoreError
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.page import FileSlice, RemoteFiles

COPIES_AT_ONCE = 32
ENDS_AT_ONCE = 64
DELETES_AT_ONCE = 4

T = TypeVar("T")
_KEPT_CHUNKS = 4096
"""Files of which is known where their columns are."""
_numbers = itertools.count(1)


class _Place:
    """A location taken apart. `prefix` is what the keys of a directory begin with."""

    __slots__ = ("key", "prefix", "store", "top")

    def __init__(self, store: ObjectStore, top: str, key: str) -> None:
        self.store = store
        self.top = top
        self.key = key
        self.prefix = f"{key}/" if key else ""

    def location(self, key: str) -> str:
        return f"{self.top}/{key}"


class ObjectFileSystem:
    """A `FileSystem`. `containers` gives the store of an authority (`bucket`, or `container@account`); it keeps them.

    `schemes`: all of them address the same objects. `error`: the code of every failure.
    """

    root: str | None = None

    def __init__(self, containers: Callable[[str], ObjectStore], schemes: Iterable[str], error: ErrorCode) -> None:
        self._containers = containers
        self._schemes = frozenset(schemes)
        self._error = error
        self._lock = threading.Lock()
        self._stores: dict[str, ObjectStore] = {}
        self._ends = EndCache()
        self._chunks: dict[tuple[str, Version], ColumnChunks] = {}
        self.name = f"store-{next(_numbers)}"

    def _place(self, location: str) -> _Place:
        try:
            scheme, rest = split_location(location)
        except ValueError as fault:
            raise LodestarError(self._error, str(fault)) from None
        if scheme not in self._schemes:
            raise LodestarError(self._error, f"No factory for location: {location}")
        authority, _, path = rest.partition("/")
        if not authority:
            raise LodestarError(self._error, f"No bucket name in location: {location}")
        store = self._stores.get(authority)
        if store is None:
            with self._lock, self._telling("open", location):
                store = self._stores.get(authority)
                if store is None:
                    store = self._stores[authority] = self._containers(authority)
        return _Place(store, f"{scheme}://{authority}", path.strip("/") if path.endswith("/") else path.lstrip("/"))

    @contextmanager
    def _telling(self, verb: str, location: str) -> Iterator[None]:
        try:
            yield
        except StoreError as fault:
            raise LodestarError(self._error, f"Failed to {verb} {location}: {fault}") from fault

    def _run(self, verb: str, location: str, work: Coroutine[Any, Any, T]) -> T:
        with self._telling(verb, location):
            return LOOP.run(work)

    def local_path(self, location: str) -> str | None:
        """None. Raises the given code for another scheme."""
        self._place(location)
        return None

    # what is there
    def find(self, location: str) -> FileInfo | None:
        """A file, or a directory when keys begin with it."""
        place = self._place(location)
        return self._run("look at", location, self._find(place))

    async def _find(self, place: _Place) -> FileInfo | None:
        if place.key:
            found = await place.store.head(place.key)
            if found is not None:
                return _info(place, found)
        if await _is_directory(place):
            return FileInfo(place.location(place.key), 0, 0, is_directory=True)
        return None

    def list(self, location: str) -> list[FileInfo]:
        """In the order of the locations."""
        place = self._place(location)
        return self._run("list", location, _list(place))

    def list_recursively(self, location: str) -> Iterator[FileInfo]:
        """Page after page; the next one is on its way while one is read."""
        place = self._place(location)
        with self._telling("list", location):
            for page in LOOP.iterate(place.store.list(place.prefix)):
                for found in page.objects:
                    if not found.key.endswith("/"):
                        yield _info(place, found)

    # small files
    def read(self, location: str) -> bytes | None:
        """None when it is not there."""
        place = self._place(location)
        return self._run("read", location, place.store.get_whole(place.key))

    def write(self, location: str, content: bytes) -> None:
        """At once."""
        place = self._place(location)
        self._run("write", location, place.store.put(place.key, content))

    def write_new(self, location: str, content: bytes) -> bool:
        """By a write that fails when something is there."""
        place = self._place(location)
        with self._telling("write", location):
            try:
                LOOP.run(place.store.put(place.key, content, exclusive=True))
            except StoreError as fault:
                if fault.precondition:
                    return False
                raise
        return True

    def keeps_directories(self, location: str) -> bool:
        """No."""
        return False

    def make_directory(self, location: str) -> None:
        """There are none to make. Raises the given code for another scheme."""
        self._place(location)

    # moving and deleting
    def rename(self, source: str, target: str, *, again: bool = False) -> None:
        """Copies within the store, several at once, then deletes. Copies that were made go when one fails."""
        old, new = self._place(source), self._place(target)
        if old.store is not new.store:
            raise LodestarError(self._error, f"Cannot move {source} to another bucket: {target}")
        self._run("move to", target, self._rename(old, new, again))

    async def _rename(self, old: _Place, new: _Place, again: bool) -> None:
        store = old.store
        alone = await store.head(old.key)
        keys = [old.key] if alone is not None else []
        async for page in store.list(old.prefix):
            keys += [found.key for found in page.objects]
        if not keys:
            raise StoreError("No such file or directory", status=404)
        if not again and await self._find(new) is not None:
            raise StoreError("File exists", status=409)
        moves = {key: new.key + key[len(old.key) :] for key in keys}
        # A directory's hidden files say what is in it: they come last and go first.
        hidden = {key: moved for key, moved in moves.items() if key.rpartition("/")[2].startswith(".")}
        plain = {key: moved for key, moved in moves.items() if key not in hidden}
        try:
            for some in (plain, hidden):
                copies = [partial(store.copy, key, moved) for key, moved in some.items()]
                await _side_by_side(COPIES_AT_ONCE, copies)
        except BaseException:
            if not again:
                await _delete(store, list(moves.values()))
            raise
        await _delete(store, list(hidden))
        await _delete(store, list(plain))

    def delete_file(self, location: str) -> None:
        """Nothing happens when it is not there."""
        place = self._place(location)
        self._run("delete", location, place.store.delete([place.key]))

    def delete_tree(self, location: str) -> None:
        """In batches, the next page being listed meanwhile."""
        place = self._place(location)
        self._run("delete", location, self._delete_tree(place))

    async def _delete_tree(self, place: _Place) -> None:
        if not place.prefix:
            raise StoreError("The whole bucket is not deleted")
        keys: list[str] = []
        async for page in place.store.list(place.prefix):
            keys += [found.key for found in page.objects]
        await _delete(place.store, keys)

    # contents
    def open_input(self, location: str, version: Version | None = None) -> BinaryIO:
        """Raises the given code when it is not there; reads raise it too."""
        place = self._place(location)
        end = None if version is None else self._ends.find(location, version)
        if version is None:
            found = self._run("open", location, place.store.head(place.key))
            if found is None:
                raise LodestarError(self._error, f"Failed to open {location}: No such file or directory")
            version = Version(found.size, found.modified_nanos)

        async def fetch(start: int, length: int) -> bytes:
            return await self._fetch(place, location, start, length)

        return cast(BinaryIO, ObjectInput(fetch, version.size, location, end or b""))

    async def _fetch(self, place: _Place, location: str, start: int, length: int) -> bytes:
        with self._telling("read", location):
            found = await place.store.get(place.key, start, length)
            if found is None:
                raise StoreError("No such file or directory", status=404)
            if len(found) != length:
                raise StoreError(f"{len(found)} of {length} bytes from {start} on: the file has changed")
        return found

    # for the kernel
    def remote(self, location: str) -> RemoteFiles | None:
        """Itself."""
        return self

    def fetch(self, file: FileSlice, start: int, length: int, count: Callable[[int], None]) -> Future[bytes]:
        """From the end of the file that is kept, or from the store."""
        version = Version(file.file_size, file.modified_nanos)
        end = self._ends.find(file.path, version)
        if end is not None and start >= version.size - len(end):
            # Compared when it came. Whoever is the first to use it pays.
            cost = self._ends.take_cost(file.path, version)
            if cost:
                count(cost)
            known: Future[bytes] = Future()
            offset = start - (version.size - len(end))
            known.set_result(end[offset : offset + length])
            return known
        return LOOP.submit(self._fetch_counted(file, start, length, count))

    async def _fetch_counted(self, file: FileSlice, start: int, length: int, count: Callable[[int], None]) -> bytes:
        place = self._place(file.path)

        async def fetch(at: int, size: int) -> bytes:
            return await self._fetch(place, file.path, at, size)

        for last in (False, True):
            found = await fetch_range(fetch, start, length)
            count(length)
            try:
                await self._check(place, file, start, found)
                return found
            except WrongChecksum as fault:
                if last:
                    with self._telling("read", file.path):
                        raise StoreError(f"{fault}; the file is damaged, or what came of it") from fault
        raise AssertionError

    async def _check(self, place: _Place, file: FileSlice, start: int, content: bytes) -> None:
        """Compare the pages that came. Raises: WrongChecksum."""
        chunks = await self._chunks_of(place, file)
        if chunks is not None:
            await asyncio.get_running_loop().run_in_executor(None, chunks.check, start, content)

    async def _chunks_of(self, place: _Place, file: FileSlice) -> ColumnChunks | None:
        version = Version(file.file_size, file.modified_nanos)
        key = (file.path, version)
        with self._lock:
            if key in self._chunks:
                return self._chunks[key]
        end = self._ends.find(file.path, version)
        if end is None:
            length = min(version.size, END_BYTES)
            end = await self._fetch(place, file.path, version.size - length, length)
        end = await self._with_footer(place, file.path, version, end)
        found = column_chunks(end)
        if found is None:
            return None  # What came may be damaged: the next one asks again.
        self._keep_chunks(file.path, version, found)
        return found

    async def _with_footer(self, place: _Place, location: str, version: Version, end: bytes) -> bytes:
        """A file's end, longer when its footer is."""
        size = footer_bytes(end)
        if size is None or not len(end) < size <= version.size:
            return end
        missing = size - len(end)
        return await self._fetch(place, location, version.size - size, missing) + end

    def _keep_chunks(self, location: str, version: Version, found: ColumnChunks) -> None:
        with self._lock:
            if len(self._chunks) >= _KEPT_CHUNKS:
                self._chunks.clear()
            self._chunks[location, version] = found

    def fetch_ends(self, files: Sequence[tuple[str, Version]]) -> None:
        """Those that are not kept yet, several at once; small files whole, while they are not too many."""
        wanted = [(location, version) for location, version in files if self._ends.find(location, version) is None]
        if wanted:
            lengths = end_lengths([version for _, version in wanted])
            calls = [partial(self._fetch_end, *one, length) for one, length in zip(wanted, lengths, strict=True)]
            LOOP.run(_side_by_side(ENDS_AT_ONCE, calls))

    def forget(self) -> None:
        """Ends of files, and where their columns are."""
        self._ends.clear()
        with self._lock:
            self._chunks.clear()

    async def _fetch_end(self, location: str, version: Version, length: int) -> None:
        place = self._place(location)
        try:
            end = await self._fetch(place, location, version.size - length, length)
            end = await self._with_footer(place, location, version, end)
            chunks = column_chunks(end)
            if chunks is not None:
                chunks.check(version.size - len(end), end)
                self._keep_chunks(location, version, chunks)
        except (LodestarError, WrongChecksum):
            return
        self._ends.put(location, version, end)

    def open_output(self, location: str) -> BinaryIO:
        """In parts when it is large; it appears when it is closed. Raises the given code."""
        place = self._place(location)
        return cast(BinaryIO, _TellingOutput(place.store, place.key, location, self._error))

    def sync_file(self, location: str) -> None:
        """A closed object is durable."""

    def sync_directory(self, location: str) -> None:
        """There are none."""

    def close(self) -> None:
        """Every store that was opened."""
        with self._lock:
            stores, self._stores = list(self._stores.values()), {}
        for store in stores:
            LOOP.run(store.close())


class _TellingOutput(ObjectOutput):
    def __init__(self, store: ObjectStore, key: str, name: str, error: ErrorCode) -> None:
        super().__init__(store, key, name)
        self._error = error

    def write(self, data: Any, /) -> int:
        """Raises the given code."""
        try:
            return super().write(data)
        except StoreError as fault:
            raise self._told(fault) from fault

    def close(self) -> None:
        """Raises the given code."""
        try:
            super().close()
        except StoreError as fault:
            raise self._told(fault) from fault

    def _told(self, fault: StoreError) -> LodestarError:
        return LodestarError(self._error, f"Failed to write {self.name}: {fault}")


def _info(place: _Place, found: ObjectInfo) -> FileInfo:
    return FileInfo(place.location(found.key), found.size, found.modified_nanos)


async def _is_directory(place: _Place) -> bool:
    pages: AsyncIterator[ListedPage] = place.store.list(place.prefix, "/")
    async for page in pages:
        return bool(page.objects or page.prefixes) or not place.key
    return not place.key


async def _list(place: _Place) -> list[FileInfo]:
    found = []
    async for page in place.store.list(place.prefix, "/"):
        found += [_info(place, one) for one in page.objects if not one.key.endswith("/")]
        found += [FileInfo(place.location(one.rstrip("/")), 0, 0, is_directory=True) for one in page.prefixes]
    return sorted(found, key=lambda info: info.location)


async def _side_by_side(limit: int, calls: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """All of them; after a failure no other one begins, and those that run are awaited."""
    waiting = iter(calls)

    async def work() -> None:
        for call in waiting:
            await call()

    results = await asyncio.gather(*(work() for _ in range(min(limit, len(calls)))), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _delete(store: ObjectStore, keys: list[str]) -> None:
    batches = [keys[start : start + 1000] for start in range(0, len(keys), 1000)]
    await _side_by_side(DELETES_AT_ONCE, [partial(store.delete, batch) for batch in batches])
