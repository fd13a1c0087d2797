from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from lodestar_server.plugins.toolkit.stores.s3.mapping import (
    CredentialNames,
    S3Mapping,
    S3Standing,
    changed,
    read_mappings,
    standing_of,
)
from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings, SseType
from lodestar_server.spi.errors import PERMISSION_DENIED, LodestarError
from lodestar_server.spi.session import Identity

ROLE = "arn:aws:iam::1:role/r"
OTHER = "arn:aws:iam::1:role/other"
KEY = base64.b64encode(bytes(32)).decode()
OTHER_KEY = base64.b64encode(bytes(range(32))).decode()
ALICE = Identity("alice", groups=frozenset({"finance", "staff"}))
NAMES = CredentialNames("role", "kms", "customer", "#")


def _read(*mappings: dict[str, Any], pointer: str = "") -> tuple[S3Mapping, ...]:
    document: Any = {"mappings": list(mappings)}
    for name in reversed(pointer.split("/")[1:]):
        document = {name: document}
    return read_mappings(orjson.dumps(document), pointer)


def _granted(standing: S3Standing, bucket: str, key: str = "") -> Any:
    """The changes as a dictionary, or the text of the refusal."""
    try:
        return dict(standing.changes(bucket, key))
    except LodestarError as error:
        assert error.code is PERMISSION_DENIED
        return error.message


def _chosen(mapping: dict[str, Any], **credentials: str) -> Any:
    identity = Identity("alice", extra_credentials=credentials)
    return _granted(standing_of(_read(mapping), identity, NAMES), "b")


def test_the_first_that_matches_counts() -> None:
    standing = standing_of(
        _read(
            {"prefix": "s3://b/secret/", "iamRole": ROLE},
            {"prefix": "s3a://b", "useClusterDefault": True, "region": "elsewhere"},
            {"prefix": "s3://c/x", "accessKey": "a", "secretKey": "s"},
        ),
        ALICE,
        NAMES,
    )
    none = "Access Denied: No matching S3 security mapping"
    assert [
        _granted(standing, *one) for one in [("b", "secret/1"), ("b", "other"), ("c", "xy"), ("c", "y"), ("d",)]
    ] == [
        {"iamRole": ROLE},
        {},
        {"accessKey": "a", "secretKey": "s"},
        none,
        none,
    ]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"user": "alice"}, True),
        ({"user": "ali"}, False),
        ({"user": "bob|ali.*"}, True),
        ({"user": "bob"}, False),
        ({"group": "staff"}, True),
        ({"group": "sta"}, False),
        ({"group": "fin.*"}, True),
        ({"group": "sales"}, False),
        ({"user": "alice", "group": "sales"}, False),
        ({"user": "bob", "group": "staff"}, False),
    ],
)
def test_a_user_and_one_of_the_groups_fit_as_a_whole(rule: dict[str, str], fits: bool) -> None:
    (mapping,) = _read({"iamRole": ROLE, **rule})
    assert mapping.is_for(ALICE) is fits


def test_standings_are_equal_when_they_give_the_same() -> None:
    mappings = _read(
        {"user": "alice|bob", "iamRole": ROLE},
        {"user": "carol", "iamRole": ROLE, "roleSessionName": "as-${USER}"},
        {"useClusterDefault": True},
    )
    alice, bob, carol, dan = (standing_of(mappings, Identity(one), NAMES) for one in ("alice", "bob", "carol", "dan"))
    assert alice == bob and len({alice, bob, carol, dan}) == 3
    assert _granted(carol, "b") == {"iamRole": ROLE, "roleSessionName": "as-carol"}
    assert _granted(dan, "b") == {}


def test_a_mapping_without_a_prefix_matches_all() -> None:
    standing = standing_of(_read({"iamRole": ROLE}, pointer="/deep/er"), ALICE, NAMES)
    assert _granted(standing, "any", "thing") == {"iamRole": ROLE}


@pytest.mark.parametrize(
    ("mapping", "credential", "expected"),
    [
        ({"iamRole": ROLE}, None, ROLE),
        ({"iamRole": ROLE}, ROLE.replace(":", "#"), ROLE),
        ({"iamRole": ROLE}, OTHER, f"Access Denied: Selected S3 role is not allowed: {OTHER}"),
        ({"iamRole": ROLE, "allowedIamRoles": [OTHER]}, OTHER, OTHER),
        ({"allowedIamRoles": [OTHER]}, OTHER, OTHER),
        ({"allowedIamRoles": ["*"]}, OTHER, f"Access Denied: Selected S3 role is not allowed: {OTHER}"),
        ({"allowedIamRoles": [OTHER]}, None, "Access Denied: No S3 role selected and mapping has no default role"),
        ({"useClusterDefault": True}, OTHER, None),
    ],
)
def test_a_role_is_chosen_among_those_that_are_allowed(
    mapping: dict[str, Any], credential: str | None, expected: str | None
) -> None:
    found = _chosen(mapping, **({} if credential is None else {"role": credential}))
    assert (found.get("iamRole") if isinstance(found, dict) else found) == expected


@pytest.mark.parametrize(
    ("mapping", "credential", "expected"),
    [
        ({"kmsKeyId": "k"}, None, "k"),
        ({"kmsKeyId": "k"}, "k", "k"),
        ({}, "k", "Access Denied: Selected KMS Key ID is not allowed"),
        ({"kmsKeyId": "k", "allowedKmsKeyIds": ["m"]}, "m", "m"),
        ({"allowedKmsKeyIds": ["*"]}, "any", "any"),
    ],
)
def test_a_key_of_kms_is_chosen(mapping: dict[str, Any], credential: str | None, expected: str) -> None:
    found = _chosen({"iamRole": ROLE, **mapping}, **({} if credential is None else {"kms": credential}))
    assert (found["kmsKeyId"] if isinstance(found, dict) else found) == expected


@pytest.mark.parametrize(
    ("mapping", "credential", "expected"),
    [
        ({"sseCustomerKey": KEY}, None, KEY),
        (
            {"sseCustomerKey": KEY},
            KEY,
            "Access Denied: allowedSseCustomerKeys must be set if sseCustomerKey is provided",
        ),
        ({"sseCustomerKey": KEY, "allowedSseCustomerKeys": ["x"]}, KEY, KEY),
        ({"allowedSseCustomerKeys": [OTHER_KEY]}, OTHER_KEY, OTHER_KEY),
        ({"allowedSseCustomerKeys": [KEY]}, OTHER_KEY, "Access Denied: Provided SSE Customer Key is not allowed"),
        ({"allowedSseCustomerKeys": ["*"]}, OTHER_KEY, OTHER_KEY),
        ({"allowedSseCustomerKeys": ["*"]}, "no key", "Access Denied: Provided SSE Customer Key is not allowed"),
    ],
)
def test_a_key_of_the_customer_is_given(mapping: dict[str, Any], credential: str | None, expected: str) -> None:
    found = _chosen({"iamRole": ROLE, **mapping}, **({} if credential is None else {"customer": credential}))
    assert (found["sseCustomerKey"] if isinstance(found, dict) else found) == expected


def test_credentials_without_a_name_are_not_looked_at() -> None:
    identity = Identity("alice", extra_credentials={"role": OTHER})
    standing = standing_of(_read({"iamRole": ROLE}), identity, CredentialNames())
    assert _granted(standing, "b") == {"iamRole": ROLE}


def test_secrets_are_not_shown() -> None:
    mappings = _read({"accessKey": "a", "secretKey": "hidden", "sseCustomerKey": KEY})
    shown = repr(mappings) + repr(standing_of(mappings, ALICE, NAMES))
    assert "hidden" not in shown and KEY not in shown


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({}, "must either allow useClusterDefault role or provide role and/or credentials"),
        ({"allowedIamRoles": []}, "must either allow useClusterDefault role or provide role and/or credentials"),
        ({"useClusterDefault": True, "iamRole": ROLE}, "must either allow useClusterDefault"),
        ({"useClusterDefault": True, "allowedIamRoles": [ROLE]}, "must either allow useClusterDefault"),
        ({"useClusterDefault": True, "kmsKeyId": "k"}, "KMS key ID cannot be provided together with useClusterDefault"),
        ({"accessKey": "a"}, "accessKey and secretKey must be provided together"),
        ({"useClusterDefault": True, "roleSessionName": "x"}, "iamRole must be provided when roleSessionName"),
        ({"iamRole": ROLE, "users": "bob"}, "unknown key users"),
        ({"iamRole": ROLE, "user": 1}, "user has a value of the wrong type"),
        ({"iamRole": ROLE, "allowedIamRoles": ROLE}, "allowedIamRoles has a value of the wrong type"),
        ({"iamRole": ROLE, "user": "("}, "a regular expression is not supported"),
        ({"iamRole": ROLE, "prefix": "gs://b"}, "prefix is not a location of S3: gs://b"),
        ({"iamRole": ROLE, "kmsKeyId": "k", "sseCustomerKey": KEY}, "SSE Customer key cannot be provided together"),
        ({"iamRole": ROLE, "sseCustomerKey": "c"}, "sseCustomerKey must be 256 bits in base64"),
    ],
)
def test_what_cannot_be_meant_is_refused(mapping: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match="S3 security mapping 1: ") as caught:
        _read(mapping)
    assert told in str(caught.value)


def test_changes_are_laid_over_the_catalogs_settings() -> None:
    settings = S3Settings(access_key="mine", secret_key="s", region="eu-1", path_style=True)
    made = changed(settings, {"iamRole": ROLE, "roleSessionName": "n", "kmsKeyId": "k", "region": "us-1"})
    assert (made.access_key, made.iam_role, made.role_session_name) == ("mine", ROLE, "n")
    assert (made.auth_type, made.sse_type, made.kms_key_id) == (AuthType.IAM_ROLE, SseType.KMS, "k")
    assert (made.region, made.path_style) == ("us-1", True)
    keys = changed(S3Settings(iam_role=ROLE), {"accessKey": "a", "secretKey": "s"})
    assert (keys.access_key, keys.secret_key, keys.iam_role) == ("a", "s", ROLE)
    assert changed(S3Settings(auth_type=AuthType.WEB_IDENTITY), {"iamRole": ROLE}).web_identity
