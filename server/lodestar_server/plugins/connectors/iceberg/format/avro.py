"""Avro containers by fastavro, with values as they are stored: no dates, decimals or times are made of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

_HEADER = {
    "type": "record",
    "name": "org.apache.avro.file.Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}


def plain_records(content: bytes) -> Iterator[dict[str, Any]]:
    """The records of a container. Raises: ValueError, EOFError for what is none."""
    return opened(content)[1]


def opened(content: bytes) -> tuple[Any, Iterator[dict[str, Any]]]:
    """The schema of a container, as JSON, and its records."""
    import fastavro

    source = io.BytesIO(content)
    header: Any = fastavro.schemaless_reader(source, _HEADER, None)
    schema = orjson.loads(header["meta"]["avro.schema"])
    header["meta"]["avro.schema"] = orjson.dumps(_plain(schema))
    rewritten = io.BytesIO()
    fastavro.schemaless_writer(rewritten, _HEADER, header)
    rewritten.write(source.read())
    rewritten.seek(0)
    records: Iterator[dict[str, Any]] = iter(fastavro.reader(rewritten))  # type: ignore[arg-type]
    return schema, records


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in schema.items() if key not in ("logicalType", "default")}
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    return schema


def write_container(
    schema: Mapping[str, Any], records: Iterable[Mapping[str, Any]], metadata: Mapping[str, str], codec: str = "deflate"
) -> bytes:
    """A container of records whose values are as they are stored."""
    import fastavro

    target = io.BytesIO()
    fastavro.writer(target, dict(schema), list(records), codec=codec, metadata=dict(metadata))
    return target.getvalue()


def names_of(schema: Mapping[str, Any]) -> Sequence[str]:
    """Names of a record's fields."""
    return [one["name"] for one in schema["fields"]]
