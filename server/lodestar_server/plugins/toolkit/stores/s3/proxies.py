"""Which requests go through a proxy: all but those to some hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any
from urllib.parse import quote, urlsplit

from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings


def proxy_url(settings: S3Settings) -> str:
    """With user and password, which the proxy gets with the first request."""
    user = ""
    if settings.proxy_username:
        user = f"{quote(settings.proxy_username, safe='')}:{quote(settings.proxy_password or '', safe='')}@"
    return f"{'https' if settings.proxy_secure else 'http'}://{user}{settings.proxy}"


def direct_hosts(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a host is asked directly. A pattern is a regular expression, as in Trino, or a name with `*`."""
    compiled = []
    for pattern in patterns:
        text = pattern.strip()
        compiled.append(re.compile(translate(text.lower())))
        try:
            compiled.append(re.compile(text, re.IGNORECASE))
        except re.error:
            continue  # "*.host" is none
    return lambda host: any(one.fullmatch(host.lower()) for one in compiled)


class ChosenProxies:
    """botocore's `ProxyConfiguration` for requests that are not to a direct host."""

    def __init__(self, inner: Any, is_direct: Callable[[str], bool]) -> None:
        self._inner = inner
        self._is_direct = is_direct
        self.settings = inner.settings

    def proxy_url_for(self, url: str) -> str | None:
        """None: directly."""
        if self._is_direct(urlsplit(url).hostname or ""):
            return None
        found: str | None = self._inner.proxy_url_for(url)
        return found

    def proxy_headers_for(self, url: str) -> Any:
        """Of the proxy, not of the request."""
        return self._inner.proxy_headers_for(url)
