"""A container of Azure as an `ObjectStore`, by the vendor's asynchronous client.

An account with a hierarchical namespace shows its directories as blobs that say so in their metadata; they are left
out here, because directories exist wherever keys begin with their names.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lodestar_server.plugins.toolkit.stores.azure.config import AzureConfig
from lodestar_server.plugins.toolkit.stores.azure.locations import AzureContainer
from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo, StoreError, Upload
from lodestar_server.plugins.toolkit.stores.repeating import (
    PASSING,
    Passing,
    Pauses,
    repeated,
    seconds_of_retry_after,
)

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobClient, ContainerClient

T = TypeVar("T")

DELETES = 16
"""Most of them at a time."""
COPY_SECONDS = 3600.0
_PAUSES = Pauses(tries=20, first=0.1, factor=2.0, longest=5.0, total=60.0)
_DIRECTORY = "hdi_isfolder"
_MISSING = frozenset({"BlobNotFound", "PathNotFound"})
_CODE = re.compile(r"\w+")


class AzureBlobs:
    """`client` opens the container's client on the stores' event loop, `release` gives the connections back."""

    def __init__(
        self,
        place: AzureContainer,
        config: AzureConfig,
        client: Callable[[], ContainerClient],
        release: Callable[[], Awaitable[None]],
    ) -> None:
        self._place = place
        self._open = client
        self._release = release
        self._opened: ContainerClient | None = None
        self._auth = config.auth_type
        self._writes = config.max_write_concurrency
        self.part_size: int = max(config.write_block_size, config.max_single_upload_size)

    @property
    def _container(self) -> ContainerClient:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _blob(self, key: str) -> BlobClient:
        return self._container.get_blob_client(key)

    async def head(self, key: str) -> ObjectInfo | None:
        """None for a directory of a hierarchical namespace, too."""
        found = await self._call(lambda _: self._blob(key).get_blob_properties(), missing=None)
        return None if found is None or _is_directory(found.metadata) else _info(key, found)

    async def get(self, key: str, start: int, length: int) -> bytes | None:
        """One request."""
        if length <= 0:
            return b""

        async def attempt(_: int) -> bytes:
            stream: Any = await self._blob(key).download_blob(offset=start, length=length)
            return bytes(await stream.readall())

        return await self._call(attempt, missing=None, beyond=b"")

    async def get_whole(self, key: str) -> bytes | None:
        """One request for what is not too large."""

        async def attempt(_: int) -> bytes:
            stream: Any = await self._blob(key).download_blob()
            return bytes(await stream.readall())

        return await self._call(attempt, missing=None)

    async def put(self, key: str, content: bytes, *, exclusive: bool = False) -> None:
        """A block blob."""

        async def attempt(number: int) -> None:
            try:
                await self._blob(key).upload_blob(content, length=len(content), overwrite=not exclusive)
            except Exception as fault:
                # What was refused because it is there may be what the request before has written.
                if number > 1 and exclusive and _code(fault) == "BlobAlreadyExists":
                    if await self.get_whole(key) == content:
                        return
                raise

        await self._call(attempt)

    async def open_upload(self, key: str) -> Upload:
        """Blocks, several on their way at once."""
        return _BlockUpload(self, key, self._writes)

    async def stage(self, key: str, block: str, part: bytes) -> None:
        """A block that no blob has yet."""
        await self._call(lambda _: self._blob(key).stage_block(block, part, length=len(part)))

    async def commit(self, key: str, blocks: Sequence[str]) -> None:
        """The blob of these blocks."""
        from azure.storage.blob import BlobBlock

        await self._call(lambda _: self._blob(key).commit_block_list([BlobBlock(one) for one in blocks]))

    async def copy(self, source: str, target: str) -> None:
        """Within the account; the service may take its time, which is waited for."""
        blob = self._blob(target)
        address = self._blob(source).url
        started = await self._call(lambda _: blob.start_copy_from_url(address))
        status = str(started["copy_status"])
        deadline = time.monotonic() + COPY_SECONDS
        pause = 0.05
        while status == "pending":
            if time.monotonic() > deadline:
                raise StoreError(f"The copy of {source} has not ended after {COPY_SECONDS:.0f} s")
            await asyncio.sleep(pause)
            pause = min(5.0, pause * 2)
            status = str((await self._call(lambda _: blob.get_blob_properties())).copy.status)
        if status != "success":
            raise StoreError(f"The copy of {source} ended as '{status}'")

    async def delete(self, keys: Sequence[str]) -> None:
        """One request each, several at once: a batch is refused as a whole by accounts that others answer for."""
        waiting = iter(keys)

        async def work() -> None:
            for key in waiting:
                await self._delete(key)

        results = await asyncio.gather(*(work() for _ in range(min(DELETES, len(keys)))), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _delete(self, key: str) -> None:
        await self._call(lambda _: self._blob(key).delete_blob(delete_snapshots="include"), missing=None)

    async def list(self, prefix: str, delimiter: str = "") -> AsyncIterator[ListedPage]:
        """Pages of up to 5,000."""
        token: str | None = None
        while True:
            page, token = await self._call(partial(self._page, prefix, delimiter, token))
            yield page
            if not token:
                return

    async def _page(self, prefix: str, delimiter: str, token: str | None, _: int) -> tuple[ListedPage, str | None]:
        container = self._container
        listing: Any
        if delimiter:
            listing = container.walk_blobs(prefix or None, include=["metadata"], delimiter=delimiter)
        else:
            listing = container.list_blobs(prefix or None, include=["metadata"])
        pages = listing.by_page(continuation_token=token)
        objects, prefixes = [], []
        async for page in pages:
            async for one in page:
                if getattr(one, "prefix", None) is not None and not hasattr(one, "last_modified"):
                    prefixes.append(one.name)
                elif not _is_directory(one.metadata):
                    objects.append(_info(one.name, one))
            break
        return ListedPage(tuple(objects), tuple(prefixes)), pages.continuation_token

    async def close(self) -> None:
        """Those of the other containers too; they open again when they are asked."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()
        await self._release()

    # failures
    async def _call(self, attempt: Callable[[int], Awaitable[T]], **answers: Any) -> T:
        """`answers`: `missing` for a blob that is not there, `beyond` for a range behind its end."""

        async def told(number: int) -> T:
            from azure.core.exceptions import AzureError

            try:
                return await attempt(number)
            except (AzureError, TimeoutError, OSError) as fault:
                code, status = _code(fault), _status(fault)
                if "missing" in answers and (code in _MISSING or (code is None and status == 404)):
                    return answers["missing"]  # type: ignore[no-any-return]
                if "beyond" in answers and status == 416:
                    return answers["beyond"]  # type: ignore[no-any-return]
                raise self._error(fault, code, status) from fault

        return await repeated(told, _PAUSES)

    def _error(self, fault: Exception, code: str | None, status: int | None) -> Exception:
        text = self._no_token(fault) or self._told(status, code, _reason(fault))
        precondition = status == 412 or code == "BlobAlreadyExists"
        error = StoreError(text, status=status, precondition=precondition)
        if _is_refused_token(fault) or (status is not None and status not in PASSING):
            return error
        response = getattr(fault, "response", None)
        asked = None if response is None else response.headers.get("Retry-After")
        return Passing(error, seconds_of_retry_after(asked, time.time()))

    def _no_token(self, fault: Exception) -> str | None:
        """A failure of the token service, which was asked before."""
        response = getattr(fault, "response", None)
        if not _is_refused_token(fault) or (response is not None and "x-ms-version" in response.headers):
            return None
        return (
            f"No token for the storage account '{self._place.account}' (azure.auth-type={self._auth.name}): "
            f"{_reason(fault)}; check the settings azure.oauth or the managed identity"
        )

    def _told(self, status: int | None, code: str | None, reason: str) -> str:
        container, account = self._place.container, self._place.account
        if code == "ContainerNotFound":
            return f"The container '{container}' does not exist in the storage account '{account}'"
        if status in (401, 403):
            return (
                f"Access to the container '{container}' of the storage account '{account}' is denied "
                f"({status}{' ' + code if code else ''}); check azure.auth-type and its credentials"
            )
        answer = f"{status}{' ' + code if code else ''}: " if status else ""
        return f"Azure container '{container}' of the storage account '{account}': {answer}{reason}"


class _BlockUpload:
    """Blocks are sent beside each other, at most `limit` at once; which ones belong to the blob is said at the end."""

    def __init__(self, store: AzureBlobs, key: str, limit: int) -> None:
        self._store = store
        self._key = key
        self._limit = limit
        self._blocks: list[str] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def write(self, part: bytes | memoryview) -> None:
        """Waits only while too many blocks are on their way. Raises what one of them met."""
        while len(self._sending) >= self._limit:
            await self._settle(asyncio.FIRST_COMPLETED)
        block = base64.b64encode(b"%08d" % len(self._blocks)).decode()
        self._blocks.append(block)
        self._sending.add(asyncio.ensure_future(self._store.stage(self._key, block, bytes(part))))

    async def _settle(self, when: str) -> None:
        done, self._sending = await asyncio.wait(self._sending, return_when=when)
        for task in done:
            task.result()

    async def complete(self) -> None:
        """Now the blob is there."""
        if self._sending:
            await self._settle(asyncio.ALL_COMPLETED)
        await self._store.commit(self._key, self._blocks)

    async def abort(self) -> None:
        """The service forgets blocks that no blob has."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        self._sending = set()


def _is_directory(metadata: Any) -> bool:
    return bool(metadata) and str(metadata.get(_DIRECTORY, "")).lower() == "true"


def _info(key: str, found: Any) -> ObjectInfo:
    changed: datetime = found.last_modified
    return ObjectInfo(key, int(found.size), int(changed.timestamp()) * 10**9, str(found.etag or ""))


def _code(fault: BaseException) -> str | None:
    code = getattr(fault, "error_code", None)
    if code is None:
        response = getattr(fault, "response", None)
        code = None if response is None else response.headers.get("x-ms-error-code")
    return None if code is None else str(getattr(code, "value", code))


def _status(fault: BaseException) -> int | None:
    status = getattr(fault, "status_code", None)
    return None if status is None else int(status)


def _is_refused_token(fault: BaseException) -> bool:
    from azure.core.exceptions import ClientAuthenticationError

    return isinstance(fault, ClientAuthenticationError)


def _reason(fault: BaseException) -> str:
    """The first line that the service or the library says; requests, with their signatures, are not part of it."""
    text = str(getattr(fault, "message", "") or fault or type(fault).__name__)
    return text.splitlines()[0] if text else type(fault).__name__
