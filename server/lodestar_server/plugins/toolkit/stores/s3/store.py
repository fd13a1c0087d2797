"""A bucket as an `ObjectStore`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo, StoreError
from lodestar_server.plugins.toolkit.stores.s3.accounts import Account, Accounts
from lodestar_server.plugins.toolkit.stores.s3.pages import Page, nanos

PARTS_AT_ONCE = 4
"""Of one upload; a part waits in memory until it is sent."""
LARGEST_COPY = 5 << 30
COPIED_PART = 512 << 20


class S3Store:
    """An `ObjectStore`."""

    def __init__(self, bucket: str, accounts: Accounts, part_size: int) -> None:
        self.part_size = part_size
        self._bucket = bucket
        self._accounts = accounts

    async def _call(self, operation: str, key: str, **parameters: Any) -> Any:
        return await self._account(key).call(operation, self._bucket, Key=key, **parameters)

    def _account(self, key: str) -> Account:
        return self._accounts.of(self._bucket, key)

    async def head(self, key: str) -> ObjectInfo | None:
        """None when it is not there, a missing bucket included."""
        try:
            found = await self._call("head_object", key, **self._account(key).on_read)
        except StoreError as fault:
            if fault.status == 404:
                return None
            raise
        return ObjectInfo(key, found["ContentLength"], nanos(found["LastModified"]), found.get("ETag", ""))

    async def get(self, key: str, start: int, length: int) -> bytes | None:
        """A range."""
        if length <= 0:
            return b""
        found = await self._account(key).get_range(self._bucket, key, start, length)
        return await self._get(key, Range=f"bytes={start}-{start + length - 1}") if found is None else found

    async def get_whole(self, key: str) -> bytes | None:
        """All of it."""
        return await self._get(key)

    async def _get(self, key: str, **parameters: Any) -> bytes | None:
        try:
            found = await self._call("get_object", key, **self._account(key).on_read, **parameters)
        except StoreError as fault:
            if fault.status == 404 and "NoSuchBucket" not in str(fault):
                return None
            if fault.status == 416:  # nothing from there on
                return b""
            raise
        content: bytes = found["Body"]
        return content

    async def put(self, key: str, content: bytes, *, exclusive: bool = False) -> None:
        """At once."""
        account = self._account(key)
        parameters = dict(account.on_create)
        if exclusive:
            if account.settings.exclusive_create:
                parameters["IfNoneMatch"] = "*"
            elif await self.head(key) is not None:
                raise StoreError("There is an object of this name", status=412, precondition=True)
        await self._call("put_object", key, Body=content, **parameters)

    async def open_upload(self, key: str) -> S3Upload:
        """A multi-part upload."""
        account = self._account(key)
        answer = await self._call("create_multipart_upload", key, **account.on_create)
        return S3Upload(account, self._bucket, key, answer["UploadId"])

    async def copy(self, source: str, target: str) -> None:
        """In one request where the store allows it."""
        account = self._account(target)
        place = {"Bucket": self._bucket, "Key": source}
        parameters = {**account.on_create, **_for_source(account)}
        try:
            await self._call("copy_object", target, CopySource=place, **parameters)
            return
        except StoreError as fault:
            if fault.status == 404:
                raise StoreError("No such file or directory", status=404) from fault
            size = await self._size_beyond_one_copy(source) if fault.status == 400 else 0
            if not size:
                raise
        upload = await self.open_upload(target)
        try:
            ranges = [f"bytes={start}-{min(start + COPIED_PART, size) - 1}" for start in range(0, size, COPIED_PART)]
            await upload.copy(place, ranges)
            await upload.complete()
        except BaseException:
            await upload.abort()
            raise

    async def _size_beyond_one_copy(self, key: str) -> int:
        found = await self.head(key)
        return found.size if found is not None and found.size > LARGEST_COPY else 0

    async def delete(self, keys: Sequence[str]) -> None:
        """A thousand in one request."""
        if len(keys) == 1:
            try:
                await self._call("delete_object", keys[0], **self._account(keys[0]).on_every)
            except StoreError as fault:
                if fault.status != 404:
                    raise
            return
        accounts: dict[Account, list[str]] = {}
        for key in keys:
            accounts.setdefault(self._account(key), []).append(key)
        for account, some in accounts.items():
            for first in range(0, len(some), 1000):
                wanted = {"Objects": [{"Key": key} for key in some[first : first + 1000]], "Quiet": True}
                answer = await account.call("delete_objects", self._bucket, Delete=wanted, **account.on_every)
                for refused in answer.get("Errors", ()):
                    raise StoreError(f"{refused.get('Code')}: {refused.get('Message')}; bucket '{self._bucket}'")

    async def list(self, prefix: str, delimiter: str = "") -> AsyncIterator[ListedPage]:
        """A thousand keys a page."""
        token = ""
        while True:
            page = await self._page(prefix, delimiter, token)
            yield page.listed
            token = page.next_token
            if not token:
                return

    async def _page(self, prefix: str, delimiter: str, token: str) -> Page:
        account = self._account(prefix)
        query = {"list-type": "2", "encoding-type": "url", "prefix": prefix}
        if delimiter:
            query["delimiter"] = delimiter
        if token:
            query["continuation-token"] = token
        page = await account.get_page(self._bucket, query)
        if page is not None:
            return page
        parameters: dict[str, Any] = dict(account.on_every)
        if delimiter:
            parameters["Delimiter"] = delimiter
        if token:
            parameters["ContinuationToken"] = token
        answer = await account.call("list_objects_v2", self._bucket, Prefix=prefix, **parameters)
        listed = ListedPage(
            tuple(
                ObjectInfo(one["Key"], one["Size"], nanos(one["LastModified"]), one.get("ETag", ""))
                for one in answer.get("Contents", ())
            ),
            tuple(one["Prefix"] for one in answer.get("CommonPrefixes", ())),
        )
        return Page(listed, answer["NextContinuationToken"] if answer.get("IsTruncated") else "")

    async def close(self) -> None:
        """Accounts open again when another bucket asks."""
        await self._accounts.close()


class S3Upload:
    """An `Upload`: several parts are on their way at once."""

    def __init__(self, account: Account, bucket: str, key: str, upload_id: str) -> None:
        self._account = account
        self._bucket = bucket
        self._place = {"Key": key, "UploadId": upload_id}
        self._room = asyncio.Semaphore(PARTS_AT_ONCE)
        self._parts: list[asyncio.Task[str]] = []

    async def write(self, part: bytes | memoryview) -> None:
        """Returns when the part is on its way. Raises what an earlier part has met."""
        await self._room.acquire()
        for sent in self._parts:
            if sent.done():
                sent.result()
        content = part if isinstance(part, bytes) else bytes(part)
        self._parts.append(asyncio.create_task(self._send(len(self._parts) + 1, content)))

    async def _send(self, number: int, content: bytes) -> str:
        try:
            answer = await self._account.call(
                "upload_part",
                self._bucket,
                PartNumber=number,
                Body=content,
                **self._place,
                **self._account.on_read,
            )
        finally:
            self._room.release()
        etag: str = answer["ETag"]
        return etag

    async def copy(self, source: dict[str, str], ranges: Sequence[str]) -> None:
        """Parts out of another object."""
        for number, one in enumerate(ranges, 1):
            await self._room.acquire()
            self._parts.append(asyncio.create_task(self._copy(number, source, one)))

    async def _copy(self, number: int, source: dict[str, str], wanted: str) -> str:
        try:
            answer = await self._account.call(
                "upload_part_copy",
                self._bucket,
                PartNumber=number,
                CopySource=source,
                CopySourceRange=wanted,
                **self._place,
                **self._account.on_read,
                **_for_source(self._account),
            )
        finally:
            self._room.release()
        etag: str = answer["CopyPartResult"]["ETag"]
        return etag

    async def complete(self) -> None:
        """Make the object out of its parts."""
        etags = await asyncio.gather(*self._parts)
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        await self._account.call(
            "complete_multipart_upload",
            self._bucket,
            MultipartUpload={"Parts": parts},
            **self._place,
            **self._account.on_every,
        )

    async def abort(self) -> None:
        """Nothing stays behind, unless the store cannot be reached."""
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)
        try:
            await self._account.call("abort_multipart_upload", self._bucket, **self._place, **self._account.on_every)
        except StoreError:
            # The bucket's own rule for unfinished uploads removes what is left.
            return


def _for_source(account: Account) -> dict[str, Any]:
    return {f"CopySource{name}": value for name, value in account.on_read.items() if name.startswith("SSECustomer")}
