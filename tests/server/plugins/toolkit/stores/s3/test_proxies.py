from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.stores.s3.proxies import direct_hosts, proxy_url
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings


@pytest.mark.parametrize(
    ("patterns", "host", "direct"),
    [
        ((), "s3", False),
        (("s3.internal",), "S3.internal", True),
        (("s3.internal",), "bucket.s3.internal", False),
        (("*.internal",), "bucket.s3.internal", True),
        ((r".*\.internal",), "bucket.s3.internal", True),
        ((r".*\.internal",), "internal.s3", False),
        (("a", " b "), "b", True),
    ],
)
def test_hosts_that_are_asked_directly(patterns: tuple[str, ...], host: str, direct: bool) -> None:
    assert direct_hosts(patterns)(host) is direct


def test_user_and_password_are_part_of_the_address() -> None:
    settings = S3Settings(proxy="p:1", proxy_username="a@b", proxy_password="x/y", proxy_secure=True)
    assert proxy_url(settings) == "https://a%40b:x%2Fy@p:1"
    assert proxy_url(S3Settings(proxy="p:1")) == "http://p:1"
