from __future__ import annotations

from datetime import UTC, datetime

from lodestar_server.plugins.toolkit.stores.objects import ObjectInfo
from lodestar_server.plugins.toolkit.stores.s3.pages import nanos, read_page

PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult{namespace}>
<Name>b</Name><Prefix>d/</Prefix><KeyCount>3</KeyCount><IsTruncated>{more}</IsTruncated>{after}
<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag>
<Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>
<CommonPrefixes><Prefix>d/p=1/</Prefix></CommonPrefixes>
</ListBucketResult>"""
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
MODIFIED = nanos(datetime(2026, 1, 2, 3, 4, 5, 678000, UTC))


def page(key: str = "d/a&amp;b+c%20d", *, namespace: str = NAMESPACE, more: str = "false", after: str = "") -> bytes:
    return PAGE.format(key=key, namespace=namespace, more=more, after=after).encode()


def test_objects_and_prefixes() -> None:
    found = read_page(page())
    assert found is not None
    assert found.listed.objects == (ObjectInfo("d/a&b+c%20d", 7, MODIFIED, '"e"'),)
    assert found.listed.prefixes == ("d/p=1/",)
    assert found.next_token == ""
    assert MODIFIED == 1767323045678 * 1_000_000


def test_keys_that_the_service_encodes() -> None:
    found = read_page(page("d/a%01+%C3%A4%2B", after="<EncodingType>url</EncodingType>"))
    assert found is not None
    assert found.listed.objects[0].key == "d/a\x01 ä+"


def test_a_service_that_names_no_namespace() -> None:
    assert read_page(page(namespace="")) == read_page(page())


def test_the_page_that_follows() -> None:
    found = read_page(page(more="true", after="<NextContinuationToken>t+/=</NextContinuationToken>"))
    assert found is not None and found.next_token == "t+/="
    assert read_page(page(more="true")) is None


def test_what_is_no_page() -> None:
    for content in (b"", b"<html/>", b"<ListBucketResult>", page().replace(b"<Size>7</Size>", b"")):
        assert read_page(content) is None
