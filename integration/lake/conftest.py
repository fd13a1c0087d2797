"""What the rows of the lake share: stores, servers over them, and a way to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from integration.lake.asking import Lake
from integration.services.moto import Moto
from integration.services.rclone import RcloneS3

BUCKET = "lake"


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """Amazon, without anybody who checks a signature; its bucket is `lake`."""
    with Moto() as aws:
        aws.make_bucket(BUCKET)
        yield aws


@pytest.fixture(scope="session")
def gateway() -> Iterator[RcloneS3]:
    """A store of another make, which checks signatures; its bucket is `lake`."""
    with RcloneS3(BUCKET) as store:
        yield store


@pytest.fixture
def lake(request: pytest.FixtureRequest) -> Iterator[Any]:
    """`lake(properties by catalog)` starts a server; it is stopped with the test."""
    opened: list[Lake] = []

    def open_lake(catalogs: Mapping[str, Mapping[str, str]], **options: Any) -> Lake:
        made = Lake(catalogs, **options)
        opened.append(made)
        return made.start()

    yield open_lake
    for one in opened:
        one.stop()


@pytest.fixture
def local(lake: Any, tmp_path: Path) -> tuple[Lake, Path]:
    """A server with the catalog `hive` over a directory, and that directory; its schema is `s`."""
    files = tmp_path / "files"
    files.mkdir()
    made = lake(
        {
            "hive": {
                "connector.name": "hive",
                "hive.metastore": "file",
                "hive.metastore.catalog.dir": "local:///metastore",
                "fs.local.enabled": "true",
                "local.location": str(files),
            }
        }
    )
    made.run("CREATE SCHEMA hive.s")
    return made, files
