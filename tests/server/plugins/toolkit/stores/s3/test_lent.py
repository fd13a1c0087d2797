"""Whose keys a request is made with."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.plugins.toolkit.stores.s3 import lent
from lodestar_server.plugins.toolkit.stores.s3.accounts import LendingAccounts, OneAccount
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts, LentKeys
from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings

_SETTINGS = S3Settings(region="here", access_key="own", secret_key="own", auth_type=AuthType.ANONYMOUS)


def _key(accounts: LentAccounts, bucket: str, key: str) -> str | None:
    found = accounts.find(_SETTINGS, bucket, key)
    return None if found is None else found._keys.access_key


def test_the_nearest_location_above_lends():
    accounts = LentAccounts()
    accounts.lend("s3://b/s/t/", LentKeys("table", "x"))
    accounts.lend("s3a://b/s", LentKeys("schema", "x"))
    assert _key(accounts, "b", "s/t/data/1.parquet") == "table"
    assert _key(accounts, "b", "s/t/") == "table"
    assert _key(accounts, "b", "s/tt/1.parquet") == "schema"
    assert _key(accounts, "b", "other/1.parquet") is None
    assert _key(accounts, "c", "s/t/1.parquet") is None
    accounts.lend("s3://c", LentKeys("bucket", "x"))
    assert _key(accounts, "c", "any/where") == "bucket"


def test_new_keys_take_the_place_of_old_ones_and_share_a_client():
    accounts = LentAccounts()
    accounts.lend("s3://b/t", LentKeys("first", "x"))
    first = accounts.find(_SETTINGS, "b", "t/1")
    assert accounts.find(_SETTINGS, "b", "t/2") is first
    accounts.lend("s3://b/t", LentKeys("first", "x"))
    assert accounts.find(_SETTINGS, "b", "t/1") is first
    accounts.lend("s3://b/t", LentKeys("second", "x"))
    second = accounts.find(_SETTINGS, "b", "t/1")
    assert _key(accounts, "b", "t/1") == "second"
    assert second._account is first._account
    accounts.lend("s3://b/u", LentKeys("third", "x", endpoint="http://e", region="there", path_style=True))
    third = accounts.find(_SETTINGS, "b", "u/1")
    assert third._account is not first._account
    assert (third.settings.endpoint, third.settings.region, third.settings.path_style) == ("http://e", "there", True)
    assert (first.settings.region, first.settings.auth_type) == ("here", AuthType.DEFAULT)


def test_what_is_lent_is_forgotten_after_many_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lent, "_KEPT", 2)
    accounts = LentAccounts()
    for name in ("a", "b", "a", "c"):
        accounts.lend(f"s3://lake/{name}", LentKeys(name, "x"))
    assert [_key(accounts, "lake", name) for name in ("a", "b", "c")] == ["a", None, "c"]


def test_a_catalog_asks_with_its_own_keys_elsewhere():
    accounts = LentAccounts()
    accounts.lend("s3://b/t", LentKeys("lent", "x"))
    asked = LendingAccounts(_SETTINGS, accounts, OneAccount(_SETTINGS))
    assert asked.of("b", "t/1").settings.auth_type is AuthType.DEFAULT
    assert asked.of("b", "u/1").settings is _SETTINGS
    accounts.close()


def test_each_task_signs_with_its_own_keys():
    async def keys_of(name: str) -> str:
        session = await lent._open_session(_SETTINGS)
        lent._SIGNING.set(LentKeys(name, "secret", "token"))
        credentials = await session.get_credentials()
        frozen = await credentials.get_frozen_credentials()
        return f"{frozen.access_key}/{frozen.token}"

    assert [LOOP.run(keys_of(name)) for name in ("one", "two")] == ["one/token", "two/token"]
