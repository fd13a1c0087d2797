"""An iceberg catalog in a temporary directory."""

from __future__ import annotations

from pathlib import Path

from lodestar_server.plugins.connectors.iceberg.factory import FACTORY
from lodestar_server.spi.plugin import ConnectorContext
from tests.fakes.harness import Harness


def iceberg_properties(root: Path, **properties: str) -> dict[str, str]:
    """The properties of a file metastore below `root`."""
    return {
        "iceberg.catalog.type": "TESTING_FILE_METASTORE",
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.local.enabled": "true",
        "local.location": str(root),
        "iceberg.unique-table-location": "false",
        **properties,
    }


def iceberg(root: Path, *, schema: str | None = "default", catalog: str = "iceberg", **properties: str) -> Harness:
    """A harness over it; the schema is made when it is not there."""
    context = ConnectorContext(catalog, "node", "476", "test", root / "data")
    harness = Harness(FACTORY.create(context, iceberg_properties(root, **properties)))
    if schema is not None:
        with harness.statement() as on:
            if not on.metadata.schema_exists(on.session, schema):
                on.metadata.create_schema(on.session, schema, {}, "alice")
    return harness
