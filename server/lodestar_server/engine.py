"""The engine of a server, put together: catalogs, kernel, pipeline. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodestar_server.config import CatalogFile, Configuration
from lodestar_server.config.node import CatalogsConfig, SqlEnvironmentConfig
from lodestar_server.engine_parts import CatalogFaults, EngineParts, NodeContext
from lodestar_server.execution.kernel.config import KernelConfig
from lodestar_server.query.config import QueryConfig
from lodestar_server.spi.plugin import ConfigurationError

if TYPE_CHECKING:
    from lodestar_server.execution.kernel.engine import Kernel
    from lodestar_server.execution.kernel.instances import InstancePool
    from lodestar_server.metadata.catalogs import CatalogManager
    from lodestar_server.metadata.runtime_source import RuntimeSource
    from lodestar_server.query.pipeline import Pipeline


class EngineBuilder:
    """Builds the parts of one server's engine, each on a thread, in the order of its methods."""

    def __init__(self, configuration: Configuration, runtime: RuntimeSource) -> None:
        self._configuration = configuration
        self._runtime = runtime
        self._data_dir = Path()
        self._version = ""
        self._catalogs: CatalogManager | None = None
        self._pool: InstancePool | None = None

    def parts(self) -> EngineParts:
        """For the server."""
        return EngineParts(
            self.make_catalogs, self.make_kernel, self.make_pipeline, check_statement, check_path, close=self.close
        )

    def make_catalogs(self, context: NodeContext, files: Sequence[CatalogFile]) -> CatalogManager:
        """Raises: CatalogFaults."""
        from lodestar_server.metadata import catalogs as room
        from lodestar_server.metadata.catalog_store import FileCatalogStore, MemoryCatalogStore
        from lodestar_server.metadata.config import CatalogManagement
        from lodestar_server.metadata.factories import FactoryRegistry

        self._data_dir, self._version = context.data_dir, context.version
        factories = FactoryRegistry()
        unknown = [file for file in files if file.connector_name not in factories]
        node = room.NodeContext(context.node_id, context.version, context.environment, context.data_dir)
        settings = self._configuration.group(CatalogsConfig)
        directory = self._configuration.etc_dir
        manager = room.CatalogManager(
            node,
            factories=factories,
            management=CatalogManagement[settings.management.upper()],
            store=MemoryCatalogStore() if directory is None else FileCatalogStore(directory / "catalog"),
        )
        faulty: list[tuple[CatalogFile, ConfigurationError]] = []
        for file in files:
            if file in unknown:
                continue
            try:
                manager.create(file.name, file.connector_name, file.properties)
            except ConfigurationError as error:
                faulty.append((file, error))
        if faulty or unknown:
            manager.shutdown()
            raise CatalogFaults(faulty, unknown)
        self._catalogs = manager
        return manager

    def close(self) -> None:
        """Free the kernel and the connectors."""
        if self._pool is not None:
            self._pool.close()
        if self._catalogs is not None:
            self._catalogs.shutdown()

    def make_kernel(self, context: NodeContext, configuration: Configuration) -> Any:
        """The kernel is made with the pipeline: its instances have to know the catalogs' directories."""
        return None

    def make_pipeline(self, catalogs: Any, kernel: object, configuration: Configuration) -> Pipeline:
        """The route of a statement, with everything behind it."""
        from lodestar_server.metadata.facade import build_services
        from lodestar_server.query.dispatch import AccessChecks
        from lodestar_server.query.pipeline import EnginePipeline
        from lodestar_server.query.services import EngineServices
        from lodestar_server.session.system_properties import SystemProperties

        return EnginePipeline(
            EngineServices(
                build_services(catalogs, runtime=self._runtime, function_schema=_function_schema(configuration)),
                self._kernel(catalogs),
                SystemProperties(_session_defaults(configuration)),
                AccessChecks(),
                self._version,
            )
        )

    def _kernel(self, catalogs: CatalogManager) -> Kernel:
        from lodestar_server.execution.kernel.engine import Kernel
        from lodestar_server.execution.kernel.instances import InstancePool

        settings = self._configuration.group(KernelConfig)
        pool = InstancePool(
            settings.limits(self._data_dir),
            max_instances=self._configuration.group(QueryConfig).worker_threads,
            idle_instances=settings.idle_instances,
            roots=lambda: frozenset(catalogs.local_roots),
        )
        pool.warm_up()
        self._pool = pool
        return Kernel(pool, settings.readers)


def check_statement(text: str) -> None:
    """Raises LodestarError for a text that does not parse."""
    from lodestar_server.sql.parser import parse_statement

    parse_statement(text)


@lru_cache(maxsize=256)
def check_path(text: str) -> None:
    """Raises LodestarError for an SQL path that does not parse."""
    from lodestar_server.sql.parser import parse_path_specification

    parse_path_specification(text)


def _session_defaults(configuration: Configuration) -> dict[str, str]:
    from lodestar_server.session.system_properties import SystemProperties

    keys = SystemProperties().config_keys
    return {name: configuration.values[key] for name, key in keys.items() if key in configuration.values}


def _function_schema(configuration: Configuration) -> tuple[str, str] | None:
    settings = configuration.group(SqlEnvironmentConfig)
    if settings.default_function_catalog is None or settings.default_function_schema is None:
        return None
    return settings.default_function_catalog, settings.default_function_schema
