"""Settings of `fs.azure.enabled`."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, DataSize, config

_SOURCE = "Trino: object-storage/file-system-azure"


class AzureAuthType(Enum):
    """How requests are signed."""

    ACCESS_KEY = "ACCESS_KEY"
    OAUTH = "OAUTH"
    DEFAULT = "DEFAULT"


class AzureConfig(ConfigGroup):
    """Which accounts are reached, as whom, and how busily."""

    enabled: bool = config(
        "fs.azure.enabled",
        default="false",
        doc="abfss:// locations may be used, and those of abfs, wasb and wasbs",
        source=_SOURCE,
        legacy=("fs.native-azure.enabled",),
    )
    auth_type: AzureAuthType = config(
        "azure.auth-type",
        default="DEFAULT",
        doc="ACCESS_KEY, OAUTH (a registered application), or DEFAULT: environment, workload or managed identity",
        source=_SOURCE,
    )
    endpoint: str = config(
        "azure.endpoint",
        default="core.windows.net",
        doc="Domain of the storage accounts. An address with http:// or https:// is asked for all accounts instead, "
        "as <address>/<account>/<container>; locations keep the domain that they have",
        source=_SOURCE,
    )
    access_key: str | None = config(
        "azure.access-key", default=None, secret=True, doc="Key of the storage account", source=_SOURCE
    )
    oauth_tenant_id: str | None = config(
        "azure.oauth.tenant-id", default=None, secret=True, doc="Tenant of the application", source=_SOURCE
    )
    oauth_endpoint: str | None = config(
        "azure.oauth.endpoint", default=None, doc="Authority that gives tokens", source=_SOURCE
    )
    oauth_client_id: str | None = config(
        "azure.oauth.client-id", default=None, secret=True, doc="Identity of the application", source=_SOURCE
    )
    oauth_secret: str | None = config(
        "azure.oauth.secret", default=None, secret=True, doc="Secret of the application", source=_SOURCE
    )
    managed_client_id: str | None = config(
        "azure.user-assigned-managed-identity.client-id",
        default=None,
        secret=True,
        doc="Managed identity, by its client",
        source=_SOURCE,
    )
    managed_resource_id: str | None = config(
        "azure.user-assigned-managed-identity.resource-id",
        default=None,
        secret=True,
        doc="Managed identity, by its resource",
        source=_SOURCE,
    )
    read_block_size: DataSize = config(
        "azure.read-block-size", default="4MB", doc="Least that is fetched at once", source=_SOURCE
    )
    write_block_size: DataSize = config(
        "azure.write-block-size",
        default="4MB",
        minimum="1B",
        maximum="4000MB",
        doc="Size of an uploaded block",
        source=_SOURCE,
    )
    max_write_concurrency: int = config(
        "azure.max-write-concurrency",
        default="8",
        minimum="1",
        doc="Most blocks of one file on their way",
        source=_SOURCE,
    )
    max_single_upload_size: DataSize = config(
        "azure.max-single-upload-size",
        default="4MB",
        doc="Largest file that is uploaded in one request",
        source=_SOURCE,
    )
    max_http_requests: int | None = config(
        "azure.max-http-requests",
        default=None,
        minimum="1",
        doc="Most requests of the catalog at a time; twice the number of processors when not set",
        source=_SOURCE,
    )
    application_id: str = config(
        "azure.application-id", default="Trino", pattern=".{0,50}", doc="Named in every request", source=_SOURCE
    )

    @property
    def oauth_authority(self) -> str:
        """Who gives tokens. The setting may be that or, as in older files, the whole address of a token service."""
        endpoint = self.oauth_endpoint or ""
        scheme, mark, rest = endpoint.partition("://")
        return f"{scheme if mark else 'https'}://{(rest if mark else endpoint).split('/')[0]}"

    def check(self) -> list[str]:
        """What a kind of authentication needs, and what excludes each other."""
        faults: list[str] = []
        if not self.enabled:
            return faults
        if self.auth_type is AzureAuthType.ACCESS_KEY and not self.access_key:
            faults.append("Invalid configuration property azure.access-key: must not be null")
        if self.auth_type is AzureAuthType.OAUTH:
            needed = {
                "azure.oauth.tenant-id": self.oauth_tenant_id,
                "azure.oauth.endpoint": self.oauth_endpoint,
                "azure.oauth.client-id": self.oauth_client_id,
                "azure.oauth.secret": self.oauth_secret,
            }
            faults += [
                f"Invalid configuration property {key}: must not be empty" for key, value in needed.items() if not value
            ]
            if self.oauth_endpoint and not self.oauth_authority.lower().startswith("https://"):
                faults.append("azure.oauth.endpoint must be an address with https://")
        if self.managed_client_id and self.managed_resource_id:
            faults.append(
                "Both azure.user-assigned-managed-identity.client-id and "
                "azure.user-assigned-managed-identity.resource-id cannot be set"
            )
        if not self.endpoint:
            faults.append("Invalid configuration property azure.endpoint: must not be empty")
        return faults
