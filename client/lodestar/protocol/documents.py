"""QueryResults documents: bytes in, typed parts out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from lodestar.errors import AuthenticationError, TransportError
from lodestar.protocol.messages import HttpResponse

_SHOWN = 2000
"""Characters of an unexpected body that an error shows."""


@dataclass(frozen=True, slots=True)
class WireColumn:
    """A column as the server describes it: its name, the type's text, and the type as a tree (`typeSignature`)."""

    name: str
    type: str
    signature: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a spooled result: its bytes (`inline`), or where they are.

    `headers` go with both requests. `size_bytes` is the length of the bytes, `uncompressed_bytes` what they become,
    None when they are not compressed. `row_offset` counts from the start of the result.
    """

    row_count: int
    row_offset: int
    size_bytes: int
    uncompressed_bytes: int | None
    inline: str | None = None
    uri: str | None = None
    ack_uri: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentedData:
    """The rows of a page that travel as segments in one encoding."""

    encoding: str
    segments: tuple[Segment, ...]


PageData = Sequence[Sequence[Any]] | SegmentedData


def load_json(body: bytes | bytearray) -> Any:
    """Any JSON of the server. Raises: ValueError.

    orjson refuses escapes of lone surrogates, which other servers may send; the standard library takes them.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(bytes(body).decode("utf-8", "surrogatepass"))


def read_document(response: HttpResponse) -> Mapping[str, Any]:
    """The document of a 200 answer. Raises: TransportError when it is none (an answer cut short, a proxy's page)."""
    try:
        document = load_json(response.body)
    except ValueError:
        raise TransportError("The server's answer is not JSON", status=response.status) from None
    if not isinstance(document, dict) or "id" not in document or "stats" not in document:
        raise TransportError("The server's answer is not a document of a query", status=response.status)
    return document


def read_columns(document: Mapping[str, Any]) -> tuple[WireColumn, ...] | None:
    """The columns, None while they are not known."""
    columns = document.get("columns")
    if columns is None:
        return None
    return tuple(WireColumn(str(one["name"]), str(one["type"]), one.get("typeSignature") or {}) for one in columns)


def read_data(document: Mapping[str, Any]) -> PageData | None:
    """The rows of a document, None when it has none. Raises: TransportError."""
    data = document.get("data")
    if data is None or isinstance(data, list):
        return data or None
    try:
        segments = tuple(_read_segment(one) for one in data["segments"])
        return SegmentedData(str(data["encoding"]), segments) if segments else None
    except (KeyError, TypeError, ValueError):
        raise TransportError("The server's segments are not understood") from None


def _read_segment(document: Mapping[str, Any]) -> Segment:
    figures = document["metadata"]
    kind = document["type"]
    headers: list[tuple[str, str]] = []
    for name, values in (document.get("headers") or {}).items():
        headers += [(str(name), str(value)) for value in values]
    uncompressed = figures.get("uncompressedSize")
    size = figures["segmentSize"]
    if kind not in ("inline", "spooled"):
        raise ValueError(kind)
    return Segment(
        row_count=int(figures["rowsCount"]),
        row_offset=int(figures["rowOffset"]),
        size_bytes=int(size),
        uncompressed_bytes=None if uncompressed is None else int(uncompressed),
        inline=document["data"] if kind == "inline" else None,
        uri=document["uri"] if kind == "spooled" else None,
        ack_uri=document.get("ackUri") if kind == "spooled" else None,
        headers=tuple(headers),
    )


def fault_of_status(response: HttpResponse, what: str) -> TransportError:
    """The error for an answer that is not a success. `what` says what was asked: `GET /v1/statement`."""
    text = bytes(response.body[:_SHOWN]).decode("utf-8", "replace").strip()
    prefix = f"Error {response.status} "
    if text.startswith(prefix):
        text = text.partition(": ")[2] or text
    message = f"{what} was answered with HTTP {response.status}" + (f": {text}" if text else "")
    kind = AuthenticationError if response.status in (401, 403) else TransportError
    return kind(message, status=response.status, retry_after_seconds=_retry_after(response))


def _retry_after(response: HttpResponse) -> float | None:
    try:
        return max(0.0, float(response.header("retry-after") or ""))
    except ValueError:
        return None
