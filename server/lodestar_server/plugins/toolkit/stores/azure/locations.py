"""`abfss://container@account.dfs.core.windows.net/path`: the container that a location is in."""

from __future__ import annotations

import re

from lodestar_server.spi.values import frozen

SCHEMES = ("abfs", "abfss", "wasb", "wasbs")
_ACCOUNT = re.compile(r"[a-z0-9-]+")
_CONTAINER = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9])*")


@frozen
class AzureContainer:
    """A container of a storage account; `domain` is what follows `dfs.` or `blob.`."""

    container: str
    account: str
    domain: str


def container_of(authority: str) -> AzureContainer:
    """What stands between `://` and the path. Raises: ValueError with a message for the user."""
    container, mark, host = authority.partition("@")
    account, _, tail = host.partition(".")
    kind, _, domain = tail.partition(".")
    if not mark or not container or not account or kind not in ("dfs", "blob") or not domain:
        raise ValueError(
            "Invalid Azure ABFS location. Expected form is "
            "'abfs[s]://<containerName>@<accountName>.dfs.<endpoint>/<filePath>'"
        )
    if not _CONTAINER.fullmatch(container):
        raise ValueError(
            f"Invalid Azure storage container name '{container}'. Valid are 'a-z', '0-9', and single '-' between them"
        )
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f"Invalid Azure storage account name '{account}'. Valid characters are 'a-z' and '0-9'")
    return AzureContainer(container, account, domain)


def account_address(place: AzureContainer, endpoint: str) -> str:
    """Where the account's blobs are asked for: see `azure.endpoint`. Raises: ValueError with a message for the user."""
    if "://" in endpoint:
        return f"{endpoint.rstrip('/')}/{place.account}"
    if place.domain != endpoint:
        raise ValueError(f"Location does not match configured Azure endpoint: '{place.domain}' is not '{endpoint}'")
    return f"https://{place.account}.blob.{endpoint}"
