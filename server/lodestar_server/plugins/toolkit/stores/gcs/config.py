"""Settings of `fs.gcs.enabled`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from lodestar_server.plugins.toolkit.stores.repeating import Pauses
from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_SOURCE = "Trino: object-storage/file-system-gcs"


class GcsAuthType(Enum):
    """How requests are authorized."""

    SERVICE_ACCOUNT = "SERVICE_ACCOUNT"
    ACCESS_TOKEN = "ACCESS_TOKEN"
    APPLICATION_DEFAULT = "APPLICATION_DEFAULT"


class GcsConfig(ConfigGroup):
    """As whom the service is asked, and how busily."""

    enabled: bool = config(
        "fs.gcs.enabled",
        default="false",
        doc="gs:// locations may be used",
        source=_SOURCE,
        legacy=("fs.native-gcs.enabled",),
    )
    project_id: str | None = config(
        "gcs.project-id", default=None, doc="Project that requests are charged to", source=_SOURCE
    )
    endpoint: str | None = config(
        "gcs.endpoint",
        default=None,
        pattern="https?://.+",
        doc="Address of the service; https://storage.googleapis.com when not set",
        source=_SOURCE,
    )
    auth_type: GcsAuthType | None = config(
        "gcs.auth-type",
        default=None,
        doc="SERVICE_ACCOUNT (a JSON key), APPLICATION_DEFAULT, or ACCESS_TOKEN (what users give with their "
        "requests); when not set, a key when there is one",
        source=_SOURCE,
    )
    use_access_token: bool = config(
        "gcs.use-access-token",
        default="false",
        doc="The same as gcs.auth-type=ACCESS_TOKEN: users give a token, or the JSON of credentials, as the extra "
        "credential gcs.oauth",
        source=_SOURCE,
    )
    json_key: str | None = config(
        "gcs.json-key", default=None, secret=True, doc="Key of a service account, as JSON", source=_SOURCE
    )
    json_key_file: str | None = config(
        "gcs.json-key-file-path", default=None, doc="File with the key of a service account", source=_SOURCE
    )
    read_block_size: DataSize = config(
        "gcs.read-block-size", default="2MB", doc="Least that is fetched at once", source=_SOURCE
    )
    write_block_size: DataSize = config(
        "gcs.write-block-size",
        default="16MB",
        minimum="1B",
        doc="Size of an uploaded part, rounded up to 256kB",
        source=_SOURCE,
    )
    page_size: int = config(
        "gcs.page-size", default="100", minimum="1", maximum="1000", doc="Objects on a page of a list", source=_SOURCE
    )
    batch_size: int = config(
        "gcs.batch-size",
        default="100",
        minimum="1",
        maximum="100",
        doc="Objects that one request deletes",
        source=_SOURCE,
    )
    max_retries: int = config(
        "gcs.client.max-retries", default="20", minimum="0", doc="Most tries of a request", source=_SOURCE
    )
    backoff_scale_factor: float = config(
        "gcs.client.backoff-scale-factor",
        default="3.0",
        minimum="1",
        doc="How much longer each pause between tries is",
        source=_SOURCE,
    )
    max_retry_time: Duration = config(
        "gcs.client.max-retry-time", default="25s", doc="Longest time for all tries of a request", source=_SOURCE
    )
    min_backoff_delay: Duration = config(
        "gcs.client.min-backoff-delay", default="10ms", doc="First pause between tries", source=_SOURCE
    )
    max_backoff_delay: Duration = config(
        "gcs.client.max-backoff-delay", default="2s", doc="Longest pause between tries", source=_SOURCE
    )
    application_id: str = config(
        "gcs.application-id", default="Trino", pattern=".{0,50}", doc="Named in every request", source=_SOURCE
    )

    @property
    def takes_tokens(self) -> bool:
        """Users have credentials of their own."""
        return self.use_access_token or self.auth_type is GcsAuthType.ACCESS_TOKEN

    @property
    def pauses(self) -> Pauses:
        """Between tries."""
        return Pauses(
            max(1, self.max_retries),
            self.min_backoff_delay,
            self.backoff_scale_factor,
            self.max_backoff_delay,
            self.max_retry_time,
        )

    def check(self) -> list[str]:
        """What a kind of authentication needs, and what excludes each other."""
        faults: list[str] = []
        if not self.enabled:
            return faults
        if self.json_key and self.json_key_file:
            faults.append("'gcs.json-key' and 'gcs.json-key-file-path' cannot be both set")
        if self.json_key_file and not Path(self.json_key_file).is_file():
            faults.append(
                f"Invalid configuration property gcs.json-key-file-path: file does not exist: {self.json_key_file}"
            )
        for key, given in (("gcs.json-key", self.json_key), ("gcs.json-key-file-path", self.json_key_file)):
            if self.takes_tokens and given:
                faults.append(f"Cannot specify '{key}' when 'gcs.use-access-token' is set")
        if self.use_access_token and self.auth_type not in (None, GcsAuthType.ACCESS_TOKEN):
            faults.append(f"gcs.auth-type={self.auth_type.name} contradicts 'gcs.use-access-token'")
        if self.auth_type is GcsAuthType.SERVICE_ACCOUNT and not (self.json_key or self.json_key_file):
            faults.append("gcs.auth-type=SERVICE_ACCOUNT needs 'gcs.json-key' or 'gcs.json-key-file-path'")
        if self.min_backoff_delay > self.max_backoff_delay:
            faults.append("gcs.client.min-backoff-delay must be less than or equal to gcs.client.max-backoff-delay")
        return faults
