"""Uploads in parts that go on where a lost answer left them."""

from __future__ import annotations

import re

import pytest

from lodestar_server.plugins.toolkit.stores.gcs.config import GcsConfig
from lodestar_server.plugins.toolkit.stores.gcs.objects import GRAIN, GcsObjects
from lodestar_server.plugins.toolkit.stores.gcs.service import Answer
from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.repeating import Passing
from lodestar_server.spi.properties import DataSize, Duration


class _Service:
    """A bucket with one upload session. `troubles`: for each PUT with a body, how many bytes are kept before 503."""

    address = "http://service"

    def __init__(self, *troubles: int | None, answer_lost: bool = False) -> None:
        self.config = GcsConfig(write_block_size=DataSize(GRAIN), min_backoff_delay=Duration(0), max_retries=4)
        self.troubles = list(troubles)
        self.answer_lost = answer_lost
        self.content = bytearray()
        self.done = False
        self.deleted = False

    async def ask(self, method, address, **given):
        assert (method, "uploadType=resumable" in address) == ("POST", True)
        return Answer(200, {"Location": "http://service/session"}, b"")

    async def ask_once(self, method, address, *, bucket, expected, headers=None, body=b""):
        if method == "DELETE":
            self.deleted = True
            return Answer(204, {}, b"")
        place, total = re.fullmatch(r"bytes (\S+)/(\S+)", headers["Content-Range"]).groups()
        if body or (place == "*" and not self.done and total == "0"):
            start = int(place.partition("-")[0]) if place != "*" else 0
            assert start == len(self.content)
            kept = self.troubles.pop(0) if self.troubles else None
            self.content += body if kept is None else body[:kept]
            self.done = total == str(len(self.content))
            if kept is not None or (self.done and self.answer_lost):
                self.answer_lost = False
                raise Passing(StoreError("busy", status=503))
        if self.done:
            return Answer(200, {}, b"")
        return Answer(308, {"Range": f"bytes=0-{len(self.content) - 1}"} if self.content else {}, b"")


@pytest.mark.parametrize("troubles", [(), (0,), (GRAIN // 2,), (None, 7, 9), (None, None, 3)])
async def test_every_byte_arrives_once(troubles):
    service = _Service(*troubles)
    parts = [bytes([number]) * GRAIN for number in range(2)] + [b"end" * 5]
    upload = await GcsObjects(service, "b").open_upload("k")
    for part in parts:
        await upload.write(memoryview(part))
    assert not service.done
    await upload.complete()
    assert service.done
    assert bytes(service.content) == b"".join(parts)


async def test_a_lost_last_answer_is_asked_for():
    service = _Service(answer_lost=True)
    upload = await GcsObjects(service, "b").open_upload("k")
    await upload.write(b"all")
    await upload.complete()
    assert bytes(service.content) == b"all"


async def test_trouble_without_end_is_told():
    service = _Service(0, 0, 0, 0, 0)
    upload = await GcsObjects(service, "b").open_upload("k")
    await upload.write(b"all")
    with pytest.raises(StoreError, match="busy"):
        await upload.complete()
    await upload.abort()
    assert service.deleted


def test_parts_have_the_size_that_the_service_wants():
    service = _Service()
    service.config = GcsConfig(write_block_size=DataSize(GRAIN + 1))
    assert GcsObjects(service, "b").part_size == 2 * GRAIN
