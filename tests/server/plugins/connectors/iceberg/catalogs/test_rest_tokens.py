"""When a token is had, renewed and given up."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from urllib.parse import parse_qs

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_config import RestCatalogConfig
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_tokens import RestTokens, end_of
from lodestar_server.plugins.toolkit.stores.objects import StoreError


def _jwt(lasts: float) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + lasts}).encode()).decode().rstrip("=")
    return f"e30.{claims}.x"


class _Issuer:
    """It gives token after token, each for `lasts` seconds; `status` 200 or a refusal."""

    def __init__(self, lasts: int | None = 3600, status: int = 200):
        self.lasts = lasts
        self.status = status
        self.forms = []
        self.headers = []
        self.addresses = []

    async def __call__(self, address, headers, content):
        self.addresses.append(address)
        self.headers.append(dict(headers))
        self.forms.append({key: value[0] for key, value in parse_qs(content.decode()).items()})
        if self.status != 200:
            return self.status, {"error": "invalid_grant", "error_description": "no more\nof it"}
        answer = {"access_token": f"t{len(self.forms)}"}
        return 200, answer | ({} if self.lasts is None else {"expires_in": self.lasts})


def _tokens(issuer: _Issuer, **settings: object) -> RestTokens:
    return RestTokens(RestCatalogConfig(uri="http://r", **settings), "http://r/v1", issuer)


def test_a_credential_is_exchanged_again_before_the_token_ends():
    issuer = _Issuer(lasts=30)
    tokens = _tokens(issuer, credential="me:secret", scope="all", token_uri="http://idp/t")
    assert [asyncio.run(tokens.current()) for _ in range(2)] == ["t1", "t2"]
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "secret", "scope": "all"}
    assert issuer.forms == [form, form]
    assert set(issuer.addresses) == {"http://idp/t"}


def test_a_secret_may_have_no_client():
    issuer = _Issuer()
    asyncio.run(_tokens(issuer, credential="secret").current())
    assert issuer.forms == [{"grant_type": "client_credentials", "client_secret": "secret", "scope": "catalog"}]
    assert issuer.addresses == ["http://r/v1/oauth/tokens"]


def test_a_given_token_is_exchanged_before_it_ends():
    issuer, given = _Issuer(), _jwt(30)
    tokens = _tokens(issuer, token=given)
    assert [asyncio.run(tokens.current()) for _ in range(2)] == ["t1", "t1"]
    assert issuer.forms[0]["grant_type"].endswith(":token-exchange")
    assert issuer.forms[0]["subject_token"] == given
    assert issuer.headers[0]["Authorization"] == f"Bearer {given}"


@pytest.mark.parametrize(("lasts", "refresh"), [(30, False), (3600, True)])
def test_tokens_that_stay(lasts, refresh):
    issuer, given = _Issuer(), _jwt(lasts)
    assert asyncio.run(_tokens(issuer, token=given, refresh=refresh).current()) == given
    assert issuer.forms == []


def test_a_token_that_cannot_be_renewed_is_good_to_its_end():
    given = _jwt(30)
    assert asyncio.run(_tokens(_Issuer(status=400), token=given).current()) == given
    with pytest.raises(StoreError, match=r"denied \(400: no more\); check iceberg.rest-catalog.oauth2.token"):
        asyncio.run(_tokens(_Issuer(status=400), token=_jwt(-1)).current())


def test_a_refused_token_is_replaced_where_there_is_a_credential():
    tokens = _tokens(_Issuer(), credential="me:secret")
    assert asyncio.run(tokens.current()) == "t1"
    assert asyncio.run(tokens.refused("t1"))
    assert asyncio.run(tokens.current()) == "t2"
    assert asyncio.run(tokens.refused("t1"))  # somebody else has been faster
    assert asyncio.run(tokens.current()) == "t2"
    assert not asyncio.run(_tokens(_Issuer(), token="given").refused("given"))


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c"])
def test_tokens_that_do_not_tell_their_end(token):
    assert end_of(token) == float("inf")
