"""Settings of `fs.hadoop.enabled`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from lodestar_server.spi.properties import ConfigGroup, Duration, config

_SOURCE = "Trino: object-storage/file-system-hdfs"


class HdfsAuthenticationType(Enum):
    """How the name node knows the user."""

    NONE = "NONE"
    KERBEROS = "KERBEROS"


class HdfsConfig(ConfigGroup):
    """Where name nodes are, who asks them, and how long."""

    enabled: bool = config(
        "fs.hadoop.enabled", default="false", doc="hdfs:// and viewfs:// locations may be used", source=_SOURCE
    )
    resources: tuple[str, ...] = config(
        "hive.config.resources", default="", doc="Hadoop's files: core-site.xml, hdfs-site.xml", source=_SOURCE
    )
    authentication: HdfsAuthenticationType = config(
        "hive.hdfs.authentication.type", default="NONE", doc="NONE or KERBEROS", source=_SOURCE
    )
    impersonation: bool = config(
        "hive.hdfs.impersonation.enabled", default="false", doc="Ask as the user; not supported", source=_SOURCE
    )
    principal: str | None = config(
        "hive.hdfs.trino.principal",
        default=None,
        doc="Kerberos principal",
        source=_SOURCE,
        legacy=("hive.hdfs.presto.principal",),
    )
    keytab: str | None = config(
        "hive.hdfs.trino.keytab",
        default=None,
        doc="File with the principal's keys",
        source=_SOURCE,
        legacy=("hive.hdfs.presto.keytab",),
    )
    credential_cache: str | None = config(
        "hive.hdfs.trino.credential-cache.location", default=None, doc="Kerberos credential cache", source=_SOURCE
    )
    wire_encryption: bool = config(
        "hive.hdfs.wire-encryption.enabled", default="false", doc="Encrypt what goes over the wire", source=_SOURCE
    )
    directory_permissions: str = config(
        "hive.fs.new-directory-permissions",
        default="0777",
        pattern="skip|0[0-7]{3}",
        doc="Of new directories, in octal; 'skip' leaves it to the name node",
        source=_SOURCE,
    )
    timeout: Duration = config(
        "hive.dfs-timeout", default="60s", minimum="1ms", doc="Longest wait for an answer", source=_SOURCE
    )
    connect_timeout: Duration = config(
        "hive.dfs.connect.timeout", default="500ms", minimum="1ms", doc="First pause between tries", source=_SOURCE
    )
    connect_retries: int = config(
        "hive.dfs.connect.max-retries", default="5", minimum="0", doc="Most tries to reach a name node", source=_SOURCE
    )
    replication: int | None = config(
        "hive.dfs.replication", default=None, minimum="1", doc="Copies of new files", source=_SOURCE
    )
    domain_socket: str | None = config(
        "hive.dfs.domain-socket-path", default=None, doc="Accepted; reads go over the network", source=_SOURCE
    )
    ping_interval: Duration = config(
        "hive.dfs.ipc-ping-interval", default="10s", doc="Accepted; has no effect", source=_SOURCE
    )
    verify_checksum: bool = config(
        "hive.dfs.verify-checksum", default="true", doc="Accepted; checksums are always verified", source=_SOURCE
    )
    key_provider_ttl: Duration = config(
        "hive.dfs.key-provider.cache-ttl", default="30m", doc="Accepted; has no effect", source=_SOURCE
    )
    inherit_ownership: bool = config(
        "hive.fs.new-file-inherit-ownership", default="false", doc="Accepted; has no effect", source=_SOURCE
    )
    cache_size: int = config("hive.fs.cache.max-size", default="1000", doc="Accepted; has no effect", source=_SOURCE)

    def check(self) -> list[str]:
        """What a kind of authentication needs, and what is not there."""
        faults: list[str] = []
        if not self.enabled:
            return faults
        faults += [
            f"Invalid configuration property hive.config.resources: file does not exist: {one}"
            for one in self.resources
            if not Path(one).is_file()
        ]
        if self.impersonation:
            faults.append("hive.hdfs.impersonation.enabled=true is not supported")
        if self.authentication is HdfsAuthenticationType.KERBEROS:
            if not self.principal:
                faults.append("Invalid configuration property hive.hdfs.trino.principal: must not be null")
            if bool(self.keytab) == bool(self.credential_cache):
                faults.append(
                    "Exactly one of 'hive.hdfs.trino.keytab' or 'hive.hdfs.trino.credential-cache.location' must be set"
                )
        return faults
