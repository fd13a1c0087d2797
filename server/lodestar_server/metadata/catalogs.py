"""The catalogs of this server: configured connectors by name, created and dropped while queries run."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from lodestar_server.metadata.catalog_store import CatalogStore, MemoryCatalogStore
from lodestar_server.metadata.config import CatalogManagement
from lodestar_server.metadata.factories import ELSEWHERE, FactoryRegistry
from lodestar_server.spi.beans import Bean, BeanSource
from lodestar_server.spi.connector import Connector
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    CATALOG_NOT_AVAILABLE,
    CATALOG_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    NOT_SUPPORTED,
    LodestarError,
)
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, ConnectorFactory
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.values import frozen

SYSTEM_CATALOG = "system"
INFORMATION_SCHEMA = "information_schema"

_CONNECTOR_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_log = logging.getLogger(__name__)


@frozen
class NodeContext:
    """What connectors may know of this node. `data_dir` holds one directory per catalog."""

    node_id: str
    node_version: str
    environment: str
    data_dir: Path
    beans: BeanSource | None = None


@dataclass(eq=False, slots=True)
class Catalog:
    """One configured connector. `users` counts transactions; a dropped catalog is shut down by the last of them."""

    name: str
    connector_name: str
    connector: Connector
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    session_properties: Mapping[str, PropertyMetadata] = field(init=False, repr=False)
    session_defaults: Mapping[str, object] = field(init=False, repr=False)
    users: int = field(default=0, init=False)
    dropped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.session_properties = {one.name: one for one in self.connector.session_properties()}
        self.session_defaults = {one.name: one.default for one in self.session_properties.values()}


class _Beans:
    """A `BeanSource`: the node's beans and those of its catalogs."""

    def __init__(self, node: BeanSource | None, catalogs: CatalogManager) -> None:
        self._node = node
        self._catalogs = catalogs

    def list_beans(self) -> Iterable[Bean]:
        """The node's first."""
        if self._node is not None:
            yield from self._node.list_beans()
        for catalog in self._catalogs:
            yield from catalog.connector.list_beans()


class CatalogManager:
    """Thread-safe. Connectors are configured outside the lock, so a slow one holds nobody up."""

    def __init__(
        self,
        node: NodeContext,
        *,
        factories: Mapping[str, Callable[[], ConnectorFactory]] | None = None,
        management: CatalogManagement = CatalogManagement.STATIC,
        store: CatalogStore | None = None,
        read_only_store: bool = False,
    ) -> None:
        self._node = node
        self._factories = FactoryRegistry() if factories is None else factories
        self._management = management
        self._store: CatalogStore = store or MemoryCatalogStore()
        self._forgets = read_only_store
        self._lock = threading.Lock()
        self._catalogs: dict[str, Catalog] = {}
        self._failed: dict[str, str] = {}
        self._busy: set[str] = set()
        self._beans = _Beans(node.beans, self)

    # asking
    def find(self, name: str) -> Catalog | None:
        """The catalog, None when there is none. Raises: CATALOG_NOT_AVAILABLE when it could not be configured."""
        catalog = self._catalogs.get(name)
        if catalog is None and name in self._failed:
            raise LodestarError(CATALOG_NOT_AVAILABLE, f"Catalog '{name}' failed to initialize and is disabled")
        return catalog

    def require(self, name: str) -> Catalog:
        """The catalog. Raises: CATALOG_NOT_FOUND, CATALOG_NOT_AVAILABLE."""
        catalog = self.find(name)
        if catalog is None:
            raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{name}' not found")
        return catalog

    def __iter__(self) -> Iterator[Catalog]:
        with self._lock:
            return iter(list(self._catalogs.values()))

    def names(self) -> list[str]:
        """All catalogs, those that failed too, in alphabetical order."""
        with self._lock:
            return sorted({*self._catalogs, *self._failed})

    @property
    def local_roots(self) -> tuple[str, ...]:
        """Directories that the kernel may read, of all catalogs."""
        return tuple(sorted({root for catalog in self for root in catalog.connector.local_roots}))

    # configuring
    def add(self, name: str, connector_name: str, connector: Connector) -> Catalog:
        """A catalog whose connector is made elsewhere: `system`, and connectors of tests."""
        catalog = Catalog(name, connector_name, connector)
        with self._lock:
            if name in self._catalogs or name in self._failed:
                raise LodestarError(ALREADY_EXISTS, f"Catalog '{name}' already exists")
            self._catalogs[name] = catalog
        return catalog

    def create(self, name: str, connector_name: str, properties: Mapping[str, str]) -> Catalog:
        """Configure a catalog of the etc directory. `properties` without connector.name, secrets resolved.

        Raises: ALREADY_EXISTS; LodestarError(GENERIC_INTERNAL_ERROR) for an unknown connector; ConfigurationError.
        """
        self._reserve(name)
        try:
            catalog = Catalog(name, connector_name, self._make(name, connector_name, properties), dict(properties))
            with self._lock:
                self._catalogs[name] = catalog
            return catalog
        finally:
            self._release_name(name)

    def mark_failed(self, name: str, reason: str) -> None:
        """Remember a catalog that could not be configured: using it raises CATALOG_NOT_AVAILABLE."""
        _log.warning("catalog %s could not be configured: %s", name, reason)
        with self._lock:
            self._failed[name] = reason

    # SQL
    def create_dynamic(
        self, name: str, connector_name: str, properties: Mapping[str, str], *, if_not_exists: bool
    ) -> None:
        """CREATE CATALOG. Raises: NOT_SUPPORTED, ALREADY_EXISTS, and GENERIC_INTERNAL_ERROR with every fault."""
        self._check_dynamic("CREATE")
        if name in self._catalogs or name in self._failed:
            if if_not_exists:
                return
            raise LodestarError(ALREADY_EXISTS, f"Catalog '{name}' already exists")
        try:
            self.create(name, connector_name, properties)
        except ConfigurationError as error:
            raise LodestarError(GENERIC_INTERNAL_ERROR, describe_faults(error)) from error
        if not self._forgets:
            try:
                self._store.save(name, connector_name, properties)
            except LodestarError:
                self._take_out(name)
                raise

    def drop_dynamic(self, name: str, *, if_exists: bool) -> None:
        """DROP CATALOG; queries that use it go on. Raises: NOT_SUPPORTED, CATALOG_NOT_FOUND."""
        self._check_dynamic("DROP")
        if name == SYSTEM_CATALOG:
            raise LodestarError(NOT_SUPPORTED, "Dropping system catalog is not allowed")
        if name not in self._catalogs and name not in self._failed:
            if if_exists:
                return
            raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{name}' not found")
        if not self._forgets:
            self._store.remove(name)
        self._take_out(name)

    # use
    def acquire(self, catalog: Catalog) -> None:
        """A transaction begins to use it."""
        with self._lock:
            catalog.users += 1

    def release(self, catalog: Catalog) -> None:
        """A transaction is done with it."""
        with self._lock:
            catalog.users -= 1
            last = catalog.dropped and catalog.users == 0
        if last:
            catalog.connector.shutdown()

    def shutdown(self) -> None:
        """The server stops: free every connector."""
        with self._lock:
            catalogs = list(self._catalogs.values())
            self._catalogs.clear()
        for catalog in catalogs:
            catalog.connector.shutdown()

    # inside
    def _check_dynamic(self, verb: str) -> None:
        if self._management is CatalogManagement.STATIC:
            raise LodestarError(NOT_SUPPORTED, f"{verb} CATALOG is not supported by the static catalog store")

    def _reserve(self, name: str) -> None:
        with self._lock:
            if name in self._catalogs or name in self._failed or name in self._busy:
                raise LodestarError(ALREADY_EXISTS, f"Catalog '{name}' already exists")
            self._busy.add(name)

    def _release_name(self, name: str) -> None:
        with self._lock:
            self._busy.discard(name)

    def _make(self, name: str, connector_name: str, properties: Mapping[str, str]) -> Connector:
        if not _CONNECTOR_NAME.fullmatch(connector_name):
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Invalid connector name: {connector_name}")
        load = self._factories.get(connector_name)
        if load is None:
            known = ", ".join(sorted(self._factories))
            if connector_name in ELSEWHERE:
                message = f"Lodestar has no connector '{connector_name}' yet. Available connectors: [{known}]"
                raise LodestarError(NOT_SUPPORTED, message)
            raise LodestarError(
                GENERIC_INTERNAL_ERROR, f"No factory for connector '{connector_name}'. Available factories: [{known}]"
            )
        node = self._node
        context = ConnectorContext(
            name, node.node_id, node.node_version, node.environment, node.data_dir / _directory(name), self._beans
        )
        return load().create(context, dict(properties))

    def _take_out(self, name: str) -> None:
        with self._lock:
            self._failed.pop(name, None)
            catalog = self._catalogs.pop(name, None)
            if catalog is not None:
                catalog.dropped = True
            idle = catalog is not None and catalog.users == 0
        if catalog is not None and idle:
            catalog.connector.shutdown()


def _directory(name: str) -> str:
    # Catalog names come from users: none may lead out of the node's directory.
    return quote(name, safe="").replace(".", "%2E")


def describe_faults(error: ConfigurationError) -> str:
    """Every fault of a configuration, numbered, in the form in which Trino lists them."""
    lines = "\n\n".join(f"{i}) Error: {_fault(key, text)}" for i, (key, text) in enumerate(error.faults, 1))
    count = len(error.faults)
    return f"Configuration errors:\n\n{lines}\n\n{count} error{'' if count == 1 else 's'}"


def _fault(key: str | None, text: str) -> str:
    return text if key is None or f"'{key}'" in text else f"Invalid configuration property {key}: {text}"
