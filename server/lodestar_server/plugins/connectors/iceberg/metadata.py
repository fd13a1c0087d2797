"""Everything that one transaction may ask of an iceberg catalog, and change."""

from __future__ import annotations

from lodestar_server.plugins.connectors.iceberg.row_changes import IcebergRowChanges


class IcebergMetadata(IcebergRowChanges):
    """The whole."""
