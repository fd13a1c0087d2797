"""Settings of a Hive Metastore that is asked by Thrift."""

from __future__ import annotations

from enum import Enum
from urllib.parse import urlsplit

from lodestar_server.spi.properties import ConfigGroup, Duration, config

_SOURCE = "Trino: object-storage/metastores"
_THRIFT = "hive.metastore.thrift"


class Authentication(Enum):
    """How the metastore knows who asks."""

    NONE = "NONE"
    KERBEROS = "KERBEROS"


class ThriftConfig(ConfigGroup):
    """Where the metastore is and how patiently it is asked."""

    uris: tuple[str, ...] = config(
        "hive.metastore.uri",
        default="",
        doc="Metastores, 'thrift://host:port' separated by commas; the first is preferred",
        source=_SOURCE,
    )
    username: str | None = config(
        "hive.metastore.username", default=None, doc="User who asks the metastore", source=_SOURCE
    )
    authentication: Authentication = config(
        "hive.metastore.authentication.type",
        default="NONE",
        doc="NONE; KERBEROS is refused so far",
        source=_SOURCE,
    )
    impersonation: bool = config(
        f"{_THRIFT}.impersonation.enabled",
        default="false",
        doc="The metastore sees the user of the query; refused so far",
        source=_SOURCE,
        legacy=("hive.metastore.impersonation-enabled",),
    )
    framed: bool = config(
        f"{_THRIFT}.client.framed",
        default="false",
        doc="Messages are framed, as metastore.thrift.framed.transport.enabled wants it",
        source="Lodestar",
    )
    connect_timeout: Duration = config(
        f"{_THRIFT}.client.connect-timeout",
        default="10s",
        minimum="1ms",
        doc="Longest time to connect",
        source=_SOURCE,
        legacy=("hive.metastore.thrift-client-connect-timeout",),
    )
    socks_proxy: str | None = config(
        f"{_THRIFT}.client.socks-proxy",
        default=None,
        doc="host:port of a SOCKS 5 proxy through which metastores are reached",
        source=_SOURCE,
    )
    read_timeout: Duration = config(
        f"{_THRIFT}.client.read-timeout",
        default="10s",
        minimum="1ms",
        doc="Longest silence of the metastore",
        source=_SOURCE,
        legacy=("hive.metastore-timeout",),
    )
    max_retries: int = config(
        f"{_THRIFT}.client.max-retries", default="9", minimum="0", doc="Most repetitions of a call", source=_SOURCE
    )
    backoff_scale_factor: float = config(
        f"{_THRIFT}.client.backoff-scale-factor", default="2.0", doc="How pauses grow", source=_SOURCE
    )
    max_retry_time: Duration = config(
        f"{_THRIFT}.client.max-retry-time", default="30s", doc="After this nothing is repeated", source=_SOURCE
    )
    min_backoff_delay: Duration = config(
        f"{_THRIFT}.client.min-backoff-delay", default="1s", doc="Shortest pause between repetitions", source=_SOURCE
    )
    max_backoff_delay: Duration = config(
        f"{_THRIFT}.client.max-backoff-delay", default="2s", doc="Longest pause between repetitions", source=_SOURCE
    )
    max_idle_connections: int = config(
        f"{_THRIFT}.client.max-idle-connections",
        default="16",
        minimum="0",
        doc="Connections that are kept open while nobody needs them",
        source="Lodestar",
    )
    tls: bool = config(f"{_THRIFT}.client.ssl.enabled", default="false", doc="TLS is used", source=_SOURCE)
    tls_key: str | None = config(
        f"{_THRIFT}.client.ssl.key", default=None, doc="PEM file with our key and certificate", source=_SOURCE
    )
    tls_key_password: str | None = config(
        f"{_THRIFT}.client.ssl.key-password", default=None, doc="Password of the key", source=_SOURCE, secret=True
    )
    tls_trust: str | None = config(
        f"{_THRIFT}.client.ssl.trust-certificate",
        default=None,
        doc="PEM file with the certificates that are trusted",
        source=_SOURCE,
    )
    tls_trust_password: str | None = config(
        f"{_THRIFT}.client.ssl.trust-certificate-password",
        default=None,
        doc="Accepted; a PEM file needs none",
        source=_SOURCE,
        secret=True,
    )
    delete_files_on_drop: bool = config(
        f"{_THRIFT}.delete-files-on-drop",
        default="false",
        doc="Files of dropped tables and partitions are deleted here, for a metastore that cannot",
        source=_SOURCE,
    )
    spark_statistics: bool = config(
        f"{_THRIFT}.use-spark-table-statistics-fallback",
        default="true",
        doc="Accepted; numbers of rows that Spark has written always count where there are no others",
        source=_SOURCE,
    )
    lock_max_wait: Duration = config(
        f"{_THRIFT}.txn-lock-max-wait", default="10m", doc="Longest wait for a lock", source=_SOURCE
    )
    catalog_name: str | None = config(
        f"{_THRIFT}.catalog-name", default=None, doc="Catalog inside the metastore", source=_SOURCE
    )
    statistics_threads: int = config(
        f"{_THRIFT}.write-statistics-threads",
        # A metastore that has lent all of its 10 database connections to calls which need a second look deadlocks.
        default="4",
        minimum="1",
        doc="Calls with column statistics of partitions at the same time",
        source=_SOURCE,
    )
    canonical_keys: bool = config(
        f"{_THRIFT}.assume-canonical-partition-keys",
        default="false",
        doc="Accepted; partitions are always compared as values",
        source=_SOURCE,
    )
    token_ttl: Duration = config(
        f"{_THRIFT}.delegation-token.cache-ttl", default="1h", doc="Accepted; has no effect", source=_SOURCE
    )
    token_entries: int = config(
        f"{_THRIFT}.delegation-token.cache-maximum-size",
        default="1000",
        doc="Accepted; has no effect",
        source=_SOURCE,
    )

    def check(self) -> list[str]:
        """Addresses that are none, and what is not there yet."""
        faults = []
        for uri in self.uris:
            parts = urlsplit(uri)
            try:
                whole = parts.scheme == "thrift" and parts.hostname and parts.port
            except ValueError:
                whole = False
            if not whole:
                faults.append(f"hive.metastore.uri: '{uri}' is not of the form thrift://host:port")
        if self.socks_proxy is not None and self.proxy_address is None:
            faults.append(f"{_THRIFT}.client.socks-proxy: '{self.socks_proxy}' is not of the form host:port")
        if self.authentication is not Authentication.NONE:
            faults.append("hive.metastore.authentication.type: 'KERBEROS' is not supported yet; use 'NONE'")
        if self.impersonation:
            faults.append(f"{_THRIFT}.impersonation.enabled: impersonation is not supported yet")
        for name, file in (("key", self.tls_key), ("trust-certificate", self.tls_trust)):
            if file is not None and file.lower().endswith((".jks", ".p12", ".pkcs12")):
                faults.append(f"{_THRIFT}.client.ssl.{name}: use a PEM file instead of {file}")
        return faults

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """Hosts and ports."""
        found = []
        for uri in self.uris:
            parts = urlsplit(uri)
            found.append((str(parts.hostname), int(parts.port or 0)))
        return tuple(found)

    @property
    def proxy_address(self) -> tuple[str, int] | None:
        """Host and port of the SOCKS proxy; None without one."""
        try:
            parts = urlsplit(f"//{self.socks_proxy or ''}")
            return (parts.hostname, parts.port) if parts.hostname and parts.port else None
        except ValueError:
            return None
