"""Stored SQL routines of a file metastore, as Trino keeps them: `<schema>/.trinoFunction/<name>=<signature hash>`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from lodestar_server.plugins.toolkit.files import FileSystem, child_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name, unescape_name
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import ALREADY_EXISTS, NOT_FOUND, LodestarError

DIRECTORY = ".trinoFunction"
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_PATH_NAME = re.compile(r'(?:"((?:[^"]|"")*)"|([^".,\s]+))')


def list_functions(files: FileSystem, schema_directory: str) -> list[tuple[str, LanguageFunction]]:
    """Names and overloads, in the order of the names."""
    found = []
    for info in files.list(child_of(schema_directory, DIRECTORY)):
        name, mark, _ = info.name.partition("=")
        content = files.read(info.location) if mark and not info.is_directory else None
        if content is not None:
            found.append((unescape_name(name), _read(documents.load(content, info.name))))
    return found


def put_function(
    files: FileSystem, schema_directory: str, name: str, function: LanguageFunction, *, replace: bool
) -> None:
    """Raises: ALREADY_EXISTS unless it may be replaced."""
    location = _location(schema_directory, name, function.signature)
    if not replace and files.find(location) is not None:
        raise LodestarError(ALREADY_EXISTS, "Function already exists")
    files.write(location, _write(function))


def drop_function(files: FileSystem, schema_directory: str, name: str, signature: str) -> None:
    """Raises: NOT_FOUND."""
    location = _location(schema_directory, name, signature)
    if files.find(location) is None:
        raise LodestarError(NOT_FOUND, "Function not found")
    files.delete_file(location)


def _location(schema_directory: str, name: str, signature: str) -> str:
    digest = hashlib.sha256(signature.encode("utf-16-le")).hexdigest()
    return child_of(child_of(schema_directory, DIRECTORY), f"{escape_name(name)}={digest}")


def _read(document: Mapping[str, Any]) -> LanguageFunction:
    parts = [f"{_quoted(one['catalogName'])}.{_quoted(one['schemaName'])}" for one in document.get("path") or ()]
    return LanguageFunction(
        document["signatureToken"], document["sql"], ", ".join(parts) or None, document.get("owner")
    )


def _write(function: LanguageFunction) -> bytes:
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


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
