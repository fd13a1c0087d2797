"""Settings of S3, as Trino names them. Which of them a bucket uses can be changed by a mapping (`mapping.py`)."""

from __future__ import annotations

import base64
import binascii
from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_SOURCE = "Trino: object-storage/file-system-s3"


class AuthType(Enum):
    """Who asks."""

    DEFAULT = "DEFAULT"
    ANONYMOUS = "ANONYMOUS"
    IAM_ROLE = "IAM_ROLE"
    WEB_IDENTITY = "WEB_IDENTITY"


class SseType(Enum):
    """Encryption on the store's side."""

    NONE = "NONE"
    S3 = "S3"
    KMS = "KMS"
    CUSTOMER = "CUSTOMER"


class RetryMode(Enum):
    """How requests are repeated."""

    LEGACY = "LEGACY"
    STANDARD = "STANDARD"
    ADAPTIVE = "ADAPTIVE"


class CannedAcl(Enum):
    """Predefined grants for new objects."""

    NONE = "NONE"
    PRIVATE = "private"
    PUBLIC_READ = "public-read"
    PUBLIC_READ_WRITE = "public-read-write"
    AUTHENTICATED_READ = "authenticated-read"
    BUCKET_OWNER_READ = "bucket-owner-read"
    BUCKET_OWNER_FULL_CONTROL = "bucket-owner-full-control"


class StorageClass(Enum):
    """Where new objects are kept."""

    STANDARD = "STANDARD"
    STANDARD_IA = "STANDARD_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    REDUCED_REDUNDANCY = "REDUCED_REDUNDANCY"
    ONEZONE_IA = "ONEZONE_IA"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"
    OUTPOSTS = "OUTPOSTS"
    GLACIER_IR = "GLACIER_IR"
    SNOW = "SNOW"
    EXPRESS_ONEZONE = "EXPRESS_ONEZONE"


class S3Switch(ConfigGroup):
    """Whether S3 may be used."""

    enabled: bool = config(
        "fs.s3.enabled",
        default="false",
        doc="s3://, s3a:// and s3n:// locations may be used",
        source=_SOURCE,
        legacy=("fs.native-s3.enabled",),
    )


class S3Settings(ConfigGroup):
    """Where S3 is, who asks and how."""

    endpoint: str | None = config("s3.endpoint", default=None, doc="URL of the store; AWS when unset", source=_SOURCE)
    region: str | None = config("s3.region", default=None, doc="Region that requests are signed for", source=_SOURCE)
    cross_region: bool = config(
        "s3.cross-region-access", default="false", doc="Buckets of other regions may be used", source=_SOURCE
    )
    path_style: bool = config(
        "s3.path-style-access", default="false", doc="The bucket is in the path, not in the host name", source=_SOURCE
    )
    storage_class: StorageClass = config(
        "s3.storage-class", default="STANDARD", doc="Storage class of new objects", source=_SOURCE
    )
    canned_acl: CannedAcl = config("s3.canned-acl", default="NONE", doc="Grants on new objects", source=_SOURCE)
    signer_type: str | None = config(
        "s3.signer-type", default=None, doc="Accepted; requests are signed with version 4", source=_SOURCE
    )
    requester_pays: bool = config(
        "s3.requester-pays", default="false", doc="The requester pays for the requests", source=_SOURCE
    )
    application_id: str = config(
        "s3.application-id", default="Trino", doc="Suffix of the User-Agent header", source=_SOURCE
    )
    exclusive_create: bool = config(
        "s3.exclusive-create", default="true", doc="The store has writes that fail on what is there", source=_SOURCE
    )

    access_key: str | None = config("s3.aws-access-key", default=None, doc="Access key", source=_SOURCE)
    secret_key: str | None = config("s3.aws-secret-key", default=None, doc="Secret key", source=_SOURCE, secret=True)
    auth_type: AuthType = config(
        "s3.auth-type", default="DEFAULT", doc="DEFAULT, ANONYMOUS, IAM_ROLE or WEB_IDENTITY", source=_SOURCE
    )
    iam_role: str | None = config("s3.iam-role", default=None, doc="ARN of a role to assume", source=_SOURCE)
    external_id: str | None = config("s3.external-id", default=None, doc="External id of the role", source=_SOURCE)
    role_session_name: str = config(
        "s3.role-session-name", default="trino-filesystem", doc="Session name of the role", source=_SOURCE
    )
    sts_endpoint: str | None = config("s3.sts.endpoint", default=None, doc="URL of STS", source=_SOURCE)
    sts_region: str | None = config("s3.sts.region", default=None, doc="Region of STS", source=_SOURCE)
    web_identity: bool = config(
        "s3.use-web-identity-token-credentials-provider",
        default="false",
        doc="The same as s3.auth-type=WEB_IDENTITY",
        source=_SOURCE,
    )

    sse_type: SseType = config("s3.sse.type", default="NONE", doc="Encryption by the store", source=_SOURCE)
    kms_key_id: str | None = config("s3.sse.kms-key-id", default=None, doc="Key of SSE-KMS", source=_SOURCE)
    customer_key: str | None = config(
        "s3.sse.customer-key", default=None, doc="Key of SSE-C: 256 bits in base64", source=_SOURCE, secret=True
    )

    part_size: DataSize = config(
        "s3.streaming.part-size",
        default="32MB",
        minimum="5MB",
        maximum="256MB",
        doc="Size of a part of an upload",
        source=_SOURCE,
    )
    max_connections: int = config(
        "s3.max-connections", default="500", minimum="1", doc="Connections at once", source=_SOURCE
    )
    connection_ttl: Duration | None = config(
        "s3.connection-ttl", default=None, doc="Accepted; connections close when they are idle", source=_SOURCE
    )
    connection_max_idle: Duration | None = config(
        "s3.connection-max-idle-time", default=None, doc="Idle connections close after it (60s)", source=_SOURCE
    )
    connect_timeout: Duration | None = config(
        "s3.socket-connect-timeout", default=None, doc="Longest time to connect (5s)", source=_SOURCE
    )
    read_timeout: Duration | None = config(
        "s3.socket-timeout",
        default=None,
        doc="Longest silence of an answer (50s)",
        source=_SOURCE,
        legacy=("s3.socket-read-timeout",),
    )
    keep_alive: bool = config("s3.tcp-keep-alive", default="false", doc="TCP keep-alive", source=_SOURCE)
    retry_mode: RetryMode = config(
        "s3.retry-mode",
        default="LEGACY",
        doc="ADAPTIVE: a throttled request slows all others down as well",
        source=_SOURCE,
    )
    max_retries: int = config(
        "s3.max-error-retries", default="20", minimum="1", doc="Repetitions of a request", source=_SOURCE
    )
    proxy: str | None = config("s3.http-proxy", default=None, doc="host:port of a proxy", source=_SOURCE)
    proxy_secure: bool = config("s3.http-proxy.secure", default="false", doc="TLS to the proxy", source=_SOURCE)
    proxy_username: str | None = config("s3.http-proxy.username", default=None, doc="User at the proxy", source=_SOURCE)
    proxy_password: str | None = config(
        "s3.http-proxy.password", default=None, doc="Password at the proxy", source=_SOURCE, secret=True
    )
    proxy_preemptive: bool = config(
        "s3.http-proxy.preemptive-basic-auth", default="false", doc="Accepted; the proxy gets it always", source=_SOURCE
    )
    non_proxy_hosts: tuple[str, ...] = config(
        "s3.http-proxy.non-proxy-hosts",
        default="",
        doc="Hosts that are asked directly: regular expressions, or names with *",
        source=_SOURCE,
    )

    def check(self) -> list[str]:
        """What does not fit together."""
        faults = []
        if (self.access_key is None) != (self.secret_key is None):
            faults.append("s3.aws-access-key and s3.aws-secret-key must be set together")
        if self.auth_type is AuthType.IAM_ROLE and not self.iam_role:
            faults.append("s3.iam-role must be set when s3.auth-type is IAM_ROLE")
        if self.auth_type in (AuthType.ANONYMOUS, AuthType.WEB_IDENTITY) and (self.access_key or self.iam_role):
            faults.append(f"s3.auth-type={self.auth_type.name} takes neither keys nor a role")
        if self.web_identity and (self.access_key or self.iam_role):
            faults.append("s3.use-web-identity-token-credentials-provider takes neither keys nor a role")
        if self.sse_type is SseType.CUSTOMER:
            faults += check_customer_key(self.customer_key)
        return faults


def check_customer_key(key: str | None) -> list[str]:
    """What is wrong with a key of SSE-C."""
    if key is None:
        return ["s3.sse.customer-key has to be set for server-side encryption with customer-provided key"]
    try:
        if len(base64.b64decode(key, validate=True)) == 32:
            return []
    except binascii.Error:
        pass
    return ["s3.sse.customer-key must be 256 bits in base64"]


class S3MappingSettings(ConfigGroup):
    """Other credentials for some users and places."""

    enabled: bool = config(
        "s3.security-mapping.enabled",
        default="false",
        doc="Who asks, and where, decides about credentials",
        source=_SOURCE,
    )
    file: str | None = config(
        "s3.security-mapping.config-file", default=None, doc="JSON file of the mappings", source=_SOURCE
    )
    uri: str | None = config(
        "s3.security-mapping.config-uri", default=None, doc="HTTP address of the mappings", source=_SOURCE
    )
    pointer: str = config(
        "s3.security-mapping.json-pointer", default="", doc="Where in the JSON they are", source=_SOURCE
    )
    refresh_period: Duration | None = config(
        "s3.security-mapping.refresh-period", default=None, doc="They are read again after it", source=_SOURCE
    )
    role_credential: str | None = config(
        "s3.security-mapping.iam-role-credential-name",
        default=None,
        doc="Extra credential of a session in which users choose a role",
        source=_SOURCE,
    )
    kms_credential: str | None = config(
        "s3.security-mapping.kms-key-id-credential-name",
        default=None,
        doc="Extra credential of a session in which users choose a key of SSE-KMS",
        source=_SOURCE,
    )
    customer_credential: str | None = config(
        "s3.security-mapping.sse-customer-key-credential-name",
        default=None,
        doc="Extra credential of a session in which users give a key of SSE-C",
        source=_SOURCE,
        legacy=("s3.security-mapping.customer-key-credential-name",),
    )
    colon_replacement: str | None = config(
        "s3.security-mapping.colon-replacement",
        default=None,
        doc="Stands for a colon in the role that users choose",
        source=_SOURCE,
    )

    def check(self) -> list[str]:
        """A mapping has one source."""
        given = (self.file is not None) + (self.uri is not None)
        if self.enabled and given != 1:
            return ["Exactly one of s3.security-mapping.config-file or s3.security-mapping.config-uri must be set"]
        return []
