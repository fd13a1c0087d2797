"""What a catalog's properties are refused for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.iceberg import iceberg_properties

from lodestar_server.plugins.connectors.iceberg.factory import FACTORY
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext


def _rest(**more: str) -> dict[str, str]:
    settings = {f"iceberg.rest-catalog.{key}": value for key, value in {"uri": "http://127.0.0.1:1", **more}.items()}
    return {"iceberg.catalog.type": "REST", **settings}


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"iceberg.catalog.type": "NESSIE"}, "catalog type 'NESSIE' is not supported yet"),
        ({"iceberg.catalog.type": "REST"}, "iceberg.rest-catalog.uri: must not be null"),
        ({"iceberg.catalog.type": "JDBC"}, "iceberg.jdbc-catalog.connection-url: must not be empty"),
        (_rest(**{"sigv4-enabled": "true"}), "s3.region: must be set"),
        (_rest(**{"sigv4-enabled": "true", "security": "OAUTH2"}), "goes with iceberg.rest-catalog.security=NONE"),
        (_rest(security="OAUTH2"), "OAuth2 requires a credential or token"),
        (
            _rest(**{"security": "OAUTH2", "oauth2.token": "t", "oauth2.scope": "s"}),
            "Scope is applicable only when using credential",
        ),
        (
            {
                **_rest(**{"vended-credentials-enabled": "true"}),
                "iceberg.register-table-procedure.enabled": "true",
            },
            "Using the `register_table` procedure with vended credentials is currently not supported",
        ),
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
