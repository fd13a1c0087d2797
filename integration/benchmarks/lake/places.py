"""What the parts share: catalogs over the same files near and far, statements, and files to put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from integration.demo.data import table_columns
from integration.lake.asking import Lake, s3_catalog
from integration.services.rclone import RcloneS3

BUCKET = "lake"
MEMORY = "8GB"


def local_catalog(root: Path, **more: str) -> dict[str, str]:
    """A catalog whose tables and file metastore are below a local directory. `more`: `a_b__c` is `a.b-c`."""
    return {
        "connector.name": "hive",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore-local",
        "fs.local.enabled": "true",
        "local.location": str(root),
        **{key.replace("__", "-").replace("_", "."): value for key, value in more.items()},
    }


def remote_catalog(url: str, metastore: Path, **more: str) -> dict[str, str]:
    """A catalog whose tables are in the bucket and whose file metastore is local, so that only tables are measured."""
    made = s3_catalog(url, warehouse="local:///remote", **more)
    return made | {"fs.local.enabled": "true", "local.location": str(metastore)}


class Serving(Lake):
    """A server with much memory over a bucket whose objects are files of a directory."""

    def __init__(self, catalogs: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(catalogs, config={"query.max-memory-per-node": MEMORY})

    def __enter__(self) -> Serving:
        self.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self.stop()

    def dsn(self, catalog: str, schema: str) -> str:
        """For our driver."""
        return f"lodestar://bench@127.0.0.1:{self.server.port}/{catalog}/{schema}"

    def timed(self, sql: str) -> Callable[[], object]:
        """A statement to be timed."""
        return lambda: self.run(sql)


def bucket_of(gateway: RcloneS3) -> Path:
    """The directory whose files are the objects."""
    return gateway.root / BUCKET


def copy_tables(source: Path, target: Path) -> None:
    """Directories of tables into the bucket."""
    for folder in sorted(one for one in source.iterdir() if one.is_dir()):
        shutil.copytree(folder, target / folder.name)


def create_tables(lake: Lake, schema: str, place: str, folders: Path) -> None:
    """Tables over `<place>/<folder>`. `schema` is `catalog.schema`."""
    lake.run(f"CREATE SCHEMA {schema}")
    for folder in sorted(one for one in folders.iterdir() if one.is_dir()):
        columns = ", ".join(f"{name} {kind}" for name, kind in table_columns(next(folder.iterdir())))
        lake.run(
            f"CREATE TABLE {schema}.{folder.name} ({columns}) "
            f"WITH (format = 'PARQUET', external_location = '{place}/{folder.name}')"
        )
