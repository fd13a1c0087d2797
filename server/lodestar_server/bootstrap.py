"""The composition root: builds and wires everything, decides nothing.

The socket answers `/v1/info` with `starting: true` before the heavy libraries are imported; everything else gets 503
until the node is ready. What belongs to the engine is built by the functions of `EngineParts`.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lodestar_server.config import CatalogFile, Configuration, ConfigurationFaults, Fault
from lodestar_server.config.node import CatalogsConfig, NodeConfig, SqlEnvironmentConfig, UnknownConnector
from lodestar_server.engine_parts import CatalogFaults, EngineParts, NodeContext
from lodestar_server.http.config import AuthenticationConfig, HttpConfig
from lodestar_server.observability.config import LogConfig
from lodestar_server.observability.metrics import Metrics
from lodestar_server.query.config import QueryConfig, ResultConfig
from lodestar_server.query.runtime import ServerRuntime
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.properties import ConfigGroup

if TYPE_CHECKING:
    from lodestar_server.http.exchange import Exchange
    from lodestar_server.http.node import NodeState
    from lodestar_server.http.reply import Reply
    from lodestar_server.metadata.runtime_source import NodeInfo, RuntimeSource
    from lodestar_server.protocol.requests import Caller
    from lodestar_server.query.dispatch import QueryManager
    from lodestar_server.query.pipeline import Pipeline

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""How long a thread keeps the interpreter while others wait. Python's 5 ms would be added to answers of the event
loop whenever a worker analyzes a statement."""


def config_groups() -> tuple[type[ConfigGroup], ...]:
    """The settings of every room."""
    from lodestar_server.execution.kernel.config import KernelConfig
    from lodestar_server.execution.spool.budget import SpoolConfig

    return (
        NodeConfig,
        CatalogsConfig,
        SqlEnvironmentConfig,
        HttpConfig,
        AuthenticationConfig,
        QueryConfig,
        ResultConfig,
        SpoolConfig,
        KernelConfig,
        LogConfig,
    )


def engine_parts(configuration: Configuration, runtime: RuntimeSource) -> EngineParts:
    """The engine of this build."""
    from lodestar_server.engine import EngineBuilder

    return EngineBuilder(configuration, runtime).parts()


def default_catalogs(data_dir: Path) -> tuple[CatalogFile, ...]:
    """What there is without an etc directory: generated data, memory, and a lake in the user's data directory."""
    lake = data_dir / "lake"
    return (
        CatalogFile("tpch", "tpch", {}),
        CatalogFile("memory", "memory", {}),
        CatalogFile(
            "lake",
            "hive",
            {
                "hive.metastore": "file",
                "hive.metastore.catalog.dir": f"local:///{lake.name}",
                "fs.native-local.enabled": "true",
                "local.location": str(lake.parent),
            },
        ),
    )


def data_directory(configured: str | None) -> Path:
    """`node.data-dir`, or the user's data directory."""
    if configured is not None:
        return Path(configured).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_data_dir("lodestar", appauthor=False))


def _left_out(faults: CatalogFaults, configuration: Configuration) -> list[tuple[CatalogFile, str]]:
    """Catalogs that the server does without, and why. Raises: ConfigurationFaults when it may not, or one is wrong."""
    found = [fault for file, error in faults.faulty for fault in file.faults(error)]
    missing = [(file, f"No factory for connector '{file.connector_name}'") for file in faults.unknown]
    if configuration.group(CatalogsConfig).unknown_connector is not UnknownConnector.WARN:
        found += [Fault(why, "connector.name", file.file or f"catalog {file.name}") for file, why in missing]
    if found:
        raise ConfigurationFaults(found)
    return missing


class LodestarServer:
    """One server process: from a configuration to a socket that answers, and to its end."""

    def __init__(
        self,
        configuration: Configuration,
        parts: EngineParts | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` is the monotonic clock of queries."""
        self._clock = clock
        self.configuration = configuration
        self.runtime = ServerRuntime(self._node_info)
        self.parts = parts or engine_parts(configuration, self.runtime)
        self.started = time.monotonic()
        self.metrics = Metrics()
        self.address: tuple[str, int] | None = None
        self._ending = asyncio.Event()
        self.manager: QueryManager | None = None
        self._at_once = asyncio.Event()

    async def start(self) -> None:
        """Listen, build the engine, serve. Raises: OSError, ConfigurationFaults."""
        from lodestar_server.http.app import HttpServer
        from lodestar_server.http.auth import AuthenticatorChain, InsecureAuthenticator
        from lodestar_server.http.node import Node, NodeRoutes
        from lodestar_server.http.tls import tls_context
        from lodestar_server.ui import Logins

        node_config = self.configuration.group(NodeConfig)
        authentication = self.configuration.group(AuthenticationConfig)
        http_config = self.configuration.group(HttpConfig)
        results = self.configuration.group(ResultConfig)
        self.data_dir = data_directory(node_config.data_dir)
        self.node = Node(
            node_id=node_config.node_id or _node_id(),
            environment=node_config.environment,
            coordinator=node_config.coordinator,
            external_address=node_config.external_address or _own_address(),
            internal_address=node_config.internal_address or _own_address(),
            started=self.started,
        )
        self._logins = Logins(authentication.ui_shared_secret, authentication.ui_session_timeout)
        self._node_routes = NodeRoutes(self.node, self.request_state)
        self._gate = _Gate(self, authentication.management_user)
        self.http = HttpServer(
            self._node_routes.routes(),
            http_config,
            AuthenticatorChain([InsecureAuthenticator()]),
            self._gate,
            alternate_prefix=results.alternate_header_name,
        )
        host = http_config.bind_address or (None if self.configuration.etc_dir is not None else "127.0.0.1")
        if http_config.http_enabled:
            self.address = await self.http.listen(host, http_config.http_port)
        if http_config.https_enabled:
            await self.http.listen(host, http_config.https_port, tls_context(http_config))
        await self._build()
        self.node.ready = True
        log.info(
            "server started",
            extra={
                "host": self.address[0] if self.address else None,
                "port": self.address[1] if self.address else None,
                "seconds": round(time.monotonic() - self.started, 2),
            },
        )

    async def _build(self) -> None:
        """Import and wire what is heavy, with the socket already answering."""
        from lodestar_server.config.version import COMPATIBLE_VERSION

        loop = asyncio.get_running_loop()
        context = NodeContext(self.node.node_id, self.node.environment, COMPATIBLE_VERSION, self.data_dir)
        pipeline = await loop.run_in_executor(None, self._make_engine, context)
        await loop.run_in_executor(None, _import_dispatch)

        from lodestar_server.execution.spool.budget import SpoolConfig
        from lodestar_server.execution.spool.files import SpoolDirectory
        from lodestar_server.http.metrics import MetricsRoutes, publish_http
        from lodestar_server.http.queries import OpenQueryAccess, QueryRoutes
        from lodestar_server.http.router import Router
        from lodestar_server.http.segments import SegmentRoutes
        from lodestar_server.http.statement import StatementRoutes
        from lodestar_server.http.web_ui import WebUiRoutes
        from lodestar_server.observability.process import publish_process
        from lodestar_server.protocol.encodings import ENCODINGS
        from lodestar_server.protocol.identifiers import QueryIds, make_coordinator_id
        from lodestar_server.protocol.requests import RequestRules
        from lodestar_server.query.dispatch import AccessChecks, QueryManager, QuerySettings
        from lodestar_server.query.dispatch.beans import publish_queries
        from lodestar_server.query.dispatch.conversation import Conversations
        from lodestar_server.session.system_properties import SystemProperties
        from lodestar_server.ui import load_pages

        queries = self.configuration.group(QueryConfig)
        environment = self.configuration.group(SqlEnvironmentConfig)
        spool = self.configuration.group(SpoolConfig)
        directory = SpoolDirectory(Path(spool.directory) if spool.directory else self.data_dir / "spool")
        left = await loop.run_in_executor(None, directory.clean)
        if left:
            log.info("removed spool files of earlier processes", extra={"directories": left})
        settings = QuerySettings(
            queries=queries,
            spool=spool,
            properties=SystemProperties(self._session_defaults()),
            access=self.parts.access or AccessChecks(),
            check_path=self.parts.check_path,
            server_time_zone=_server_time_zone(),
            forced_time_zone=environment.forced_session_time_zone,
        )
        manager = QueryManager(pipeline, directory, settings, clock=self._clock)
        self.manager = self._node_routes.manager = self.runtime.manager = manager
        conversations = Conversations(manager, self.configuration.group(ResultConfig))
        arrow = self.configuration.group(ResultConfig).arrow_enabled
        rules = RequestRules(
            encodings=tuple(name for name, one in ENCODINGS.items() if one.rows == "arrow") if arrow else (),
            server_time_zone=settings.server_time_zone,
            default_catalog=environment.default_catalog,
            default_schema=environment.default_schema,
            default_path=environment.path or None,
            check_statement=self.parts.check_statement,
            check_role=self.parts.check_role,
        )
        statements = StatementRoutes(conversations, QueryIds(make_coordinator_id()), rules, self._gate.accepting)
        if self.configuration.group(AuthenticationConfig).ui_enabled:
            self._gate.ui = WebUiRoutes(self._logins, load_pages(), self.node, self._node_routes, lambda: self.manager)
        query_routes = QueryRoutes(manager, OpenQueryAccess())
        routes = [*self._node_routes.routes(), *query_routes.routes(), *MetricsRoutes(self.metrics).routes()]
        if self._gate.ui is not None:
            routes += self._gate.ui.routes()
        if self.node.coordinator:
            routes += statements.routes() + SegmentRoutes(conversations).routes()
        publish_queries(self.metrics, manager)
        publish_http(self.metrics, self.http)
        publish_process(self.metrics)
        self.http.router = Router(routes)

    def _make_engine(self, context: NodeContext) -> Pipeline:
        """On a thread: catalogs, kernel, pipeline. Raises: ConfigurationFaults."""
        files = self.configuration.catalogs
        try:
            catalogs = self.parts.make_catalogs(context, files)
        except CatalogFaults as faults:
            for file, message in _left_out(faults, self.configuration):
                log.warning("catalog left out", extra={"catalog": file.name, "reason": message})
            broken = {one.name for one in faults.unknown}
            catalogs = self.parts.make_catalogs(context, [one for one in files if one.name not in broken])
        kernel = self.parts.make_kernel(context, self.configuration)
        return self.parts.make_pipeline(catalogs, kernel, self.configuration)

    def _session_defaults(self) -> dict[str, str]:
        """Defaults of session properties that the configuration gives."""
        from lodestar_server.session.system_properties import SystemProperties

        values = self.configuration.values
        keys = SystemProperties().config_keys
        return {name: values[key] for name, key in keys.items() if key in values}

    def _node_info(self) -> NodeInfo:
        """This node as queries see it."""
        from lodestar_server.config.version import COMPATIBLE_VERSION
        from lodestar_server.http.address import node_uri
        from lodestar_server.metadata.runtime_source import NodeInfo

        node, http = self.node, self.configuration.group(HttpConfig)
        port = self.address[1] if self.address is not None else http.https_port
        uri = node_uri("https" if self.address is None else "http", node.internal_address, port)
        return NodeInfo(node.node_id, uri, COMPATIBLE_VERSION, node.coordinator, node.state.value.lower())

    # The end.

    async def request_state(self, state: NodeState) -> None:
        """PUT /v1/info/state. Raises: RequestFault for a move that is not allowed."""
        from lodestar_server.http.node import NodeState
        from lodestar_server.protocol.failure import RequestFault

        if state is self.node.state:
            return
        if state is NodeState.SHUTTING_DOWN:
            if self.node.coordinator:
                raise RequestFault(400, "Cannot shutdown coordinator")
            self.end()
        elif state is NodeState.DRAINING and self.node.coordinator:
            raise RequestFault(400, "Cannot drain coordinator")
        else:
            raise RequestFault(400, f"Invalid state transition from {self.node.state.value} to {state.value}")

    def end(self) -> None:
        """Ask the server to end: no new statements, running ones get their grace period. Asked twice, it ends now."""
        from lodestar_server.http.node import NodeState

        if self._ending.is_set():
            self._at_once.set()
            return
        self.node.state = NodeState.SHUTTING_DOWN
        if self.manager is not None:
            self.manager.drain()
        self._ending.set()

    async def run(self) -> None:
        """Serve until asked to end, then end. `start` comes first."""
        await self._ending.wait()
        grace = self.configuration.group(NodeConfig).shutdown_grace_period
        manager = self.manager
        if manager is not None:
            log.info("server is ending", extra={"active_queries": len(manager.active), "grace": str(grace)})
            await manager.wait_idle(grace, self._at_once)
        await self.close()
        log.info("server ended")

    async def close(self) -> None:
        """Stop everything."""
        if self.manager is not None:
            await self.manager.close()
        await self.http.close(0.5)
        await asyncio.get_running_loop().run_in_executor(None, self.parts.close)


class _Gate:
    """Who gets through, for the HTTP server."""

    def __init__(self, server: LodestarServer, management_user: str | None) -> None:
        from lodestar_server.http.web_ui import WebUiRoutes

        self._server = server
        self._management_user = management_user
        self.ui: WebUiRoutes | None = None

    @property
    def ready(self) -> bool:
        return self._server.node.ready

    def accepting(self) -> bool:
        return not self._server._ending.is_set()

    async def ui_user(self, exchange: Exchange) -> Caller | None:
        return None if self.ui is None else await self.ui.user(exchange)

    def ui_refusal(self, exchange: Exchange) -> Reply:
        from lodestar_server.http.reply import empty_reply

        return empty_reply(404) if self.ui is None else self.ui.refusal(exchange)

    def check_can_manage(self, caller: Caller, *, write: bool) -> None:
        from lodestar_server.protocol.failure import RequestFault

        if write and (self._management_user is None or caller.user != self._management_user):
            raise RequestFault(403, "Management only resource")


def check_catalogs(configuration: Configuration) -> list[str]:
    """Make the catalogs of files as a start does, and let them go; warnings. Raises: ConfigurationFaults.

    No remote service is asked: that a start does not do either.
    """
    from lodestar_server.config.version import COMPATIBLE_VERSION

    node = configuration.group(NodeConfig)
    parts = LodestarServer(configuration).parts
    context = NodeContext("check", node.environment, COMPATIBLE_VERSION, data_directory(node.data_dir))
    try:
        parts.make_catalogs(context, [one for one in configuration.catalogs if one.file is not None])
    except CatalogFaults as faults:
        return [f"catalog {file.name} is left out: {why}" for file, why in _left_out(faults, configuration)]
    finally:
        parts.close()
    return []


def run_server(configuration: Configuration, parts: EngineParts | None = None) -> int:
    """Serve until a signal. Returns the exit code. Raises: ConfigurationFaults, OSError."""
    sys.setswitchinterval(SWITCH_SECONDS)
    # What a start makes stays: to look through it for garbage takes time now, and again in every full collection.
    gc.disable()

    async def main() -> None:
        server = LodestarServer(configuration, parts)
        loop = asyncio.get_running_loop()
        await server.start()
        gc.freeze()
        gc.enable()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(wanted, server.end)
        await server.run()

    for warning in configuration.warnings:
        log.warning(warning)
    if configuration.idle:
        log.info("properties without effect", extra={"keys": ", ".join(configuration.idle)})
    _run(main)
    return 0


def _run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """On uvloop where it is installed: a fifth less work per request."""
    with asyncio.Runner(loop_factory=event_loop_factory()) as runner:
        runner.run(main())


def event_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, or None for asyncio's own."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


def _import_dispatch() -> None:
    """On a thread, so that the socket answers meanwhile."""
    import lodestar_server.http.queries
    import lodestar_server.http.statement  # noqa: F401


def _node_id() -> str:
    """Stable on one machine."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", socket.gethostname()).strip("-") or "node"


def _own_address() -> str:
    try:
        return socket.gethostbyname(socket.gethostname())
    except OSError:
        return "127.0.0.1"


def _server_time_zone() -> str:
    """The zone of sessions that name none: TZ when it is one, UTC otherwise."""
    from lodestar_server.session.time_zones import require_zone

    try:
        return require_zone(os.environ.get("TZ") or "UTC")
    except LodestarError:
        return "UTC"
