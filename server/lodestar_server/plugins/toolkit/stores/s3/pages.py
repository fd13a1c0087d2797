"""Pages of a bucket's listing, out of the service's XML by a few patterns: its answers always have the same form.

The client library takes thirty times as long. What does not look as expected is left to it.
"""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from urllib.parse import unquote_plus

from lodestar_server.plugins.toolkit.stores.objects import ListedPage, ObjectInfo
from lodestar_server.spi.values import frozen

_PAGE = re.compile(r"<ListBucketResult[\s>]")
_OBJECT = re.compile(r"<Contents>.*?</Contents>", re.DOTALL)
_KEY = re.compile(r"<Key>([^<]*)</Key>")
_MODIFIED = re.compile(r"<LastModified>([^<]*)</LastModified>")
_SIZE = re.compile(r"<Size>([0-9]+)</Size>")
_ETAG = re.compile(r"<ETag>([^<]*)</ETag>")
_PREFIXES = re.compile(r"<CommonPrefixes>(.*?)</CommonPrefixes>", re.DOTALL)
_PREFIX = re.compile(r"<Prefix>([^<]*)</Prefix>")
_MORE = re.compile(r"<IsTruncated>\s*true\s*</IsTruncated>")
_TOKEN = re.compile(r"<NextContinuationToken>([^<]+)</NextContinuationToken>")
_ENCODED = "<EncodingType>url</EncodingType>"


@frozen
class Page:
    """`next_token`: of the page that follows, empty at the end."""

    listed: ListedPage
    next_token: str


def nanos(moment: datetime) -> int:
    """Since 1970, whole milliseconds."""
    return int(moment.timestamp() * 1000) * 1_000_000


def read_page(content: bytes) -> Page | None:
    """None for what does not look like a page. Source: Amazon S3, ListObjectsV2."""
    try:
        text = content.decode()
        if not _PAGE.search(text, 0, 1000) or not text.rstrip().endswith("</ListBucketResult>"):
            return None
        more, token = _MORE.search(text), _TOKEN.search(text)
        if more and token is None:
            return None
        encoded = _ENCODED in text
        listed = ListedPage(tuple(_objects(text, encoded)), tuple(_prefixes(text, encoded)))
    except ValueError:
        return None
    return Page(listed, unescape(token[1]) if more and token else "")


def _objects(text: str, encoded: bool) -> list[ObjectInfo]:
    keys = _KEY.findall(text)
    days, sizes, etags = _MODIFIED.findall(text), _SIZE.findall(text), _ETAG.findall(text)
    count = text.count("<Contents>")
    if not len(keys) == len(days) == len(sizes) == count:
        raise ValueError("an object has not one of each")
    if len(etags) != count:  # Some services leave them out.
        found = (_ETAG.search(one) for one in _OBJECT.findall(text))
        etags = [one[1] if one else "" for one in found]
    return [
        ObjectInfo(_plain(key, encoded), int(size), nanos(datetime.fromisoformat(day)), _plain(etag, False))
        for key, size, day, etag in zip(keys, sizes, days, etags, strict=True)
    ]


def _prefixes(text: str, encoded: bool) -> list[str]:
    return [_plain(one, encoded) for some in _PREFIXES.findall(text) for one in _PREFIX.findall(some)]


def _plain(text: str, encoded: bool) -> str:
    if "&" in text:
        text = unescape(text)
    if encoded and "%" in text:
        text = text.replace("%2F", "/").replace("%3D", "=")  # in every key of a partition, and quicker so
    return unquote_plus(text) if encoded and ("%" in text or "+" in text) else text
