"""A server over some catalogs, and statements that have to succeed or to fail."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Outcome, Statements
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.opening import StoreOpener
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR

REGION = "eu-central-7"


def s3_catalog(
    url: str,
    connector: str = "hive",
    *,
    warehouse: str = "s3://lake/warehouse",
    access_key: str | None = "lodestar",
    secret_key: str | None = "a-secret-of-the-gateway",
    **more: str,
) -> dict[str, str]:
    """Properties of a catalog whose tables and file metastore are in a bucket. `more`: `s3_x__y` is `s3.x-y`."""
    properties = {
        "connector.name": connector,
        "fs.s3.enabled": "true",
        "s3.endpoint": url,
        "s3.region": REGION,
        "s3.path-style-access": "true",
        "hive.metastore.catalog.dir": warehouse,
    }
    if access_key is not None and secret_key is not None:
        properties |= {"s3.aws-access-key": access_key, "s3.aws-secret-key": secret_key}
    if connector == "hive":
        properties |= {"hive.metastore": "file", "hive.security": "allow-all"}
    else:
        properties["iceberg.catalog.type"] = "TESTING_FILE_METASTORE"
    return properties | {key.replace("__", "-").replace("_", "."): value for key, value in more.items()}


def upload(catalog: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Put objects by location, with the credentials of a catalog. Others cache what lies in their directories."""
    reading = CatalogReading({key: value for key, value in catalog.items() if key.startswith(("s3.", "fs."))})
    stores = StoreOpener(reading)
    reading.finish()
    system = stores.open(GENERIC_INTERNAL_ERROR)
    try:
        for location, content in files.items():
            system.write(location, content)
    finally:
        system.close()


def parquet(table: pa.Table, row_group_size: int | None = None) -> bytes:
    """A Parquet file."""
    content = io.BytesIO()
    pq.write_table(table, content, row_group_size=row_group_size)
    return content.getvalue()


def data_files(directory: Path) -> list[Path]:
    """Files of a table, in the order of their names; what is hidden is not one."""
    found = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part[0] in "._" for part in path.relative_to(directory).parts))


class Lake:
    """A running server. `run` gives rows, `fails` the error's name and message."""

    def __init__(self, catalogs: Mapping[str, Mapping[str, str]], **options: Any) -> None:
        self.server = Lodestar(catalogs, **options)

    def start(self) -> Lake:
        """Wait until it answers."""
        self.server.start()
        return self

    def stop(self) -> None:
        """And everything that it kept."""
        self.server.__exit__(None, None, None)

    def ask(self, sql: str, **headers: str) -> Outcome:
        """Whatever becomes of it."""
        statements = Statements(self.server.url, user="lake", **headers)
        try:
            return statements.run(sql)
        finally:
            statements.close()

    def run(self, sql: str, **headers: str) -> list[list[Any]]:
        """Rows. Raises: AssertionError when it fails."""
        outcome = self.ask(sql, **headers)
        assert outcome.error is None, f"{sql}: {outcome.error_name}: {(outcome.error or {}).get('message')}"
        assert outcome.status == 200, f"{sql}: HTTP {outcome.status}"
        return outcome.rows

    def fails(self, sql: str, **headers: str) -> tuple[str, str]:
        """Name, type and message of its error. Raises: AssertionError when it succeeds."""
        outcome = self.ask(sql, **headers)
        assert outcome.error is not None, f"{sql} succeeded"
        return outcome.error_name, str(outcome.error["message"])

    def stats(self, sql: str) -> dict[str, Any]:
        """The statistics of a query that has ended, as the protocol tells them."""
        statements = Statements(self.server.url, user="lake")
        try:
            _, document = statements.post(sql)
            while "nextUri" in document:
                _, document = statements.get(document["nextUri"])
            assert "error" not in document, json.dumps(document["error"].get("message"))
            stats: dict[str, Any] = document["stats"]
            return stats
        finally:
            statements.close()
