"""Ranges of objects and pages of listings by a short way: a scan asks for thousands, and they are all alike.

The first one of a bucket goes through the client library, which finds out where the bucket is and how requests to it
are signed. Those that follow are made from what it sent: another key, another range, a signature of their own, over
the same connections. Whatever is not a plain answer goes the long way again, where faults are told and repeated.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from lodestar_server.spi.values import frozen

_EMPTY = hashlib.sha256(b"").hexdigest()
_OF_ONE_REQUEST = frozenset(("x-amz-date", "x-amz-security-token", "x-amz-content-sha256"))
_ALGORITHM = "AWS4-HMAC-SHA256"


@frozen
class RangeTemplate:
    """What requests to one bucket have in common. `base`: everything before the key, percent-encoded."""

    base: str
    host: str
    region: str
    user_agent: str
    headers: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """Of the base, without the host."""
        return urlsplit(self.base).path


def learn_template(url: str, headers: dict[str, str], key: str) -> RangeTemplate | None:
    """From a request that was sent; None when it was not signed in the way that is known here."""
    encoded = quote(key, safe="/~")
    if not url.endswith("/" + encoded) or "?" in url:
        return None
    return _template(url[: -len(encoded)], headers)


def learn_listing(url: str, headers: dict[str, str]) -> RangeTemplate | None:
    """The same from a request for a page of a listing: what it has in common with others is its place and headers."""
    return _template(url.partition("?")[0].rstrip("/") + "/", headers)


def _template(base: str, headers: dict[str, str]) -> RangeTemplate | None:
    credential = headers.get("authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    if len(credential) != 5:
        return None
    parts = urlsplit(base)
    kept = sorted(
        (name, value) for name, value in headers.items() if name.startswith("x-amz-") and name not in _OF_ONE_REQUEST
    )
    return RangeTemplate(
        base,
        headers.get("host") or parts.netloc,
        credential[2],
        headers.get("user-agent", ""),
        tuple(kept),
    )


def signed_range(
    template: RangeTemplate, key: str, start: int, length: int, keys: Any, now: datetime | None = None
) -> tuple[str, dict[str, str]]:
    """Address and headers of a range. `keys`: access_key, secret_key, token.

    Source: AWS Signature Version 4.
    """
    encoded = quote(key, safe="/~")
    wanted = {"range": f"bytes={start}-{start + length - 1}"}
    return template.base + encoded, _signed(template, encoded, "", wanted, keys, now)


def signed_page(
    template: RangeTemplate, query: Mapping[str, str], keys: Any, now: datetime | None = None
) -> tuple[str, dict[str, str]]:
    """Address and headers of a page of a listing."""
    text = "&".join(f"{name}={quote(query[name], safe='~')}" for name in sorted(query))
    return f"{template.base}?{text}", _signed(template, "", text, {}, keys, now)


def _signed(
    template: RangeTemplate, encoded: str, query: str, more: Mapping[str, str], keys: Any, now: datetime | None
) -> dict[str, str]:
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    headers = {**dict(template.headers), **more}
    headers["host"] = template.host
    headers["x-amz-content-sha256"] = _EMPTY
    headers["x-amz-date"] = moment
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = sorted(headers)
    signed = ";".join(names)
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    canonical = f"GET\n{template.path}{encoded}\n{query}\n{lines}\n{signed}\n{_EMPTY}"
    scope = f"{moment[:8]}/{template.region}/s3/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(_key(keys.secret_key, moment[:8], template.region), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
    )
    headers["user-agent"] = template.user_agent
    return headers


def _key(secret: str, day: str, region: str) -> bytes:
    made = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    return made
