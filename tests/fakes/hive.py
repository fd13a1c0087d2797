"""A hive catalog in a temporary directory."""

from __future__ import annotations

from pathlib import Path

from lodestar_server.plugins.connectors.hive.factory import FACTORY
from lodestar_server.spi.plugin import ConnectorContext
from tests.fakes.harness import Harness


def hive_properties(root: Path, **properties: str) -> dict[str, str]:
    """The properties of a file metastore below `root`."""
    return {
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.local.enabled": "true",
        "local.location": str(root),
        "hive.storage-format": "PARQUET",
        "hive.compression-codec": "SNAPPY",
        **properties,
    }


def hive(root: Path, *, schema: str | None = "default", **properties: str) -> Harness:
    """A harness over it; the schema is made when it is not there."""
    context = ConnectorContext("hive", "node", "476", "test", root / "data")
    harness = Harness(FACTORY.create(context, hive_properties(root, **properties)))
    if schema is not None:
        with harness.statement() as on:
            if not on.metadata.schema_exists(on.session, schema):
                on.metadata.create_schema(on.session, schema, {}, "alice")
    return harness


def visible_files(directory: Path) -> list[str]:
    """Files that count as data, below a directory, as relative paths."""
    return sorted(
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(directory).parts)
    )
