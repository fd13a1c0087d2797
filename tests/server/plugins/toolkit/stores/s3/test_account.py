from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientHttpProxyError, RequestInfo
from botocore.exceptions import (
    ClientError,
    InvalidConfigError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.s3.account import S3Account, told
from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings

SETTINGS = S3Settings(endpoint="http://store:1", proxy="proxy:2")
WEB = S3Settings(auth_type=AuthType.WEB_IDENTITY)


def _refusal(status: int, code: str, operation: str = "GetObject") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


def _of_proxy(status: int | None) -> ProxyConnectionError:
    asked = RequestInfo(URL("http://store:1"), "CONNECT", CIMultiDictProxy(CIMultiDict()))
    error = OSError("no route") if status is None else ClientHttpProxyError(asked, (), status=status)
    return ProxyConnectionError(proxy_url="http://proxy:2", error=error)


@pytest.mark.parametrize(
    ("fault", "settings", "text"),
    [
        (
            _refusal(403, "AccessDenied"),
            SETTINGS,
            "AccessDenied: No (Status Code: 403); Access to bucket 'b' is denied",
        ),
        (_refusal(400, "ExpiredToken", "AssumeRole"), SETTINGS, "STS gives no credentials for bucket 'b'"),
        (_refusal(407, "407"), SETTINGS, "The proxy proxy:2 refuses the request (Status Code: 407)"),
        (_of_proxy(407), SETTINGS, "The proxy proxy:2 refuses the request (Status Code: 407)"),
        (_of_proxy(502), SETTINGS, "The proxy proxy:2 does not connect to http://store:1 (Status Code: 502)"),
        (_of_proxy(None), SETTINGS, "The proxy proxy:2 cannot be reached"),
        (NoCredentialsError(), WEB, "set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN"),
        (NoCredentialsError(), SETTINGS, "set s3.aws-access-key and s3.aws-secret-key"),
        (FileNotFoundError(2, "No such file", "/token"), WEB, "Credentials for bucket 'b' cannot be had: "),
        (InvalidConfigError(error_msg="no role"), WEB, "Credentials for bucket 'b' cannot be had: no role"),
        (ParamValidationError(report="too short"), WEB, "A request for bucket 'b' was not sent: too short"),
        (ResponseParserError("<html>"), SETTINGS, "http://store:1 answered with something that is not understood"),
    ],
)
def test_faults_are_told_with_what_to_look_at(fault: BaseException, settings: S3Settings, text: str) -> None:
    assert text in str(told(fault, "b", settings))


class _Client:
    """Fails as often as there are faults."""

    def __init__(self, faults: list[BaseException]) -> None:
        self.faults = faults
        self.calls = 0

    async def head_object(self, **_: Any) -> str:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        return "found"


@pytest.mark.parametrize(
    "fault",
    [
        lambda: _refusal(407, "407"),
        lambda: _of_proxy(407),
        lambda: FileNotFoundError(2, "No such file", "/token"),
        lambda: InvalidConfigError(error_msg="no role"),
        lambda: ParamValidationError(report="too short"),
    ],
)
def test_what_does_not_get_better_is_not_repeated(fault: Callable[[], BaseException]) -> None:
    account = S3Account(SETTINGS)
    account._client = client = _Client([fault()])
    with pytest.raises(StoreError):
        asyncio.run(account.call("head_object", "b", Key="k"))
    assert client.calls == 1


@pytest.mark.parametrize("fault", [lambda: _of_proxy(502), lambda: _refusal(503, "SlowDown"), lambda: OSError("reset")])
def test_what_passes_is_repeated(fault: Callable[[], BaseException]) -> None:
    account = S3Account(SETTINGS)
    account._client = client = _Client([fault()])
    assert asyncio.run(account.call("head_object", "b", Key="k")) == "found"
    assert client.calls == 2
