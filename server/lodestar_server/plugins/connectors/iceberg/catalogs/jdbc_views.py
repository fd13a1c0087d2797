"""Views in the tables of a JDBC catalog: rows of the type VIEW, each with the place of the view's metadata file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NoReturn

from lodestar_server.plugins.connectors.iceberg.cache import BoundedCache
from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc import JdbcCatalog, not_supported
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_INVALID_METADATA, ICEBERG_MISSING_METADATA
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import ViewMetadata, read_view, write_view
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, name_of
from lodestar_server.spi.errors import TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.names import SchemaTableName

_CACHED = 1_000


class JdbcViews:
    """A `ViewCatalog`. Files are never changed, and stay when their view goes. Thread-safe."""

    needs_schema = False

    def __init__(self, catalog: JdbcCatalog, files: FileSystem) -> None:
        self._catalog = catalog
        self._files = files
        self._kept: BoundedCache[str, ViewMetadata] = BoundedCache(_CACHED)

    def list_views(self, schema: str) -> list[str]:
        """Names."""
        return self._catalog.list_view_names(schema)

    def find_view(self, name: SchemaTableName) -> ViewMetadata | None:
        """Raises: ICEBERG_MISSING_METADATA, ICEBERG_INVALID_METADATA."""
        location = self._catalog.find_view_location(name)
        return None if location is None else self._read(name, location)

    def _read(self, name: SchemaTableName, location: str) -> ViewMetadata:
        def load() -> ViewMetadata:
            content = self._files.read(location)
            if content is None:
                message = f"Metadata not found in metadata location for view {name}"
                raise LodestarError(ICEBERG_MISSING_METADATA, message)
            try:
                return read_view(content)
            except (ValueError, KeyError, TypeError, OSError) as fault:
                raise LodestarError(ICEBERG_INVALID_METADATA, f"Invalid metadata file for view {name}") from fault

        return self._kept.load(location, load)

    def create_view(self, name: SchemaTableName, view: ViewMetadata) -> None:
        """Raises: TABLE_ALREADY_EXISTS."""
        self._catalog.check_views()
        self._catalog.insert_view(name, self._write(view, 0))

    def change_view(self, name: SchemaTableName, change: Callable[[ViewMetadata], ViewMetadata]) -> None:
        """Until nobody else is faster. Raises: TABLE_NOT_FOUND."""
        while True:
            before = self._catalog.find_view_location(name)
            if before is None:
                raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' not found")
            base = self._read(name, before)
            made = change(base)
            if made == base:
                return
            location = self._write(made, _number(before) + 1)
            if self._catalog.swap_view(name, before, location):
                return
            self._files.delete_file(location)

    def _write(self, view: ViewMetadata, number: int) -> str:
        place = child_of(child_of(view.location, "metadata"), f"{number:05d}-{uuid.uuid4()}.gz.metadata.json")
        self._files.write(place, write_view(view))
        return place

    def rename_view(self, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND, TABLE_ALREADY_EXISTS."""
        self._catalog.rename_view(name, new_name)

    def drop_view(self, name: SchemaTableName) -> None:
        """Raises: TABLE_NOT_FOUND."""
        self._catalog.drop_view(name)

    def refuse(self, what: str) -> NoReturn:
        """Raises: NOT_SUPPORTED."""
        not_supported(what)


def _number(location: str) -> int:
    digits = name_of(location).partition("-")[0]
    return int(digits) if digits.isdigit() else 0
