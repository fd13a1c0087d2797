"""Settings of AWS Glue as a metastore."""

from __future__ import annotations

from lodestar_server.spi.properties import ConfigGroup, config

_SOURCE = "Trino: object-storage/metastores"
_GLUE = "hive.metastore.glue"


class GlueConfig(ConfigGroup):
    """Where Glue is, who asks and how."""

    region: str | None = config(f"{_GLUE}.region", default=None, doc="Region of Glue", source=_SOURCE)
    endpoint: str | None = config(
        f"{_GLUE}.endpoint-url", default=None, doc="URL of Glue; AWS when unset", source=_SOURCE
    )
    sts_region: str | None = config(f"{_GLUE}.sts.region", default=None, doc="Region of STS", source=_SOURCE)
    sts_endpoint: str | None = config(f"{_GLUE}.sts.endpoint", default=None, doc="URL of STS", source=_SOURCE)
    pin_region: bool = config(
        f"{_GLUE}.pin-client-to-current-region",
        default="false",
        doc="The region is that of the machine",
        source=_SOURCE,
    )
    max_connections: int = config(
        f"{_GLUE}.max-connections", default="30", minimum="1", doc="Most connections to Glue", source=_SOURCE
    )
    max_error_retries: int = config(
        f"{_GLUE}.max-error-retries", default="10", minimum="0", doc="Most repetitions of a request", source=_SOURCE
    )
    default_warehouse_dir: str | None = config(
        f"{_GLUE}.default-warehouse-dir",
        default=None,
        doc="Where schemas without a location have their tables",
        source=_SOURCE,
    )
    iam_role: str | None = config(f"{_GLUE}.iam-role", default=None, doc="ARN of a role to assume", source=_SOURCE)
    external_id: str | None = config(
        f"{_GLUE}.external-id", default=None, doc="External id of the role", source=_SOURCE
    )
    access_key: str | None = config(f"{_GLUE}.aws-access-key", default=None, doc="Access key", source=_SOURCE)
    secret_key: str | None = config(
        f"{_GLUE}.aws-secret-key", default=None, doc="Secret key", source=_SOURCE, secret=True
    )
    web_identity: bool = config(
        f"{_GLUE}.use-web-identity-token-credentials-provider",
        default="false",
        doc="Keys come for a web identity token",
        source=_SOURCE,
    )
    catalog_id: str | None = config(
        f"{_GLUE}.catalogid", default=None, doc="Catalog inside Glue; the account's own when unset", source=_SOURCE
    )
    partition_segments: int = config(
        f"{_GLUE}.partitions-segments",
        default="5",
        minimum="1",
        maximum="10",
        doc="Parts in which the partitions of a table are listed at the same time",
        source=_SOURCE,
    )
    threads: int = config(
        f"{_GLUE}.threads",
        default="40",
        minimum="1",
        doc="Requests about partitions and statistics at the same time",
        source=_SOURCE,
    )
    skip_archive: bool = config(
        f"{_GLUE}.skip-archive", default="false", doc="Old versions of tables are not kept", source=_SOURCE
    )
    canonical_keys: bool = config(
        f"{_GLUE}.assume-canonical-partition-keys",
        default="false",
        doc="Accepted; partitions are always compared as values",
        source=_SOURCE,
    )

    def check(self) -> list[str]:
        """Keys come in pairs."""
        if (self.access_key is None) != (self.secret_key is None):
            return [f"{_GLUE}.aws-access-key and {_GLUE}.aws-secret-key are set together or not at all"]
        return []
