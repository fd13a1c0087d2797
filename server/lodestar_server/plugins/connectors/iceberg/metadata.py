"""Everything that one transaction may ask of an iceberg catalog, and change."""

from __future__ import annotations

from lodestar_server.plugins.connectors.iceberg.writing import IcebergWriting


class IcebergMetadata(IcebergWriting):
    """The whole."""
