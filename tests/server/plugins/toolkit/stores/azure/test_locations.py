"""Containers in locations, and where they are asked for."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.azure.locations import AzureContainer, account_address, container_of


@pytest.mark.parametrize("kind", ["dfs", "blob"])
def test_a_container_of_an_account(kind):
    assert container_of(f"lake-1@acc.{kind}.core.windows.net") == AzureContainer("lake-1", "acc", "core.windows.net")


@pytest.mark.parametrize(
    ("authority", "message"),
    [
        ("acc.dfs.core.windows.net", "Expected form"),
        ("c@acc", "Expected form"),
        ("c@acc.dfs.", "Expected form"),
        ("c@acc.s3.core.windows.net", "Expected form"),
        ("@acc.dfs.core.windows.net", "Expected form"),
        ("C@acc.dfs.core.windows.net", "container name 'C'"),
        ("a--b@acc.dfs.core.windows.net", "container name"),
        ("-a@acc.dfs.core.windows.net", "container name"),
        ("a/../b@acc.dfs.core.windows.net", "container name"),
        ("c@a_c.dfs.core.windows.net", "account name"),
        ("c@evil/acc.dfs.core.windows.net", "account name"),
    ],
)
def test_what_is_no_container(authority, message):
    with pytest.raises(ValueError, match=message):
        container_of(authority)


def test_an_account_is_a_host_of_the_domain_or_a_path_below_an_address():
    place = container_of("c@acc.dfs.core.windows.net")
    assert account_address(place, "core.windows.net") == "https://acc.blob.core.windows.net"
    assert account_address(place, "http://127.0.0.1:10000/") == "http://127.0.0.1:10000/acc"
    with pytest.raises(ValueError, match="does not match configured Azure endpoint"):
        account_address(place, "core.usgovcloudapi.net")
