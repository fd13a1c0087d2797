"""What every object store promises (`stores/objects.py`), asked of real ones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from integration.services.azurite import Azurite
from integration.services.gcs import GoogleStorage
from integration.toolbox.lanes import Skip
from lodestar_server.plugins.toolkit.stores.azure.accounts import AzureAccounts
from lodestar_server.plugins.toolkit.stores.azure.config import AzureAuthType, AzureConfig
from lodestar_server.plugins.toolkit.stores.gcs.config import GcsConfig
from lodestar_server.plugins.toolkit.stores.gcs.service import GcsService
from lodestar_server.plugins.toolkit.stores.objects import ObjectStore, StoreError
from lodestar_server.spi.properties import DataSize

AWKWARD = ("a/b c%20d=é+&#?.txt", "a/x~y'(1)", "plain", "a//b", "a/.hidden", "p=1/q=__HIVE_DEFAULT_PARTITION__/f")


class _Azure:
    """`open` gives a store of the service that is running, as anybody whom it knows or does not know."""

    def __init__(self, service: Azurite) -> None:
        self._service = service
        service.make_container("lake")

    def open(self, container: str = "lake", *, stranger: bool = False) -> tuple[ObjectStore, AzureAccounts]:
        key = "AAAA" + self._service.key[4:] if stranger else self._service.key
        accounts = AzureAccounts(
            AzureConfig(
                endpoint=self._service.endpoint,
                auth_type=AzureAuthType.ACCESS_KEY,
                access_key=key,
                write_block_size=DataSize(2**18),
                max_single_upload_size=DataSize(2**18),
            )
        )
        return accounts.open(f"{container}@{self._service.account}.dfs.core.windows.net"), accounts


class _Google:
    def __init__(self, service: GoogleStorage) -> None:
        self._service = service
        service.make_bucket("lake")

    def open(self, container: str = "lake", *, stranger: bool = False) -> tuple[ObjectStore, GcsService]:
        key = self._service.key_json(forged=stranger)
        service = GcsService(GcsConfig(endpoint=self._service.endpoint, json_key=key, write_block_size=DataSize(2**18)))
        return service.open(container), service


@pytest.fixture(scope="module", params=["azure", "google"])
def peer(request: pytest.FixtureRequest) -> Iterator[_Azure | _Google]:
    kind, opened = {"azure": (_Azure, Azurite), "google": (_Google, GoogleStorage)}[request.param]
    try:
        service = opened()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield kind(service)


@pytest.fixture
async def opened(peer: _Azure | _Google) -> AsyncIterator[Callable[..., ObjectStore]]:
    """`opened(container, stranger=…)` is a store; its connections are closed with the test, however that ends."""
    services: list[AzureAccounts | GcsService] = []

    def open_store(*arguments: Any, **options: Any) -> ObjectStore:
        store, service = peer.open(*arguments, **options)
        services.append(service)
        return store

    yield open_store
    for service in services:
        await service.close()


async def test_awkward_names_and_ranges(opened):
    store = opened()
    for key in AWKWARD:
        await store.put(key, b"hello" * 10)
        found = await store.head(key)
        assert found is not None and (found.key, found.size) == (key, 50)
        assert found.modified_nanos > 1.7e18 and found.etag
        assert await store.get_whole(key) == b"hello" * 10
        assert await store.get(key, 5, 10) == b"hellohello"
        assert await store.get(key, 45, 100) == b"hello"
        assert await store.get(key, 50, 10) == b""
        await store.copy(key, f"copies/{key}")
        assert await store.get_whole(f"copies/{key}") == b"hello" * 10
    keys = [one.key async for page in store.list("") for one in page.objects]
    assert keys == sorted([*AWKWARD, *(f"copies/{key}" for key in AWKWARD)], key=str.encode)
    top = [page async for page in store.list("", "/")]
    assert [one.key for page in top for one in page.objects] == ["plain"]
    assert [one for page in top for one in page.prefixes] == ["a/", "copies/", "p=1/"]
    await store.delete(keys)
    assert [one async for page in store.list("") for one in page.objects] == []


async def test_what_is_not_there_is_an_answer(opened):
    store = opened()
    assert await store.head("no") is None
    assert await store.get("no", 0, 1) is None
    assert await store.get_whole("no") is None
    await store.delete(["no"])
    await store.put("empty", b"")
    assert await store.get_whole("empty") == b""
    assert await store.get("empty", 0, 1) == b""
    await store.delete(["empty", "no"])
    assert await store.head("empty") is None


async def test_an_exclusive_write_happens_once(opened):
    store = opened()
    results = await asyncio.gather(
        *(store.put("lock", b"%d" % owner, exclusive=True) for owner in range(8)), return_exceptions=True
    )
    winners = [owner for owner, result in enumerate(results) if result is None]
    assert len(winners) == 1
    assert all(isinstance(one, StoreError) and one.precondition for one in results if one is not None)
    assert await store.get_whole("lock") == b"%d" % winners[0]
    await store.delete(["lock"])


async def test_an_upload_is_invisible_until_it_is_complete(opened):
    store = opened()
    parts = [os.urandom(store.part_size) for _ in range(20)] + [b"tail"]
    upload = await store.open_upload("big")
    for part in parts:
        await upload.write(memoryview(part))
    assert await store.head("big") is None
    await upload.complete()
    assert await store.get_whole("big") == b"".join(parts)
    assert await store.get("big", 20 * store.part_size - 1, 10) == parts[-2][-1:] + b"tail"
    await store.delete(["big"])
    upload = await store.open_upload("big")
    await upload.write(parts[0])
    await upload.write(parts[1])
    await upload.abort()
    assert await store.head("big") is None


async def test_many_objects_are_listed_and_deleted_in_pages(opened):
    store = opened()
    wanted = [f"many/{number:04d}" for number in range(250)]
    await asyncio.gather(*(store.put(key, b"") for key in wanted))
    assert [one.key async for page in store.list("many/") for one in page.objects] == wanted
    await store.delete([*wanted, "many/more"])
    assert [one async for page in store.list("many/") for one in page.objects] == []


async def test_a_missing_container_is_named(opened):
    store = opened("elsewhere")
    with pytest.raises(StoreError, match="'elsewhere' does not exist"):
        await store.put("a", b"")
    with pytest.raises(StoreError, match="'elsewhere' does not exist"):
        await anext(store.list("a"))


async def test_a_stranger_is_told_what_to_check(opened):
    store = opened(stranger=True)
    for work in (store.put("a", b""), store.get("a", 0, 1), store.head("a"), anext(store.list("a"))):
        with pytest.raises(StoreError, match=r"denied.*check") as raised:
            await work
        assert raised.value.status in (401, 403)
