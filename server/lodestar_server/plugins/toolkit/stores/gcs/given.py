"""Credentials that a user gives with a request: a token, or the JSON of a service account or of a user.

Other kinds of Google's JSON are refused: they name files, commands and addresses that this machine would use.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from lodestar_server.plugins.toolkit.stores.objects import StoreError

SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write"]
_GOOGLE = ".googleapis.com"


def given_credentials(given: str, endpoint: str | None) -> Any:
    """`endpoint`: of the catalog; who gives tokens is Google, or lives there. Raises: StoreError, without a secret."""
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.credentials import Credentials
    from google.oauth2.service_account import Credentials as ServiceAccount

    text = given.strip()
    if not text:
        raise _refused("the request has none")
    # The library has no types.
    user: Any = Credentials
    account: Any = ServiceAccount
    if not text.startswith("{"):
        return user(token=text)
    try:
        found = json.loads(text, strict=False)
        kind = found.get("type")
        if kind == "service_account":
            if not _is_trusted(str(found.get("token_uri", "")), endpoint):
                raise _refused("token_uri is not an address of Google")
            return account.from_service_account_info(found, scopes=SCOPES)
        if kind == "authorized_user":
            return user.from_authorized_user_info(found, scopes=SCOPES)
    except (GoogleAuthError, ValueError, TypeError, AttributeError, KeyError) as fault:
        raise _refused(type(fault).__name__) from None
    raise _refused("its type is neither service_account nor authorized_user")


def _refused(reason: str) -> StoreError:
    return StoreError(
        f"No credentials for Google Cloud Storage in the extra credential gcs.oauth: {reason}", status=401
    )


def _is_trusted(address: str, endpoint: str | None) -> bool:
    parts = urlsplit(address)
    if endpoint is not None and parts.netloc == urlsplit(endpoint).netloc:
        return True
    return parts.scheme == "https" and (parts.hostname or "").endswith(_GOOGLE)
