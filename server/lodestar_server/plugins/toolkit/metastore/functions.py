"""Stored SQL routines of a file metastore, as Trino keeps them: `<schema>/.trinoFunction/<name>=<signature hash>`."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import zstandard

from lodestar_server.plugins.toolkit.files import FileSystem, child_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name, unescape_name
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import ALREADY_EXISTS, NOT_FOUND, LodestarError

DIRECTORY = ".trinoFunction"
RESOURCE_PREFIX = "trino__"
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_PIECE = 750
_PATH_NAME = re.compile(r'(?:"((?:[^"]|"")*)"|([^".,\s]+))')


def list_functions(files: FileSystem, schema_directory: str) -> list[tuple[str, LanguageFunction]]:
    """Names and overloads, in the order of the names."""
    found = []
    for info in files.list(child_of(schema_directory, DIRECTORY)):
        name, mark, _ = info.name.partition("=")
        content = files.read(info.location) if mark and not info.is_directory else None
        if content is not None:
            found.append((unescape_name(name), read_function(documents.load(content, info.name))))
    return found


def put_function(
    files: FileSystem, schema_directory: str, name: str, function: LanguageFunction, *, replace: bool
) -> None:
    """Raises: ALREADY_EXISTS unless it may be replaced."""
    location = _location(schema_directory, name, function.signature)
    if not replace and files.find(location) is not None:
        raise LodestarError(ALREADY_EXISTS, "Function already exists")
    files.write(location, write_function(function))


def drop_function(files: FileSystem, schema_directory: str, name: str, signature: str) -> None:
    """Raises: NOT_FOUND."""
    location = _location(schema_directory, name, signature)
    if files.find(location) is None:
        raise LodestarError(NOT_FOUND, "Function not found")
    files.delete_file(location)


def _location(schema_directory: str, name: str, signature: str) -> str:
    return child_of(child_of(schema_directory, DIRECTORY), f"{escape_name(name)}={signature_digest(signature)}")


def signature_digest(signature: str) -> str:
    """By which overloads are told apart."""
    return hashlib.sha256(signature.encode("utf-16-le")).hexdigest()


def read_function(document: Mapping[str, Any]) -> LanguageFunction:
    """From Trino's document."""
    parts = [f"{_quoted(one['catalogName'])}.{_quoted(one['schemaName'])}" for one in document.get("path") or ()]
    return LanguageFunction(
        document["signatureToken"], document["sql"], ", ".join(parts) or None, document.get("owner")
    )


def write_function(function: LanguageFunction) -> bytes:
    """The inverse."""
    names = [quoted.replace('""', '"') or plain.lower() for quoted, plain in _PATH_NAME.findall(function.path or "")]
    pairs = zip(names[::2], names[1::2], strict=False)
    document: dict[str, Any] = {
        "signatureToken": function.signature,
        "sql": function.sql,
        "path": [{"catalogName": catalog, "schemaName": schema} for catalog, schema in pairs],
    }
    if function.owner is not None:
        document["owner"] = function.owner
    return documents.dump(document)


def resource_name(name: str, signature: str) -> str:
    """Under which a metastore for Java functions keeps an overload."""
    return f"{RESOURCE_PREFIX}{name}__{signature_digest(signature)}"


def to_resources(function: LanguageFunction) -> list[str]:
    """The document, compressed and in pieces that pass as addresses of resources."""
    packed = zstandard.ZstdCompressor().compress(write_function(function))
    pieces = [packed[start : start + _PIECE] for start in range(0, len(packed), _PIECE)]
    return [base64.urlsafe_b64encode(piece).decode() for piece in pieces]


def from_resources(name: str, pieces: Iterable[str]) -> LanguageFunction:
    """The inverse. Raises: HIVE_INVALID_METADATA."""
    try:
        packed = b"".join(base64.urlsafe_b64decode(piece) for piece in pieces)
        content = zstandard.ZstdDecompressor().decompress(packed, max_output_size=1 << 26)
    except (ValueError, zstandard.ZstdError) as fault:
        raise LodestarError(HIVE_INVALID_METADATA, f"Failed to decode function: {name}") from fault
    return read_function(documents.load(content, name))


def resource_function(resource: str) -> str | None:
    """The function's name; None for what is not one of ours."""
    inside = resource.removeprefix(RESOURCE_PREFIX)
    name, mark, _ = inside.rpartition("__")
    return name if mark and inside != resource else None


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
