"""Settings of Azure: keys, defaults, and what they need."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.azure.config import AzureAuthType, AzureConfig

DEFAULTS = {
    "fs.azure.enabled": "false",
    "azure.auth-type": "DEFAULT",
    "azure.endpoint": "core.windows.net",
    "azure.access-key": None,
    "azure.oauth.tenant-id": None,
    "azure.oauth.endpoint": None,
    "azure.oauth.client-id": None,
    "azure.oauth.secret": None,
    "azure.user-assigned-managed-identity.client-id": None,
    "azure.user-assigned-managed-identity.resource-id": None,
    "azure.read-block-size": "4MB",
    "azure.write-block-size": "4MB",
    "azure.max-write-concurrency": "8",
    "azure.max-single-upload-size": "4MB",
    "azure.max-http-requests": None,
    "azure.application-id": "Trino",
}


def test_keys_and_defaults():
    assert {one.key: one.default for one in AzureConfig.settings} == DEFAULTS


def test_secrets_are_not_shown():
    assert "hunter2" not in repr(AzureConfig(access_key="hunter2", oauth_secret="hunter2"))


def test_what_is_missing_is_told_where_it_is_switched_on():
    assert AzureConfig(auth_type=AzureAuthType.OAUTH).check() == []
    assert AzureConfig(enabled=True).check() == []
    assert "azure.access-key" in AzureConfig(enabled=True, auth_type=AzureAuthType.ACCESS_KEY).check()[0]
    assert len(AzureConfig(enabled=True, auth_type=AzureAuthType.OAUTH, oauth_secret="s").check()) == 3
    both = AzureConfig(enabled=True, managed_client_id="a", managed_resource_id="b")
    assert "cannot be set" in both.check()[0]


@pytest.mark.parametrize(
    ("endpoint", "authority"),
    [
        ("https://login.microsoftonline.com", "https://login.microsoftonline.com"),
        ("https://login.microsoftonline.com/", "https://login.microsoftonline.com"),
        ("https://login.microsoftonline.com/tenant/oauth2/token", "https://login.microsoftonline.com"),
        ("login.microsoftonline.us/tenant", "https://login.microsoftonline.us"),
        ("https://localhost:8443/", "https://localhost:8443"),
        ("localhost:8443", "https://localhost:8443"),
    ],
)
def test_who_gives_tokens(endpoint, authority):
    assert AzureConfig(oauth_endpoint=endpoint).oauth_authority == authority


def test_tokens_are_not_asked_for_in_the_clear():
    settings = AzureConfig(
        enabled=True,
        auth_type=AzureAuthType.OAUTH,
        oauth_tenant_id="t",
        oauth_client_id="c",
        oauth_secret="s",
        oauth_endpoint="http://login",
    )
    assert settings.check() == ["azure.oauth.endpoint must be an address with https://"]
