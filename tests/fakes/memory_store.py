"""An object store in memory, as true as a bucket: whole objects, uploads in parts, pages of a listing."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo, StoreError

NOW = 1_700_000_000
"""The store's clock, in seconds since 1970; it stands still."""


@dataclass
class MemoryUpload:
    store: MemoryStore
    key: str
    parts: list[bytes] = field(default_factory=list)

    async def write(self, part: bytes | memoryview) -> None:
        self.store.fail("upload", self.key)
        self.parts.append(bytes(part))

    async def complete(self) -> None:
        self.store.uploads.remove(self)
        await self.store.put(self.key, b"".join(self.parts))

    async def abort(self) -> None:
        self.store.uploads.remove(self)


@dataclass
class MemoryStore:
    """`calls` are (verb, key); `broken` are those that fail."""

    part_size: int = 64
    page_size: int = 3
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[MemoryUpload] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    ages: dict[str, int] = field(default_factory=dict)
    """In seconds, of objects that are not new."""

    def fail(self, verb: str, key: str) -> None:
        self.calls.append((verb, key))
        if (verb, key) in self.broken:
            raise StoreError("out of order", status=503)

    def _info(self, key: str) -> ObjectInfo:
        content = self.objects[key]
        return ObjectInfo(key, len(content), (NOW - self.ages.get(key, 0)) * 10**9, hashlib.md5(content).hexdigest())

    async def head(self, key: str) -> ObjectInfo | None:
        self.fail("head", key)
        return self._info(key) if key in self.objects else None

    async def get(self, key: str, start: int, length: int) -> bytes | None:
        self.fail("get", key)
        content = self.objects.get(key)
        return None if content is None else content[start : start + length]

    async def get_whole(self, key: str) -> bytes | None:
        self.fail("get", key)
        return self.objects.get(key)

    async def put(self, key: str, content: bytes, *, exclusive: bool = False) -> None:
        self.fail("put", key)
        if exclusive and key in self.objects:
            raise StoreError("there already", status=412, precondition=True)
        self.objects[key] = content
        self.ages.pop(key, None)

    async def open_upload(self, key: str) -> MemoryUpload:
        upload = MemoryUpload(self, key)
        self.uploads.append(upload)
        return upload

    async def copy(self, source: str, target: str) -> None:
        self.fail("copy", source)
        self.objects[target] = self.objects[source]

    async def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.fail("delete", key)
            self.objects.pop(key, None)

    async def list(self, prefix: str, delimiter: str = "") -> AsyncIterator[ListedPage]:
        self.fail("list", prefix)
        objects: list[ObjectInfo] = []
        prefixes: list[str] = []
        for key in sorted(self.objects, key=str.encode):
            if not key.startswith(prefix):
                continue
            head, mark, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if mark:
                if prefix + head + mark not in prefixes:
                    prefixes.append(prefix + head + mark)
            else:
                objects.append(self._info(key))
            if len(objects) + len(prefixes) >= self.page_size:
                yield ListedPage(tuple(objects), tuple(prefixes))
                objects, prefixes = [], []
        yield ListedPage(tuple(objects), tuple(prefixes))

    async def close(self) -> None: ...
