"""Keys that a REST catalog gives with a table: its files are asked for with them, and with nothing else.

Source: Iceberg's REST interface, LoadTableResult.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from lodestar_server.plugins.toolkit.files import parent_of
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts, LentKeys

_PLACES = ("write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path")


class RestLending:
    """What comes with each answer about a table is lent for the table's places."""

    def __init__(self, accounts: LentAccounts) -> None:
        self.accounts = accounts

    def take(self, known: Mapping[str, str], answer: Mapping[str, Any]) -> None:
        """`known`: what the service says of itself; `answer`: a table, perhaps one that is only prepared."""
        shared = {**known, **_texts(answer.get("config"))}
        given = [
            (str(one.get("prefix", "")), {**shared, **_texts(one.get("config"))})
            for one in answer.get("storage-credentials") or ()
            if isinstance(one, dict)
        ]
        for location in _places(answer):
            fitting = [one for one in given if location.startswith(one[0])]
            config = max(fitting, key=lambda one: len(one[0]))[1] if fitting else shared
            keys = _keys(config)
            if keys is not None:
                # A location that is none will not be read either.
                with suppress(ValueError):
                    self.accounts.lend(location, keys)


def _texts(config: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in config.items()} if isinstance(config, dict) else {}


def _places(answer: Mapping[str, Any]) -> Iterable[str]:
    metadata = answer.get("metadata") or {}
    properties = metadata.get("properties") or {}
    found = [metadata.get("location"), *(properties.get(one) for one in _PLACES)]
    if answer.get("metadata-location"):
        found.append(parent_of(str(answer["metadata-location"])))
    return dict.fromkeys(str(one).rstrip("/") for one in found if one)


def _keys(config: Mapping[str, str]) -> LentKeys | None:
    access, secret = config.get("s3.access-key-id"), config.get("s3.secret-access-key")
    if not access or not secret:
        return None
    path_style = config.get("s3.path-style-access")
    return LentKeys(
        access,
        secret,
        config.get("s3.session-token"),
        config.get("s3.endpoint"),
        config.get("client.region") or config.get("s3.region"),
        None if path_style is None else path_style.lower() == "true",
    )
