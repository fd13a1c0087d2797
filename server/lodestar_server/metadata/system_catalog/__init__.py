"""The `system` catalog: metadata, jdbc, runtime; its connector and its procedure."""

from lodestar_server.metadata.system_catalog.connector import SystemConnector
from lodestar_server.metadata.system_catalog.tables import SYSTEM_TABLES

__all__ = ["SYSTEM_TABLES", "SystemConnector"]
