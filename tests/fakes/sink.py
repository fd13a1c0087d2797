"""A result sink that keeps everything, and an engine that runs statements without a server around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from lodestar_server.execution.kernel.engine import Kernel
from lodestar_server.execution.kernel.instances import InstanceLimits, InstancePool
from lodestar_server.metadata.catalogs import CatalogManager, NodeContext
from lodestar_server.metadata.config import CatalogManagement
from lodestar_server.metadata.facade import build_services
from lodestar_server.protocol.types import wire_type
from lodestar_server.query.dispatch import AccessChecks
from lodestar_server.query.pipeline import EnginePipeline
from lodestar_server.query.results import OutputColumn, QueryPhase, RowEncoding
from lodestar_server.query.services import EngineServices
from lodestar_server.session import Capability, QueryContext, Session, SessionChanges
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.session import Identity
from tests.fakes.hive import hive
from tests.fakes.iceberg import iceberg
from tests.fakes.row_store import RowStoreConnector


@dataclass
class KeepingSink:
    """Keeps what a statement gives."""

    encoding: RowEncoding = RowEncoding.JSON_TEXT
    columns: tuple[OutputColumn, ...] = ()
    rows: list[str] = field(default_factory=list)
    phases: list[QueryPhase] = field(default_factory=list)
    query_type: str | None = None
    update_type: str | None = None
    count: int | None = None
    changes: SessionChanges | None = None
    finished: bool = False

    def enter(self, phase: QueryPhase) -> None:
        self.phases.append(phase)

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        self.query_type, self.update_type = query_type, update_type

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        self.columns = tuple(columns)

    def append(self, batch: pa.RecordBatch) -> None:
        self.rows += [text.removesuffix(",") for text in batch.column(0).to_pylist()]

    def update_count(self, count: int | None) -> None:
        self.count = count

    def change_session(self, changes: SessionChanges) -> None:
        self.changes = changes

    def finish(self) -> None:
        self.finished = True


class LocalEngine:
    """The engine over generated and in-memory catalogs, `rows`, `iceberg` and `hive`; the session of one client."""

    def __init__(self, directory: Path, catalogs: Sequence[str] = ("tpch", "memory", "blackhole")) -> None:
        node = NodeContext("node", "476", "test", directory)
        manager = CatalogManager(node, management=CatalogManagement.DYNAMIC)
        for name in catalogs:
            manager.create(name, name, {})
        manager.add("rows", "row store", RowStoreConnector("rows"))
        manager.add("iceberg", "iceberg", iceberg(directory / "iceberg").connector)
        defaults = {"hive.storage-format": "ORC", "hive.compression-codec": "GZIP"}
        manager.add("hive", "hive", hive(directory / "hive", **defaults).connector)
        limits = InstanceLimits(1 << 30, directory / "spill", 1 << 30, 2)
        self.catalogs = manager
        self.pool = InstancePool(
            limits, max_instances=8, idle_instances=1, roots=lambda: frozenset(manager.local_roots)
        )
        self.services = EngineServices(
            build_services(manager), Kernel(self.pool), SystemProperties(), AccessChecks(), "476"
        )
        self.pipeline = EnginePipeline(self.services)
        self.session = new_session()

    def run(self, sql: str) -> KeepingSink:
        """Run a statement; what it changes in the session holds for the next. Raises: LodestarError."""
        sink = KeepingSink()
        started = replace(self.session, start=datetime.now(UTC))
        self.pipeline.run(sql, QueryContext(started, self.session.time_zone), sink)
        if sink.changes is not None:
            self.session = changed(self.session, sink.changes)
        return sink

    def answer(self, sql: str) -> tuple[str, tuple[str, ...]]:
        """Kind and answer of a statement, as scripts write them."""
        try:
            sink = self.run(sql)
        except LodestarError as error:
            return "error", (error_line(error),)
        if sink.update_type is not None:
            count = "" if sink.count is None else f" {sink.count}"
            return "statement", (sink.update_type + count,)
        head = " | ".join(f"{one.name} {wire_type(one.type)}" for one in sink.columns)
        return "query", (head, *sink.rows)

    def close(self) -> None:
        self.pool.close()
        self.catalogs.shutdown()


def error_line(error: LodestarError) -> str:
    """`NAME line:column message`."""
    place = "" if error.location is None else f"{error.location.line}:{error.location.column} "
    return f"{error.code.name} {place}{error.message}".replace("\n", "\\n")


def new_session() -> Session:
    identity = Identity("tester")
    return Session(
        "20260101_000000_00000_tests",
        identity,
        identity,
        datetime.now(UTC),
        catalog="memory",
        schema="default",
        capabilities=frozenset(Capability),
        transactions=True,
    )


def changed(session: Session, changes: SessionChanges) -> Session:
    """What a client makes of the headers of a response."""
    catalogs = {
        f"{catalog}.{name}": text
        for catalog, given in session.catalog_properties.items()
        for name, text in given.items()
    }
    properties = {**session.system_properties, **catalogs, **changes.set_session}
    for name in changes.clear_session:
        properties.pop(name, None)
    prepared = {**session.prepared_statements, **changes.added_prepare}
    for name in changes.deallocated_prepare:
        prepared.pop(name, None)
    transaction = changes.started_transaction_id or session.transaction_id
    return replace(
        session,
        catalog=changes.set_catalog or session.catalog,
        schema=changes.set_schema or session.schema,
        path=changes.set_path or session.path,
        system_properties={name: text for name, text in properties.items() if "." not in name},
        catalog_properties=_by_catalog(properties),
        prepared_statements=prepared,
        roles={**session.roles, **changes.set_roles},
        transaction_id=None if changes.clear_transaction else transaction,
        time_zone=properties.get("time_zone_id", "UTC"),
    )


def _by_catalog(properties: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, text in properties.items():
        catalog, dot, rest = name.partition(".")
        if dot:
            found.setdefault(catalog, {})[rest] = text
    return found
