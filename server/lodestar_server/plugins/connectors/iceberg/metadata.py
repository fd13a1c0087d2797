"""Everything that one transaction may ask of an iceberg catalog, and change."""

from __future__ import annotations

from lodestar_server.plugins.connectors.iceberg.materialized_views import IcebergMaterializedViews


class IcebergMetadata(IcebergMaterializedViews):
    """The whole."""
