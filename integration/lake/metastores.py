"""What the tests of metastores share: a metastore with a warehouse, catalogs over it, and statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from integration.services.hive_metastore import HIVE_4, HiveMetastore, Release
from integration.toolbox.lanes import Skip
from integration.toolbox.statements import Outcome, Statements


@contextmanager
def metastore(release: Release = HIVE_4, **options: Any) -> Iterator[HiveMetastore]:
    """A running metastore; the test is skipped where it cannot be had."""
    try:
        made = HiveMetastore(release, **options)
        made.start()
    except Skip as reason:
        pytest.skip(str(reason))
    try:
        yield made
    finally:
        made.close()


def catalog(uri: str, warehouse: Path, *, connector: str = "hive", **settings: str) -> dict[str, str]:
    """Properties of a catalog over a metastore whose warehouse is local; `_` of settings is `.`, `__` is `-`."""
    named = {key.replace("__", "-").replace("_", "."): value for key, value in settings.items()}
    return {
        "connector.name": connector,
        "hive.metastore.uri": uri,
        "fs.local.enabled": "true",
        "local.location": str(warehouse),
        **({"hive.storage-format": "PARQUET"} if connector == "hive" else {}),
        **named,
    }


class Served(Protocol):
    """A server."""

    url: str


class Session:
    """Statements of one user that must succeed, or fail with what is expected."""

    def __init__(self, server: Served, user: str = "alice") -> None:
        self._statements = Statements(server.url, user=user)

    def _run(self, sql: str) -> Outcome:
        try:
            return self._statements.run(sql)
        finally:
            self._statements.close()

    def rows(self, sql: str) -> list[list[Any]]:
        """The rows of a statement that succeeds."""
        outcome = self._run(sql)
        assert outcome.error is None, f"{sql}: {outcome.error}"
        return outcome.rows

    def value(self, sql: str) -> Any:
        """The only value."""
        ((value,),) = self.rows(sql)
        return value

    def error(self, sql: str) -> tuple[str, str]:
        """Name and message of the error of a statement that fails."""
        outcome = self._run(sql)
        assert outcome.error is not None, f"{sql} did not fail"
        return outcome.error_name, str(outcome.error["message"])

    def call_count(self, name: str, figure: str) -> int:
        """A figure of the cache of a catalog's metadata."""
        bean = f"io.trino.metastore.cache:name={name},type=cachinghivemetastore"
        return int(self.value(f'SELECT "{figure}" FROM jmx.current."{bean}"'))


JMX: Mapping[str, str] = {"connector.name": "jmx"}
TPCH: Mapping[str, str] = {"connector.name": "tpch"}
