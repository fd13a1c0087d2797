"""A bucket of Google Cloud Storage as an `ObjectStore`, by the service's JSON interface."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo, StoreError, Upload
from lodestar_server.plugins.toolkit.stores.repeating import PASSING, Passing, repeated

if TYPE_CHECKING:
    from lodestar_server.plugins.toolkit.stores.gcs.service import GcsService

GRAIN = 256 * 1024
"""A part that is not the last one has a multiple of this many bytes."""
_FIELDS = "name,size,updated,etag,generation"
_PART_STATUS = re.compile(rb"HTTP/1\.\d (\d{3})")
_RANGE = re.compile(r"bytes=0-(\d+)")


class GcsObjects:
    """One bucket."""

    def __init__(self, service: GcsService, bucket: str) -> None:
        self._service = service
        self._bucket = bucket
        config = service.config
        self._batch = config.batch_size
        self._page_size = config.page_size
        self.part_size: int = -(-int(config.write_block_size) // GRAIN) * GRAIN
        self._objects = f"{service.address}/storage/v1/b/{quote(bucket, safe='')}/o"
        self._uploads = f"{service.address}/upload/storage/v1/b/{quote(bucket, safe='')}/o"

    def _address(self, key: str) -> str:
        return f"{self._objects}/{quote(key, safe='')}"

    async def _ask(self, method: str, address: str, **given: Any) -> Any:
        return await self._service.ask(method, address, bucket=self._bucket, **given)

    async def head(self, key: str) -> ObjectInfo | None:
        """Its metadata."""
        answer = await self._ask("GET", f"{self._address(key)}?fields={quote(_FIELDS, safe='')}", expected=(200, 404))
        if answer.status == 404:
            self._require_bucket(answer)
            return None
        return _info(answer.json())

    async def get(self, key: str, start: int, length: int) -> bytes | None:
        """One request."""
        if length <= 0:
            return b""
        return await self._content(key, {"Range": f"bytes={start}-{start + length - 1}"})

    async def get_whole(self, key: str) -> bytes | None:
        """One request."""
        return await self._content(key, {})

    async def _content(self, key: str, headers: dict[str, str]) -> bytes | None:
        # Accepting gzip keeps the service from unpacking what was stored as such.
        answer = await self._ask(
            "GET",
            f"{self._address(key)}?alt=media",
            headers={"Accept-Encoding": "gzip", **headers},
            expected=(200, 206, 404, 416),
        )
        if answer.status == 404:
            self._require_bucket(answer)
            return None
        return b"" if answer.status == 416 else bytes(answer.body)

    def _require_bucket(self, answer: Any) -> None:
        """Raises: StoreError when it is the bucket that is not there."""
        try:
            message = str(answer.json()["error"]["message"])
        except (ValueError, KeyError, TypeError):
            message = answer.body.decode("utf-8", "replace")
        if "bucket does not exist" in message.lower() or "bucket not found" in message.lower():
            raise self._no_bucket()

    def _no_bucket(self) -> StoreError:
        return StoreError(f"The bucket '{self._bucket}' does not exist", status=404)

    async def put(self, key: str, content: bytes, *, exclusive: bool = False) -> None:
        """One request."""
        query = {"uploadType": "media", "name": key, **({"ifGenerationMatch": "0"} if exclusive else {})}

        async def attempt(number: int) -> None:
            answer = await self._service.ask_once(
                "POST",
                f"{self._uploads}?{urlencode(query, quote_via=quote)}",
                bucket=self._bucket,
                headers={"Content-Type": "application/octet-stream"},
                body=content,
                expected=(200, 404, 412),
            )
            if answer.status == 404:
                raise self._no_bucket()
            if answer.status == 412:
                # What was refused because it is there may be what the request before has written.
                if number == 1 or await self.get_whole(key) != content:
                    raise StoreError(f"{key} is there already", status=412, precondition=True)

        await repeated(attempt, self._service.config.pauses)

    async def open_upload(self, key: str) -> Upload:
        """A session that takes parts one after another."""
        query = urlencode({"uploadType": "resumable", "name": key}, quote_via=quote)
        answer = await self._ask(
            "POST",
            f"{self._uploads}?{query}",
            headers={"Content-Type": "application/json", "X-Upload-Content-Type": "application/octet-stream"},
            body=b"{}",
            expected=(200, 404),
        )
        if answer.status == 404:
            raise self._no_bucket()
        return _ResumableUpload(self._service, self._bucket, answer.headers["Location"])

    async def copy(self, source: str, target: str) -> None:
        """As many requests as the service wants for its size."""
        address = f"{self._address(source)}/rewriteTo/b/{quote(self._bucket, safe='')}/o/{quote(target, safe='')}"
        token = ""
        while True:
            query = f"?rewriteToken={quote(token, safe='')}" if token else ""
            answer = await self._ask(
                "POST", address + query, headers={"Content-Type": "application/json"}, body=b"", expected=(200, 404)
            )
            if answer.status == 404:
                raise StoreError(f"{source} is not there", status=404)
            progress = answer.json()
            if progress.get("done", True):
                return
            token = progress["rewriteToken"]

    async def delete(self, keys: Sequence[str]) -> None:
        """In batches; one key is a request of its own."""
        if len(keys) == 1:
            await self._ask("DELETE", self._address(keys[0]), expected=(200, 204, 404))
            return
        for start in range(0, len(keys), self._batch):
            await self._delete_batch(list(keys[start : start + self._batch]))

    async def _delete_batch(self, keys: list[str]) -> None:
        left = keys

        async def attempt(_: int) -> None:
            nonlocal left
            mark = f"batch_{uuid.uuid4().hex}"
            answer = await self._service.ask_once(
                "POST",
                f"{self._service.address}/batch/storage/v1",
                bucket=self._bucket,
                headers={"Content-Type": f"multipart/mixed; boundary={mark}"},
                body=self._batch_of_deletes(left, mark),
            )
            statuses = [int(status) for status in _PART_STATUS.findall(answer.body)]
            if len(statuses) != len(left):
                raise StoreError(f"{len(statuses)} answers came for {len(left)} deletes")
            refused = {key: one for key, one in zip(left, statuses, strict=True) if one not in (200, 204, 404)}
            if not refused:
                return
            left = list(refused)
            status = next(iter(refused.values()))
            error = StoreError(f"{left[0]} of the bucket '{self._bucket}' cannot be deleted: {status}", status=status)
            raise Passing(error) if set(refused.values()) <= PASSING else error

        await repeated(attempt, self._service.config.pauses)

    def _batch_of_deletes(self, keys: Sequence[str], mark: str) -> bytes:
        parts = []
        for number, key in enumerate(keys, 1):
            path = self._address(key).removeprefix(self._service.address)
            parts.append(
                f"--{mark}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n"
                f"DELETE {path} HTTP/1.1\r\n\r\n\r\n"
            )
        return ("".join(parts) + f"--{mark}--\r\n").encode()

    async def list(self, prefix: str, delimiter: str = "") -> AsyncIterator[ListedPage]:
        """Pages of `gcs.page-size`."""
        query = {"maxResults": str(self._page_size), "fields": f"nextPageToken,prefixes,items({_FIELDS})"}
        if prefix:
            query["prefix"] = prefix
        if delimiter:
            query["delimiter"] = delimiter
        while True:
            answer = await self._ask("GET", f"{self._objects}?{urlencode(query, quote_via=quote)}", expected=(200, 404))
            if answer.status == 404:
                raise self._no_bucket()
            page = answer.json()
            yield ListedPage(tuple(_info(one) for one in page.get("items") or ()), tuple(page.get("prefixes") or ()))
            if not page.get("nextPageToken"):
                return
            query["pageToken"] = page["nextPageToken"]

    async def close(self) -> None:
        """Those of the other buckets too; they open again when they are asked."""
        await self._service.close()


class _ResumableUpload:
    """Only the last part says how long the whole is, so one part is always held back."""

    def __init__(self, service: GcsService, bucket: str, address: str) -> None:
        self._service = service
        self._bucket = bucket
        self._address = address
        self._held = b""
        self._sent = 0

    async def write(self, part: bytes | memoryview) -> None:
        """The part before goes."""
        if self._held:
            await self._send(self._held, None)
        self._held = bytes(part)

    async def complete(self) -> None:
        """The last part goes, and the object is there."""
        await self._send(self._held, self._sent + len(self._held))
        self._held = b""

    async def _send(self, part: bytes, total: int | None) -> None:
        first = self._sent
        whole = "*" if total is None else str(total)

        async def attempt(number: int) -> None:
            done = 0
            if number > 1:
                # The request before may have come through, in part or as a whole.
                stands = await self._put(b"", f"bytes */{whole}")
                if stands.status in (200, 201):
                    return
                done = max(0, _received(stands.headers.get("Range")) - first)
            while done < len(part) or (not part and total is not None):
                rest = memoryview(part)[done:]
                place = f"{first + done}-{first + len(part) - 1}" if part else "*"
                answer = await self._put(rest, f"bytes {place}/{whole}")
                if answer.status in (200, 201):
                    return
                taken = _received(answer.headers.get("Range")) - first
                if taken <= done:
                    raise Passing(StoreError(f"The upload to the bucket '{self._bucket}' makes no progress"))
                done = taken

        await repeated(attempt, self._service.config.pauses)
        self._sent = first + len(part)

    async def _put(self, body: bytes | memoryview, content_range: str) -> Any:
        return await self._service.ask_once(
            "PUT",
            self._address,
            bucket=self._bucket,
            headers={"Content-Range": content_range},
            body=bytes(body),
            expected=(200, 201, 308),
        )

    async def abort(self) -> None:
        """The session goes; what is left when that fails ends by itself after a week."""
        try:
            await self._service.ask_once(
                "DELETE", self._address, bucket=self._bucket, expected=(200, 204, 404, 410, 499)
            )
        except (StoreError, Passing):
            return


def _received(header: str | None) -> int:
    match = _RANGE.fullmatch(header or "")
    return int(match[1]) + 1 if match else 0


def _info(found: dict[str, Any]) -> ObjectInfo:
    updated = datetime.fromisoformat(found["updated"].replace("Z", "+00:00"))
    nanos = int(updated.timestamp()) * 10**9 + updated.microsecond * 1000
    return ObjectInfo(found["name"], int(found.get("size", 0)), nanos, str(found.get("etag", "")))
