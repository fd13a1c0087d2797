"""Everything that one transaction may ask of an iceberg catalog, and change."""

from __future__ import annotations

from lodestar_server.plugins.connectors.iceberg.analyzing import IcebergAnalyzing


class IcebergMetadata(IcebergAnalyzing):
    """The whole."""
