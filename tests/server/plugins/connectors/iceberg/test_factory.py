"""What a catalog's properties are refused for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.iceberg import iceberg_properties

from lodestar_server.plugins.connectors.iceberg.factory import FACTORY
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"iceberg.catalog.type": "NESSIE"}, "catalog type 'NESSIE' is not supported yet"),
        ({"iceberg.catalog.type": "REST"}, "iceberg.rest-catalog.uri: must not be null"),
        ({"iceberg.catalog.type": "JDBC"}, "iceberg.jdbc-catalog.connection-url: must not be empty"),
        ({"iceberg.security": "FILE"}, "security.config-file: must be set: it names the file of the rules"),
        ({"security.config-file": "rules.json"}, "'security.config-file' was not used"),
        ({"iceberg.file-fromat": "ORC"}, "did you mean 'iceberg.file-format'?"),
        ({"iceberg.file-format": "CSV"}, "iceberg.file-format"),
    ],
)
def test_refused(tmp_path: Path, properties: dict[str, str], message: str) -> None:
    context = ConnectorContext("iceberg", "node", "476", "test", tmp_path / "data")
    with pytest.raises(ConfigurationError) as caught:
        FACTORY.create(context, iceberg_properties(tmp_path, **properties))
    assert message in str(caught.value)
