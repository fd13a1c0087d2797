"""What sinks tell the commit: files and sketches of distinct values, as bytes."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile
from lodestar_server.spi.values import frozen


@frozen
class Written:
    """Of all sinks of a write. `sketches`: those of each column, to be merged."""

    files: tuple[DataFile, ...]
    sketches: Mapping[int, tuple[bytes, ...]]


def write_fragment(files: Sequence[DataFile], sketches: Mapping[int, bytes]) -> bytes:
    """Of one sink."""
    documents = [{one.name: _encoded(getattr(file, one.name)) for one in fields(DataFile)} for file in files]
    return json.dumps({"files": documents, "sketches": _encoded(dict(sketches))}).encode()


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": b64encode(value).decode()}
    if isinstance(value, dict):
        return {"map": [[key, _encoded(one)] for key, one in value.items()]}
    if isinstance(value, tuple):
        return [_encoded(one) for one in value]
    return int(value) if isinstance(value, Content) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if "bytes" in value:
            return b64decode(value["bytes"])
        return {key: _decoded(one) for key, one in value["map"]}
    if isinstance(value, list):
        return tuple(_decoded(one) for one in value)
    return value


def read_fragments(fragments: Iterable[bytes]) -> Written:
    """Of several sinks."""
    files: list[DataFile] = []
    sketches: dict[int, tuple[bytes, ...]] = {}
    for fragment in fragments:
        document = json.loads(fragment)
        for one in document["files"]:
            values = {key: _decoded(value) for key, value in one.items()}
            values["content"] = Content(values["content"])
            files.append(DataFile(**values))
        for id_, sketch in _decoded(document["sketches"]).items():
            sketches[id_] = (*sketches.get(id_, ()), sketch)
    return Written(tuple(files), sketches)
