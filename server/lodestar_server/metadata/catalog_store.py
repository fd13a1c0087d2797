"""Where dynamic catalogs are kept: one properties file each, in Java's format, as Trino's file store writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lodestar_server.spi.errors import CATALOG_STORE_ERROR, LodestarError

CONNECTOR_NAME = "connector.name"


class CatalogStore(Protocol):
    """Remembers catalogs that SQL made. Thread-safe under the manager's lock."""

    def load(self) -> dict[str, dict[str, str]]:
        """Catalog name → properties, `connector.name` among them."""
        ...

    def save(self, name: str, connector_name: str, properties: Mapping[str, str]) -> None:
        """Keep a catalog. Raises: CATALOG_STORE_ERROR."""
        ...

    def remove(self, name: str) -> None:
        """Forget a catalog; nothing happens when it is not there. Raises: CATALOG_STORE_ERROR."""
        ...


class MemoryCatalogStore:
    """Forgets at the end of the process (`catalog.store=memory`, or a read-only file store)."""

    def load(self) -> dict[str, dict[str, str]]:
        """Nothing."""
        return {}

    def save(self, name: str, connector_name: str, properties: Mapping[str, str]) -> None:
        """Nothing to do: the manager holds the catalog."""

    def remove(self, name: str) -> None:
        """Nothing to do."""


class FileCatalogStore:
    """`<directory>/<name>.properties`; a file appears and disappears as a whole, also when the machine stops."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self) -> dict[str, dict[str, str]]:
        """Every file's properties, not resolved."""
        if not self._directory.is_dir():
            return {}
        return {
            path.name.removesuffix(".properties"): parse_properties(path.read_text("utf-8"))
            for path in sorted(self._directory.glob("*.properties"))
        }

    def save(self, name: str, connector_name: str, properties: Mapping[str, str]) -> None:
        """Write beside, sync, rename, sync the directory."""
        text = format_properties({CONNECTOR_NAME: connector_name, **properties})
        path = self._path(name)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.new")
            with open(aside, "w", encoding="utf-8", opener=_private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
            self._sync()
        except OSError as fault:
            raise LodestarError(CATALOG_STORE_ERROR, f"Could not store catalog properties for {name}") from fault

    def remove(self, name: str) -> None:
        """Delete the file."""
        try:
            self._path(name).unlink(missing_ok=True)
            if self._directory.is_dir():
                self._sync()
        except OSError as fault:
            raise LodestarError(CATALOG_STORE_ERROR, f"Could not remove catalog properties for {name}") from fault

    def _path(self, name: str) -> Path:
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            raise LodestarError(CATALOG_STORE_ERROR, f"Invalid catalog name: {name}")
        return self._directory / f"{name}.properties"

    def _sync(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _private(path: str, flags: int) -> int:
    # Properties hold passwords.
    return os.open(path, flags, 0o600)


_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}
_UNESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PAIR = re.compile(r"((?:[^\\=:\s]|\\.)*)\s*[=:]?\s*(.*)", re.DOTALL)


def format_properties(properties: Mapping[str, str]) -> str:
    """Properties as a file of Java's format, UTF-8."""
    return "".join(f"{_escape(key, key=True)}={_escape(value, key=False)}\n" for key, value in properties.items())


def parse_properties(text: str) -> dict[str, str]:
    """The inverse of `format_properties`; comments, continued lines and all of Java's escapes are understood."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for first in lines:
        line = first.lstrip()
        if not line or line[0] in "#!":
            continue
        while (len(line) - len(line.rstrip("\\"))) % 2:
            line = line[:-1] + next(lines, "").lstrip()
        match = _PAIR.fullmatch(line)
        if match:
            found[_unescape(match[1])] = _unescape(match[2])
    return found


def _escape(text: str, *, key: bool) -> str:
    made = "".join(_ESCAPES.get(c, c) for c in text)
    if key:
        return re.sub(r"([=:#! ])", r"\\\1", made)
    return "\\" + made if made[:1] == " " else made


def _unescape(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        mark = match[1]
        return chr(int(mark[1:], 16)) if len(mark) == 5 else _UNESCAPES.get(mark, mark)

    return _ESCAPED.sub(plain, text)
