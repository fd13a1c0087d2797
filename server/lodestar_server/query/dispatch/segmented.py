"""Results that travel in segments: rows out of the spool become Arrow streams, documents say where they are.

Small ones are inside the document, others wait in the query's `SegmentStore`. Blocking work; called off the loop.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from functools import lru_cache

import orjson
import pyarrow as pa

from lodestar_server.execution.spool.segments import Segment, SegmentStore, arrow_stream
from lodestar_server.execution.spool.spool import Page
from lodestar_server.protocol.encodings import ENCODINGS
from lodestar_server.protocol.types import wire_type
from lodestar_server.query.results import OutputColumn

SEGMENT_BYTES = 8 << 20
"""How much of a result one document tells of."""
INLINE_BYTES = 64 << 10
"""Up to so many bytes a segment is inside the document: another request would cost more than the text."""

SEGMENT = "segment"
"""The kind of slug that a segment's URIs have."""
DOWNLOAD_PATH = "/v1/spooled/download/"
ACKNOWLEDGE_PATH = "/v1/spooled/ack/"


def segmented_data(
    page: Page,
    columns: Sequence[OutputColumn],
    encoding: str,
    store: SegmentStore,
    uris_of: Callable[[Segment], tuple[str, str]],
) -> bytes:
    """The `data` object for rows of the spool. `uris_of` gives where a segment is downloaded and acknowledged.

    Raises: LodestarError when the segment cannot be kept.
    """
    batches = page.parts
    schema = _client_schema(tuple((one.name, wire_type(one.type)) for one in columns), batches[0].schema)
    stream = arrow_stream(batches, schema, ENCODINGS[encoding].ipc_compression)
    offset = store.count_rows(page.rows)
    figures = {"rowOffset": offset, "rowsCount": page.rows, "segmentSize": len(stream)}
    if len(stream) <= INLINE_BYTES:
        segment = {"type": "inline", "data": base64.b64encode(stream).decode(), "metadata": figures}
    else:
        download, acknowledge = uris_of(store.add(stream, offset, page.rows))
        segment = {"type": "spooled", "uri": download, "ackUri": acknowledge, "metadata": figures}
    return orjson.dumps({"encoding": encoding, "segments": [segment]})


@lru_cache(maxsize=256)
def _client_schema(columns: tuple[tuple[str, str], ...], found: pa.Schema) -> pa.Schema:
    """The batches' own types under the client's names, each with the text of its Trino type."""
    return pa.schema(
        [
            pa.field(name, field.type, metadata={"trino:type": type_text})
            for (name, type_text), field in zip(columns, found, strict=True)
        ]
    )


def segment_identifier(query_id: str, number: int, slug: str) -> str:
    """The last part of a segment's URIs."""
    return f"{query_id}.{number}.{slug}"


def read_identifier(text: str) -> tuple[str, int, str] | None:
    """Query id, number and slug of an identifier, None for what is none."""
    query_id, _, rest = text.partition(".")
    number, _, slug = rest.partition(".")
    if not slug or not number.isascii() or not number.isdecimal() or len(number) > 9:
        return None
    return query_id, int(number), slug
