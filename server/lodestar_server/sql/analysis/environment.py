"""What the analyzer needs of the world around it, and the state of analyzing one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from lodestar_server import ir
from lodestar_server.ir.nodes import PlanNode
from lodestar_server.metadata.access import Reader
from lodestar_server.session import QueryContext
from lodestar_server.spi.connector import (
    LanguageFunction,
    MaterializedViewDefinition,
    TableMetadata,
    TableVersion,
    ViewDefinition,
)
from lodestar_server.spi.errors import Location
from lodestar_server.spi.handles import CatalogTable, ColumnHandle
from lodestar_server.spi.materialized_views import MaterializedViewFreshness
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.row_changes import RowIdColumn
from lodestar_server.spi.scalar_functions import ConnectorFunction
from lodestar_server.spi.security import Hidden
from lodestar_server.spi.table_functions import TableFunction, TableFunctionCall
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.names import qualify
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.parser import ast


class RelationCatalog(Protocol):
    """Names of tables and views to facts; the metadata facade of the statement's transaction."""

    def find_catalog(self, name: str) -> object | None:
        """The catalog, None when there is none."""
        ...

    def schema_exists(self, catalog: str, schema: str) -> bool:
        """The schema is there."""
        ...

    def find_view(self, name: QualifiedName) -> ViewDefinition | None:
        """The view's definition, None when there is none."""
        ...

    def find_materialized_view(self, name: QualifiedName) -> MaterializedViewDefinition | None:
        """The materialized view's definition, None when there is none."""
        ...

    def materialized_view_freshness(self, name: QualifiedName) -> MaterializedViewFreshness:
        """How fresh the stored rows of a materialized view are."""
        ...

    def find_table(self, name: QualifiedName, version: TableVersion | None = None) -> CatalogTable | None:
        """The table, None when there is none."""
        ...

    def table_metadata(self, table: CatalogTable) -> TableMetadata:
        """Its definition, hidden columns included."""
        ...

    def column_handles(self, table: CatalogTable) -> Mapping[str, ColumnHandle]:
        """Column name → handle."""
        ...

    def find_table_function(self, catalog: str, schema: str, name: str) -> TableFunction | None:
        """The function of the catalog, None when there is none."""
        ...

    def call_table_function(
        self, catalog: str, function: TableFunction, arguments: Mapping[str, object]
    ) -> TableFunctionCall:
        """The scan that a call is."""
        ...

    def row_id_column(self, table: CatalogTable) -> RowIdColumn:
        """What tells the table's rows apart. Raises NOT_SUPPORTED."""
        ...

    def may_execute_function(self, name: QualifiedName, reader: Reader) -> bool:
        """The table function may be called."""
        ...

    def hidden(self, name: QualifiedName, columns: Sequence[str], reader: Reader) -> Hidden | None:
        """Row filters and column masks of a table or view; None when there are none."""
        ...

    def may_select(self, name: QualifiedName, column: str, reader: Reader) -> bool:
        """The column may be read."""
        ...


class StoredFunctions(Protocol):
    """SQL routines that catalogs keep."""

    @property
    def function_schema(self) -> tuple[str, str] | None:
        """Catalog and schema of functions whose names are not qualified."""
        ...

    def find_language_functions(self, name: QualifiedName) -> Sequence[LanguageFunction]:
        """The overloads under a name."""
        ...

    def find_function(self, name: QualifiedName) -> ConnectorFunction | None:
        """A function of a catalog that the engine computes."""
        ...

    def check_can_execute_function(self, name: QualifiedName, reader: Reader, location: Location) -> None:
        """One of them is called. Raises: PERMISSION_DENIED."""
        ...


class ConstantEvaluator(Protocol):
    """The kernel, for expressions without columns."""

    def evaluate(self, expression: ir.Expression) -> ir.Constant:
        """The value. Raises: LodestarError of the evaluation."""
        ...


@frozen
class NameContext:
    """How unqualified names resolve: those of the session, or of a stored view. `hands_on`: see `Reader`."""

    catalog: str | None
    schema: str | None
    path: str | None
    user: str
    hands_on: bool = False

    @property
    def reader(self) -> Reader:
        """For whom tables are read."""
        return Reader(self.user, self.hands_on)


@frozen
class RelationPlan:
    """An analyzed relation: a plan whose outputs hold the symbols of the fields (and perhaps more)."""

    node: PlanNode
    fields: tuple[Field, ...]

    @property
    def visible_fields(self) -> list[Field]:
        """What `*` gives."""
        return [one for one in self.fields if not one.hidden]


@dataclass(slots=True)
class Clock:
    """Whether an analysis has asked for the instant of now()."""

    was_read: bool = False


@dataclass(slots=True)
class Analysis:
    """The state of one statement's analysis. `parameters` are the expressions for `?`, in order; None: no EXECUTE.

    `outer_names` are columns of outer queries as they were written, by their places.
    `storing_view` is the view that CREATE VIEW makes of the query, which must not read itself; `storing_kind` is what
    to call it. `read` are the tables of all scans, those in the queries of materialized views that are not run, too,
    and `table_functions` are called by these names. `referenced` are the tables with the user who reads them, and
    whether the statement names them itself; `selected` are the columns that are named, by reader and relation;
    `called` are functions with their user.
    With `describing`, parameters have no values and `parameter_types` collects what they turn out to be.
    `lambda_bodies` are the bodies that are bound already, by lambda, types of its parameters, and scope: overloads are
    tried before one is chosen, and lambdas in lambdas would be bound again for each try.
    `hiding` are the tables (and columns) whose filters (and masks) are being analyzed, with the user who reads them.
    With `changing`, rows of tables are those that are there, not those that their reader may see.
    `routines` are the query's inline functions by lower-case name; `pending_routines` those whose bodies are being
    analyzed, with their places.
    `clock` is shared with the states for views and the like.
    """

    context: QueryContext
    catalog: RelationCatalog
    evaluator: ConstantEvaluator
    names: NameContext
    node_version: str
    parameters: tuple[ast.Expression, ...] = ()
    describing: bool = False
    symbols: ir.SymbolAllocator = field(default_factory=ir.SymbolAllocator)
    parameter_types: dict[int, Type] = field(default_factory=dict)
    outer_names: dict[Location, str] = field(default_factory=dict)
    tables: set[QualifiedName] = field(default_factory=set)
    views: tuple[QualifiedName, ...] = ()
    storing_view: QualifiedName | None = None
    storing_kind: str = "view"
    read: list[CatalogTable] = field(default_factory=list)
    referenced: list[tuple[CatalogTable, str, bool]] = field(default_factory=list)
    selected: dict[tuple[Reader, QualifiedName], dict[str, None]] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    table_functions: list[str] = field(default_factory=list)
    analyze_query: Callable[[Analysis, ast.Query, Scope], RelationPlan] | None = None
    lambda_bodies: dict[tuple[int, tuple[Type, ...], Scope], tuple[tuple[ir.Symbol, ...], ir.Expression]] = field(
        default_factory=dict
    )
    routines: dict[str, list[ir.Routine]] = field(default_factory=dict)
    pending_routines: list[tuple[ir.Routine, Location]] = field(default_factory=list)
    stored_functions: StoredFunctions | None = None
    analyze_routine: Callable[[Analysis, ast.FunctionSpecification], ir.Routine] | None = None
    stored_routines: dict[QualifiedName, list[ir.Routine]] = field(default_factory=dict)
    next_shared_key: int = 1
    top_level: bool = True
    hiding: frozenset[tuple[str, QualifiedName, str | None]] = frozenset()
    changing: bool = False
    clock: Clock = field(default_factory=Clock)

    @property
    def start(self) -> datetime:
        """The instant of now(), in UTC."""
        self.clock.was_read = True
        return self.context.session.start

    def select_from(self, relation: QualifiedName) -> None:
        """A table or view is read: the reader needs to have access, even when no column is named."""
        self.selected.setdefault((self.names.reader, relation), {})

    def select_column(self, found: Field) -> None:
        """A column is named."""
        if found.origin is not None:
            self.selected.setdefault((self.names.reader, found.origin[0]), {})[found.origin[1]] = None

    def subquery(self, query: ast.Query, outer: Scope) -> RelationPlan:
        """Analyze a query inside an expression or FROM; `outer` is what it may be correlated with."""
        assert self.analyze_query is not None
        was_top, self.top_level = self.top_level, False
        try:
            return self.analyze_query(self, query, outer)
        finally:
            self.top_level = was_top

    def for_view(self, view: QualifiedName, definition: ViewDefinition, user: str) -> Analysis:
        """The state for a view's body: its own names, the same symbols."""
        names = NameContext(definition.catalog, definition.schema, ",".join(definition.path) or None, user)
        if user != self.context.session.user:
            names = replace(names, hands_on=True)
        return replace(
            self, names=names, views=(*self.views, view), routines={}, parameters=(), describing=False, top_level=False
        )

    def for_hiding(self, name: QualifiedName, column: str | None, names: NameContext) -> Analysis:
        """The state for a row filter of a table, or the mask of a column: its own names, the same symbols."""
        hiding = self.hiding | {(self.names.user, name, column)}
        return replace(
            self,
            names=names,
            hiding=hiding,
            routines={},
            parameters=(),
            describing=False,
            top_level=False,
            changing=False,
        )

    def qualify(self, name: ast.QualifiedName, at: Location) -> QualifiedName:
        """The full name of a table, view or the like. Raises: see `names.qualify`."""
        return qualify(name, self.names.catalog, self.names.schema, at)
