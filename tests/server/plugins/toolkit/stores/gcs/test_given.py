from __future__ import annotations

import json

import pytest

from lodestar_server.plugins.toolkit.stores.gcs.given import given_credentials
from lodestar_server.plugins.toolkit.stores.objects import StoreError

USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
ACCOUNT = {"type": "service_account", "client_email": "e", "private_key": "hidden", "project_id": "p"}


def test_a_token_is_used_as_it_is() -> None:
    assert given_credentials(" ya29.token ", None).token == "ya29.token"


def test_a_user_gets_tokens_from_google() -> None:
    made = given_credentials(json.dumps({**USER, "token_uri": "http://inside/"}), None)
    assert made.refresh_token == "r" and made.token is None
    assert made.token_uri == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "the request has none"),
        ("{", "JSONDecodeError"),
        (json.dumps({"type": "external_account", "credential_source": {"file": "/etc/passwd"}}), "its type is neither"),
        (json.dumps({**ACCOUNT, "token_uri": "http://169.254.169.254/"}), "token_uri is not an address of Google"),
        (json.dumps({**ACCOUNT, "token_uri": "https://oauth2.googleapis.com.evil/"}), "token_uri is not an address"),
        (json.dumps({**ACCOUNT, "token_uri": "http://oauth2.googleapis.com/"}), "token_uri is not an address"),
        (json.dumps({**ACCOUNT, "token_uri": "https://oauth2.googleapis.com/token"}), "Error"),
        (json.dumps({"type": "authorized_user"}), "Error"),
    ],
)
def test_what_is_refused(given: str, told: str) -> None:
    with pytest.raises(StoreError) as caught:
        given_credentials(given, "http://store:1")
    assert told in str(caught.value) and "hidden" not in str(caught.value)
