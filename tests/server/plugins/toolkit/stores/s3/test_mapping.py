from __future__ import annotations

from typing import Any

import orjson
import pytest

from lodestar_server.plugins.toolkit.stores.s3.mapping import S3Mapping, changed, read_mappings
from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings, SseType

ROLE = "arn:aws:iam::1:role/r"


def _read(*mappings: dict[str, Any], pointer: str = "") -> list[S3Mapping]:
    document: Any = {"mappings": list(mappings)}
    for name in reversed(pointer.split("/")[1:]):
        document = {name: document}
    return read_mappings(orjson.dumps(document), pointer)


def _match(mappings: list[S3Mapping], bucket: str, key: str) -> int | None:
    return next((at for at, one in enumerate(mappings) if one.matches(bucket, key)), None)


def test_the_first_that_matches_counts() -> None:
    mappings = _read(
        {"prefix": "s3://b/secret/", "iamRole": ROLE},
        {"prefix": "s3a://b", "useClusterDefault": True},
        {"prefix": "s3://c/x", "accessKey": "a", "secretKey": "s"},
    )
    places = [("b", "secret/1"), ("b", "other"), ("c", "xy"), ("c", "y"), ("d", "x")]
    assert [_match(mappings, *place) for place in places] == [0, 1, 2, None, None]


def test_a_mapping_without_a_prefix_matches_all() -> None:
    assert _match(_read({"iamRole": ROLE}, pointer="/deep/er"), "any", "thing") == 0


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({}, "must either allow useClusterDefault role or provide role and/or credentials"),
        ({"useClusterDefault": True, "iamRole": ROLE}, "must either allow useClusterDefault"),
        ({"accessKey": "a"}, "accessKey and secretKey must be provided together"),
        ({"useClusterDefault": True, "roleSessionName": "x"}, "iamRole must be provided when roleSessionName"),
        ({"iamRole": ROLE, "user": "bob"}, "user is not supported; a mapping goes by 'prefix' alone"),
        ({"iamRole": ROLE, "roleSessionName": "${USER}"}, "variables in roleSessionName are not supported"),
        ({"iamRole": ROLE, "prefix": "gs://b"}, "prefix is not a location of S3: gs://b"),
        ({"iamRole": ROLE, "kmsKeyId": "k", "sseCustomerKey": "c"}, "SSE Customer key cannot be provided together"),
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
    assert (keys.access_key, keys.secret_key, keys.iam_role) == ("a", "s", None)
