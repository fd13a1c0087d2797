"""The engine in this very process: statements without sockets, and how long each step before execution takes."""

from __future__ import annotations

import gc
import itertools
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import pyarrow as pa

from lodestar_server.execution.kernel.engine import Kernel
from lodestar_server.execution.kernel.instances import InstanceLimits, InstancePool
from lodestar_server.execution.kernel.lowering.statement import RowFormat
from lodestar_server.ir.nodes import PlanNode
from lodestar_server.metadata.catalogs import CatalogManager, NodeContext
from lodestar_server.metadata.config import CatalogManagement
from lodestar_server.metadata.facade import Metadata, build_services
from lodestar_server.protocol.types import wire_type
from lodestar_server.query.dispatch import AccessChecks
from lodestar_server.query.pipeline import EnginePipeline
from lodestar_server.query.plans import optimized
from lodestar_server.query.preparation import resolve
from lodestar_server.query.results import OutputColumn, QueryPhase, RowEncoding
from lodestar_server.query.services import EngineServices
from lodestar_server.query.statement import StatementContext
from lodestar_server.session import Capability, QueryContext, Session, SessionChanges
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.session import Identity
from lodestar_server.spi.types import Type
from lodestar_server.sql.analysis.analyzer import bind_query
from lodestar_server.sql.parser import ast, parse_statement

ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the steps from text to a lowered statement."""

    parse: float
    analyze: float
    optimize: float
    lower: float

    @property
    def planning(self) -> float:
        """Parse, analyze and plan."""
        return self.parse + self.analyze + self.optimize


@dataclass(slots=True)
class Answer:
    """Columns with their types, rows as the JSON of the wire."""

    names: tuple[str, ...] = ()
    types: tuple[Type, ...] = ()
    texts: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[list[Any]]:
        """The rows as a client reads them."""
        return [orjson.loads(text) for text in self.texts]

    @property
    def type_names(self) -> list[str]:
        """The types as clients see them."""
        return [wire_type(one) for one in self.types]


class TooManyRows(Exception):
    """More than were asked for at most."""


class _Sink:
    """Keeps the rows of a statement. Raises: TooManyRows, out of the statement that makes them."""

    encoding = RowEncoding.JSON_TEXT

    def __init__(self, max_rows: int | None) -> None:
        self.answer = Answer()
        self._max_rows = max_rows

    def enter(self, phase: QueryPhase) -> None:
        """Nobody asks."""

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        """Nobody asks."""

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        self.answer.names = tuple(one.name for one in columns)
        self.answer.types = tuple(one.type for one in columns)

    def append(self, batch: pa.RecordBatch) -> None:
        if self._max_rows is not None and len(self.answer.texts) + batch.num_rows > self._max_rows:
            raise TooManyRows
        self.answer.texts += [text.removesuffix(",") for text in batch.column(0).to_pylist()]

    def update_count(self, count: int | None) -> None:
        """Nobody asks."""

    def change_session(self, changes: SessionChanges) -> None:
        """Statements stand alone."""

    def finish(self) -> None:
        """Nobody asks."""


class Engine:
    """`with Engine({"tpch": {"connector.name": "tpch"}}, schema=("tpch", "tiny")) as engine: engine.run(sql)`."""

    def __init__(
        self,
        catalogs: Mapping[str, Mapping[str, str]],
        *,
        schema: tuple[str, str] | None = None,
        memory_bytes: int = 2 << 30,
        threads: int = 2,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="lodestar-", ignore_cleanup_errors=True)
        root = Path(self._directory.name)
        node = NodeContext("node", "476", "test", root)
        self._catalogs = CatalogManager(node, management=CatalogManagement.DYNAMIC)
        for name, properties in catalogs.items():
            rest = {key: value for key, value in properties.items() if key != "connector.name"}
            self._catalogs.create(name, properties["connector.name"], rest)
        limits = InstanceLimits(memory_bytes, root / "spill", memory_bytes, threads)
        roots = self._catalogs
        self._pool = InstancePool(limits, max_instances=4, idle_instances=1, roots=lambda: frozenset(roots.local_roots))
        self.services = EngineServices(
            build_services(self._catalogs), Kernel(self._pool), SystemProperties(), AccessChecks(), "476"
        )
        self._pipeline = EnginePipeline(self.services)
        identity = Identity("tester")
        catalog, schema_name = schema or (None, None)
        self._session = Session(
            "20260101_000000_00000_tests",
            identity,
            identity,
            datetime.now(UTC),
            catalog=catalog,
            schema=schema_name,
            capabilities=frozenset(Capability),
            transactions=True,
        )

    def context(self, properties: Mapping[str, str] | None = None, *, seconds: float | None = None) -> QueryContext:
        """The context of a statement that may take so many seconds."""
        session = replace(self._session, start=datetime.now(UTC), system_properties=dict(properties or {}))
        return QueryContext(session, ZONE, None if seconds is None else time.monotonic() + seconds)

    def run(self, sql: str, context: QueryContext | None = None, max_rows: int | None = None) -> Answer:
        """A statement to its end. Raises: LodestarError, TooManyRows; whatever else comes is a fault of the engine."""
        sink = _Sink(max_rows)
        self._pipeline.run(sql, context or self.context(), sink)
        return sink.answer

    def time_plan(self, sql: str, clock: Callable[[], float] = time.perf_counter) -> Timing:
        """A query to its lowered statement, without running it. Nothing is remembered of an earlier time.

        `clock` gives seconds: elapsed ones, or those of the processor (`time.process_time`).
        """
        gc.collect()
        context = self.context()
        instants = [clock()]
        tree = parse_statement(sql)
        instants.append(clock())
        prepared = resolve(tree, context.session)
        assert isinstance(prepared.statement, ast.Query)
        with self.services.metadata.transactions.statement(None) as transaction:
            metadata = Metadata(self.services.metadata, context.session, transaction, time_zone=ZONE)
            statement = StatementContext(self.services, context, metadata, transaction, prepared.parameters)
            analysis = statement.new_analysis()
            bound = bind_query(analysis, prepared.statement)
            instants.append(clock())
            plan: PlanNode = optimized(statement, bound.plan, analysis)
            instants.append(clock())
            self.services.kernel.lower(plan, context, RowFormat.JSON)
            instants.append(clock())
        parse, analyze, optimize, lower = (b - a for a, b in itertools.pairwise(instants))
        return Timing(parse, analyze, optimize, lower)

    def close(self) -> None:
        """Give everything back."""
        self._pool.close()
        self._catalogs.shutdown()
        self._directory.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
