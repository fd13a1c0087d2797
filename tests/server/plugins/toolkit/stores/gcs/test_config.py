"""Settings of Google Cloud Storage: keys, defaults, and what they need."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.gcs.config import GcsAuthType, GcsConfig
from lodestar_server.spi.properties import Duration

DEFAULTS = {
    "fs.gcs.enabled": "false",
    "gcs.project-id": None,
    "gcs.endpoint": None,
    "gcs.auth-type": None,
    "gcs.use-access-token": "false",
    "gcs.json-key": None,
    "gcs.json-key-file-path": None,
    "gcs.read-block-size": "2MB",
    "gcs.write-block-size": "16MB",
    "gcs.page-size": "100",
    "gcs.batch-size": "100",
    "gcs.client.max-retries": "20",
    "gcs.client.backoff-scale-factor": "3.0",
    "gcs.client.max-retry-time": "25s",
    "gcs.client.min-backoff-delay": "10ms",
    "gcs.client.max-backoff-delay": "2s",
    "gcs.application-id": "Trino",
}


def test_keys_and_defaults():
    assert {one.key: one.default for one in GcsConfig.settings} == DEFAULTS


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"json_key": "{}", "json_key_file": __file__}, "cannot be both set"),
        ({"json_key_file": "/not/there"}, "file does not exist"),
        (
            {"use_access_token": True, "json_key": "{}"},
            "Cannot specify 'gcs.json-key' when 'gcs.use-access-token' is set",
        ),
        (
            {"auth_type": GcsAuthType.ACCESS_TOKEN, "json_key_file": __file__},
            "Cannot specify 'gcs.json-key-file-path' when 'gcs.use-access-token' is set",
        ),
        ({"use_access_token": True, "auth_type": GcsAuthType.APPLICATION_DEFAULT}, "contradicts"),
        ({"auth_type": GcsAuthType.SERVICE_ACCOUNT}, "needs 'gcs.json-key'"),
        ({"min_backoff_delay": Duration(3)}, "must be less than or equal"),
    ],
)
def test_faults_between_settings(values, message):
    assert GcsConfig(**values).check() == []
    assert message in GcsConfig(enabled=True, **values).check()[0]
