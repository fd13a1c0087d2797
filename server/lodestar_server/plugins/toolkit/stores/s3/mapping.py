"""Settings that are different for some locations: read from a file, applied to the catalog's own."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3MappingSettings, S3Settings, SseType

_TIMEOUT = 10
_CHANGES = (
    ("endpoint", "endpoint"),
    ("region", "region"),
    ("crossRegionAccessEnabled", "cross_region"),
    ("pathStyleAccess", "path_style"),
)
_KNOWN = frozenset(key for key, _ in _CHANGES) | {
    "prefix",
    "iamRole",
    "roleSessionName",
    "kmsKeyId",
    "sseCustomerKey",
    "accessKey",
    "secretKey",
    "useClusterDefault",
}


@dataclass(frozen=True, slots=True)
class S3Mapping:
    """What is different for keys that begin with `prefix` in `bucket` (None: in every bucket)."""

    bucket: str | None
    prefix: str
    changes: tuple[tuple[str, Any], ...]

    def matches(self, bucket: str, key: str) -> bool:
        """Whether the location is its own."""
        return self.bucket is None or (self.bucket == bucket and key.startswith(self.prefix))


def load_mappings(mapping: S3MappingSettings) -> list[S3Mapping]:
    """The mappings that the settings name. Raises: ValueError."""
    return read_mappings(_content(mapping), mapping.pointer)


def _content(mapping: S3MappingSettings) -> bytes:
    try:
        if mapping.file is not None:
            return Path(mapping.file).read_bytes()
        assert mapping.uri is not None
        if not mapping.uri.startswith(("http://", "https://")):
            raise ValueError(f"s3.security-mapping.config-uri is not an HTTP address: {mapping.uri}")
        with urllib.request.urlopen(mapping.uri, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read()
            return content
    except OSError as fault:
        raise ValueError(f"S3 security mappings cannot be read: {fault}") from fault


def read_mappings(content: bytes, pointer: str) -> list[S3Mapping]:
    """The mappings of a JSON document, below a JSON pointer (RFC 6901). Raises: ValueError."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ValueError(f"S3 security mappings are not JSON: {fault}") from fault
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    mappings = found.get("mappings") if isinstance(found, dict) else None
    if not isinstance(mappings, list):
        raise ValueError("S3 security mappings have no list 'mappings'")
    return [_mapping(one, number) for number, one in enumerate(mappings, 1)]


def _mapping(one: Mapping[str, Any], number: int) -> S3Mapping:
    def refuse(reason: str) -> ValueError:
        return ValueError(f"S3 security mapping {number}: {reason}")

    unknown = set(one) - _KNOWN
    if unknown:
        raise refuse(f"{', '.join(sorted(unknown))} is not supported; a mapping goes by 'prefix' alone")
    if ("accessKey" in one) != ("secretKey" in one):
        raise refuse("accessKey and secretKey must be provided together")
    if "roleSessionName" in one and "iamRole" not in one:
        raise refuse("iamRole must be provided when roleSessionName is provided")
    if "${" in one.get("roleSessionName", ""):
        raise refuse("variables in roleSessionName are not supported")
    default = one.get("useClusterDefault", False)
    if default == ("iamRole" in one or "accessKey" in one):
        raise refuse("must either allow useClusterDefault role or provide role and/or credentials")
    if default and ("kmsKeyId" in one or "sseCustomerKey" in one):
        raise refuse("keys for encryption cannot be provided together with useClusterDefault")
    if "kmsKeyId" in one and "sseCustomerKey" in one:
        raise refuse("SSE Customer key cannot be provided together with KMS key ID")
    bucket, prefix = None, ""
    if "prefix" in one:
        scheme, mark, rest = one["prefix"].partition("://")
        if not mark or scheme not in ("s3", "s3a", "s3n"):
            raise refuse(f"prefix is not a location of S3: {one['prefix']}")
        bucket, _, prefix = rest.partition("/")
    return S3Mapping(bucket, prefix, tuple(sorted((key, value) for key, value in one.items() if key != "prefix")))


def changed(settings: S3Settings, changes: Mapping[str, Any]) -> S3Settings:
    """A catalog's settings with a mapping's changes."""
    values = {one.attribute: getattr(settings, one.attribute) for one in settings.settings}
    if "accessKey" in changes:
        values |= {"access_key": changes["accessKey"], "secret_key": changes["secretKey"], "iam_role": None}
        values["auth_type"] = AuthType.DEFAULT
    if "iamRole" in changes:
        values |= {"iam_role": changes["iamRole"], "auth_type": AuthType.IAM_ROLE}
        values["role_session_name"] = changes.get("roleSessionName", settings.role_session_name)
    if "kmsKeyId" in changes:
        values |= {"sse_type": SseType.KMS, "kms_key_id": changes["kmsKeyId"]}
    if "sseCustomerKey" in changes:
        values |= {"sse_type": SseType.CUSTOMER, "customer_key": changes["sseCustomerKey"]}
    for key, attribute in _CHANGES:
        if key in changes:
            values[attribute] = changes[key]
    return S3Settings(**values)
