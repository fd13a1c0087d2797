"""Whose credentials somebody asks with, by user, group and place: decided from a list of mappings.

Source: Trino, object-storage/file-system-s3, "Security mapping".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

import orjson

from lodestar_server.plugins.toolkit.java_patterns import java_pattern
from lodestar_server.plugins.toolkit.stores.s3.settings import (
    AuthType,
    S3MappingSettings,
    S3Settings,
    SseType,
    check_customer_key,
)
from lodestar_server.spi.security import access_denied
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen

_CHANGES = (
    ("endpoint", "endpoint"),
    ("region", "region"),
    ("crossRegionAccessEnabled", "cross_region"),
    ("pathStyleAccess", "path_style"),
)
_ALLOWED = ("allowedIamRoles", "allowedKmsKeyIds", "allowedSseCustomerKeys")
_TEXTS = frozenset(
    {
        "user",
        "group",
        "prefix",
        "iamRole",
        "roleSessionName",
        "kmsKeyId",
        "sseCustomerKey",
        "accessKey",
        "secretKey",
        "endpoint",
        "region",
    }
)
_TRUTHS = frozenset({"useClusterDefault", "crossRegionAccessEnabled", "pathStyleAccess"})
_KNOWN = _TEXTS | _TRUTHS | frozenset(_ALLOWED)
_ANY = "*"
Changes = tuple[tuple[str, Any], ...]
"""A mapping's keys and values, sorted: what is different from the catalog's own settings."""


@frozen
class S3Grant:
    """What somebody gets at a place: changes, or the reason why nothing."""

    changes: Changes = field(default=(), repr=False)
    refusal: str | None = None


@frozen
class S3Standing:
    """Everything that who asks means for S3: (bucket, prefix of keys, grant), the first that fits counts.

    A bucket None stands for all. Those whose standings are equal may share what is kept of files.
    """

    grants: tuple[tuple[str | None, str, S3Grant], ...]

    def changes(self, bucket: str, key: str) -> Changes:
        """Raises: PERMISSION_DENIED."""
        for wanted, prefix, grant in self.grants:
            if wanted is None or (wanted == bucket and key.startswith(prefix)):
                if grant.refusal is not None:
                    raise access_denied(grant.refusal)
                return grant.changes
        raise access_denied("No matching S3 security mapping")


@frozen
class CredentialNames:
    """Extra credentials of a session in which users choose. `colon`: stands for a colon in the name of a role."""

    role: str | None = None
    kms_key: str | None = None
    customer_key: str | None = None
    colon: str | None = None

    @classmethod
    def of(cls, settings: S3MappingSettings) -> CredentialNames:
        """As the catalog says."""
        return cls(
            settings.role_credential, settings.kms_credential, settings.customer_credential, settings.colon_replacement
        )

    def given(self, identity: Identity) -> tuple[str | None, str | None, str | None]:
        """The role, the KMS key and the customer's key that came with the request."""
        role, kms_key, customer_key = (
            None if name is None else identity.extra_credentials.get(name)
            for name in (self.role, self.kms_key, self.customer_key)
        )
        if role is not None and self.colon:
            role = role.replace(self.colon, ":")
        return role, kms_key, customer_key


@frozen
class S3Mapping:
    """One entry. It is for keys that begin with `prefix` in `bucket` (None: in every bucket)."""

    user: re.Pattern[str] | None
    group: re.Pattern[str] | None
    bucket: str | None
    prefix: str
    values: Mapping[str, Any] = field(repr=False)

    def is_for(self, identity: Identity) -> bool:
        """Whether it counts for somebody, at its places."""
        if self.user is not None and not self.user.fullmatch(identity.user):
            return False
        return self.group is None or any(self.group.fullmatch(one) for one in identity.groups)

    def grant(self, identity: Identity, names: CredentialNames) -> S3Grant:
        """What it gives, with what the user has chosen."""
        if self.values.get("useClusterDefault"):
            return S3Grant()
        values = {key: value for key, value in self.values.items() if key not in _ALLOWED}
        role, kms_key, customer_key = names.given(identity)
        refusal = (
            self._choose_role(values, role)
            or self._choose_kms_key(values, kms_key)
            or self._choose_customer_key(values, customer_key)
        )
        if refusal is not None:
            return S3Grant(refusal=refusal)
        if "roleSessionName" in values:
            values["roleSessionName"] = values["roleSessionName"].replace("${USER}", identity.user)
        return S3Grant(tuple(sorted(values.items())))

    def _allows(self, kind: str, chosen: str, *, any_one: bool = True) -> bool:
        allowed = self.values.get(kind, ())
        return chosen in allowed or (any_one and _ANY in allowed)

    def _choose_role(self, values: dict[str, Any], chosen: str | None) -> str | None:
        default = values.get("iamRole")
        if chosen is None:
            if default is None and self.values.get("allowedIamRoles"):
                return "No S3 role selected and mapping has no default role"
            return None
        if chosen != default and not self._allows("allowedIamRoles", chosen, any_one=False):
            return f"Selected S3 role is not allowed: {chosen}"
        values["iamRole"] = chosen
        return None

    def _choose_kms_key(self, values: dict[str, Any], chosen: str | None) -> str | None:
        if chosen is None:
            return None
        if chosen != values.get("kmsKeyId") and not self._allows("allowedKmsKeyIds", chosen):
            return "Selected KMS Key ID is not allowed"
        values["kmsKeyId"] = chosen
        return None

    def _choose_customer_key(self, values: dict[str, Any], chosen: str | None) -> str | None:
        if chosen is None:
            return None
        default = values.get("sseCustomerKey")
        if default is not None and not self.values.get("allowedSseCustomerKeys"):
            return "allowedSseCustomerKeys must be set if sseCustomerKey is provided"
        # What is no key at all would be found out by the store only, request by request.
        if (chosen != default and not self._allows("allowedSseCustomerKeys", chosen)) or check_customer_key(chosen):
            return "Provided SSE Customer Key is not allowed"
        values["sseCustomerKey"] = chosen
        return None


def standing_of(mappings: Iterable[S3Mapping], identity: Identity, names: CredentialNames) -> S3Standing:
    """What is left of the mappings for somebody."""
    grants = []
    for one in mappings:
        if one.is_for(identity):
            grants.append((one.bucket, one.prefix, one.grant(identity, names)))
            if one.bucket is None:
                break
    return S3Standing(tuple(grants))


def read_mappings(content: bytes, pointer: str) -> tuple[S3Mapping, ...]:
    """The mappings of a JSON document, below a JSON pointer (RFC 6901). Raises: ValueError."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ValueError(f"S3 security mappings are not JSON: {fault}") from fault
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(name)] if name.isdecimal() and int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
    mappings = found.get("mappings") if isinstance(found, dict) else None
    if not isinstance(mappings, list):
        raise ValueError("S3 security mappings have no list 'mappings'")
    return tuple(_mapping(one, number) for number, one in enumerate(mappings, 1))


def _mapping(given: Any, number: int) -> S3Mapping:
    def refuse(reason: str) -> ValueError:
        return ValueError(f"S3 security mapping {number}: {reason}")

    if not isinstance(given, dict):
        raise refuse("is not an object")
    one = {key: value for key, value in given.items() if value is not None}
    unknown = set(one) - _KNOWN
    if unknown:
        raise refuse(f"unknown key {', '.join(sorted(unknown))}")
    for key, value in one.items():
        right = isinstance(value, str) if key in _TEXTS else isinstance(value, bool)
        if key in _ALLOWED:
            right = isinstance(value, list) and all(isinstance(member, str) for member in value)
        if not right:
            raise refuse(f"{key} has a value of the wrong type")
    fault = _fault_of(one)
    if fault is not None:
        raise refuse(fault)
    bucket, prefix = None, ""
    if "prefix" in one:
        scheme, mark, rest = one["prefix"].partition("://")
        if not mark or scheme not in ("s3", "s3a", "s3n"):
            raise refuse(f"prefix is not a location of S3: {one['prefix']}")
        bucket, _, prefix = rest.partition("/")
    try:
        user, group = (java_pattern(one[key]) if key in one else None for key in ("user", "group"))
    except re.error as problem:
        raise refuse(f"a regular expression is not supported: {problem}") from problem
    values = {key: value for key, value in one.items() if key not in ("user", "group", "prefix")}
    return S3Mapping(user, group, bucket, prefix, values)


def _fault_of(one: Mapping[str, Any]) -> str | None:
    if "roleSessionName" in one and "iamRole" not in one:
        return "iamRole must be provided when roleSessionName is provided"
    if ("accessKey" in one) != ("secretKey" in one):
        return "accessKey and secretKey must be provided together"
    default = one.get("useClusterDefault", False)
    if default == bool(one.get("allowedIamRoles") or "iamRole" in one or "accessKey" in one):
        return "must either allow useClusterDefault role or provide role and/or credentials"
    if default and "kmsKeyId" in one:
        return "KMS key ID cannot be provided together with useClusterDefault"
    if default and "sseCustomerKey" in one:
        return "SSE Customer key cannot be provided together with useClusterDefault"
    if "kmsKeyId" in one and "sseCustomerKey" in one:
        return "SSE Customer key cannot be provided together with KMS key ID"
    if "sseCustomerKey" in one and check_customer_key(one["sseCustomerKey"]):
        return "sseCustomerKey must be 256 bits in base64"
    return None


def changed(settings: S3Settings, changes: Mapping[str, Any]) -> S3Settings:
    """A catalog's settings with a mapping's changes. Keys alone leave the catalog's role: they ask for it then."""
    values = {one.attribute: getattr(settings, one.attribute) for one in settings.settings}
    if "accessKey" in changes:
        values |= {"access_key": changes["accessKey"], "secret_key": changes["secretKey"]}
        values |= {"auth_type": AuthType.DEFAULT, "web_identity": False}
    if "iamRole" in changes:
        # A catalog whose keys come for a web identity asks for the role with them.
        values["web_identity"] = values["web_identity"] or values["auth_type"] is AuthType.WEB_IDENTITY
        values |= {"iam_role": changes["iamRole"], "auth_type": AuthType.IAM_ROLE}
    if "roleSessionName" in changes:
        values["role_session_name"] = changes["roleSessionName"]
    if "kmsKeyId" in changes:
        values |= {"sse_type": SseType.KMS, "kms_key_id": changes["kmsKeyId"]}
    if "sseCustomerKey" in changes:
        values |= {"sse_type": SseType.CUSTOMER, "customer_key": changes["sseCustomerKey"]}
    for key, attribute in _CHANGES:
        if key in changes:
            values[attribute] = changes[key]
    return S3Settings(**values)
