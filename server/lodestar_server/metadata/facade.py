"""`Metadata`: what the analyzer, the planner and the commands ask. One instance per statement, over its transaction."""

from __future__ import annotations

from lodestar_server.metadata.access import AccessFilter, AllowAll
from lodestar_server.metadata.base import MetadataServices
from lodestar_server.metadata.catalogs import SYSTEM_CATALOG, CatalogManager
from lodestar_server.metadata.changing import MetadataChanging
from lodestar_server.metadata.information_schema import INFORMATION_SCHEMA_TABLES
from lodestar_server.metadata.routines import MetadataRoutines
from lodestar_server.metadata.runtime_source import IdleRuntime, RuntimeSource
from lodestar_server.metadata.system_catalog import SYSTEM_TABLES, SystemConnector
from lodestar_server.metadata.transactions import TransactionManager


class Metadata(MetadataChanging, MetadataRoutines):
    """Reading (`reading.py`) and changing (`changing.py`) of everything under a catalog.

    Made by `Metadata(services, session, transaction, time_zone=…)`; used by one statement, from any of its threads.
    """


def build_services(
    catalogs: CatalogManager,
    *,
    access: AccessFilter | None = None,
    runtime: RuntimeSource | None = None,
    function_schema: tuple[str, str] | None = None,
) -> MetadataServices:
    """The services over a catalog manager; adds the `system` catalog to it.

    `function_schema`: catalog and schema of functions whose names are not qualified.
    """
    runtime = runtime or IdleRuntime()
    catalogs.add(SYSTEM_CATALOG, SYSTEM_CATALOG, SystemConnector(runtime))
    return MetadataServices(
        catalogs,
        TransactionManager(catalogs),
        {table.name: table for table in INFORMATION_SCHEMA_TABLES},
        {table.name: table for table in SYSTEM_TABLES},
        access or AllowAll(),
        runtime,
        function_schema,
    )
