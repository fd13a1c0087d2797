from __future__ import annotations

import base64
from pathlib import Path

import pytest

from lodestar_server.plugins.connectors.hive.config import AcceptedHiveConfig, HiveConfig
from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind, MetastoreOpener
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.opening import StoreOpener
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings
from lodestar_server.spi.errors import GENERIC_USER_ERROR, LodestarError
from lodestar_server.spi.plugin import ConfigurationError, load_group

EXAMPLE = Path(__file__).parents[6] / "etc" / "catalog" / "bucket.properties.example"


def _faults(**properties: str) -> str:
    given = {f"s3.{key.replace('__', '-').replace('_', '.')}": value for key, value in properties.items()}
    with pytest.raises(ConfigurationError) as caught:
        load_group(S3Settings, given)
    return str(caught.value)


def test_defaults() -> None:
    settings = S3Settings()
    assert (settings.max_connections, settings.max_retries, settings.part_size) == (500, 20, 32 << 20)
    assert settings.role_session_name == "trino-filesystem"
    assert not settings.path_style and not settings.cross_region and not settings.requester_pays


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"aws__access__key": "a"}, "s3.aws-access-key and s3.aws-secret-key must be set together"),
        ({"auth__type": "IAM_ROLE"}, "s3.iam-role must be set when s3.auth-type is IAM_ROLE"),
        ({"auth__type": "ANONYMOUS", "iam__role": "r"}, "s3.auth-type=ANONYMOUS takes neither keys nor a role"),
        ({"sse_type": "CUSTOMER"}, "s3.sse.customer-key has to be set"),
        ({"sse_type": "CUSTOMER", "sse_customer__key": "short"}, "s3.sse.customer-key must be 256 bits in base64"),
        ({"streaming_part__size": "1MB"}, "s3.streaming.part-size: must not be less than 5MB"),
        ({"max__connections": "0"}, "s3.max-connections: must not be less than 1"),
    ],
)
def test_what_does_not_fit_is_told(properties: dict[str, str], told: str) -> None:
    assert told in _faults(**properties)


def test_secrets_are_not_shown() -> None:
    key = base64.b64encode(bytes(32)).decode()
    settings = S3Settings(access_key="a", secret_key="hidden", customer_key=key, proxy_password="hidden")
    assert "hidden" not in repr(settings) and key not in repr(settings)


def test_the_example_with_every_line_switched_on_is_right() -> None:
    lines = EXAMPLE.read_text().splitlines()
    known = [line.lstrip("#") for line in lines if "=" in line and " " not in line]
    properties = dict(line.split("=", 1) for line in known)
    assert "s3.iam-role" in properties and "fs.s3.enabled" in properties
    del properties["connector.name"], properties["s3.security-mapping.enabled"]
    reading = CatalogReading(properties)
    reading.group(HiveConfig)
    reading.group(AcceptedHiveConfig)
    StoreOpener(reading)
    MetastoreOpener(reading, MetastoreKind.FILE, "hive.metastore")
    reading.finish()


def test_settings_without_their_switch_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    reading = CatalogReading({"s3.region": "eu-central-1", "s3.aws-access-key": "a", "s3.aws-secret-key": "hidden"})
    stores = StoreOpener(reading)
    reading.finish()
    files = stores.open(GENERIC_USER_ERROR)
    assert "s3.aws-access-key, s3.aws-secret-key, s3.region has no effect" in caplog.text
    assert "hidden" not in caplog.text
    with pytest.raises(LodestarError, match=r"No factory for location: s3://b/x \(fs\.s3\.enabled=true is missing"):
        files.find("s3://b/x")
