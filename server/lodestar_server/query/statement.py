"""One statement on its way: what plans and commands have in their hands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lodestar_server import ir
from lodestar_server.ir.nodes import PlanNode
from lodestar_server.metadata.facade import Metadata
from lodestar_server.metadata.transactions import Transaction
from lodestar_server.query.services import EngineServices
from lodestar_server.session import QueryContext, Session, SessionChanges
from lodestar_server.spi.errors import CATALOG_NOT_FOUND, Location, LodestarError
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import Type
from lodestar_server.sql.analysis.analyzer import new_analysis
from lodestar_server.sql.analysis.constants import evaluate_constant
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.names import qualify, qualify_schema
from lodestar_server.sql.parser import ast
from lodestar_server.sql.rewrite.context import RewriteContext


@dataclass(slots=True)
class StatementContext:
    """A statement's services, query context, metadata in its transaction, and parameters.

    `changes` collects what the client's session learns when the statement succeeds, `plans` what was run for it.
    """

    services: EngineServices
    query: QueryContext
    metadata: Metadata
    transaction: Transaction
    parameters: tuple[ast.Expression, ...] = ()
    changes: SessionChanges = field(default_factory=SessionChanges)
    plans: list[PlanNode] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The client's session."""
        return self.query.session

    def evaluate(self, expression: ir.Expression) -> ir.Constant:
        """The value of an expression without columns (the analyzer's ConstantEvaluator)."""
        if isinstance(expression, ir.Constant):
            return expression
        return ir.Constant(expression.type, self.services.kernel.evaluate(expression, self.query))

    def new_analysis(self, *, describing: bool = False) -> Analysis:
        """A fresh state for analyzing one query of the statement."""
        return new_analysis(
            self.query,
            self.metadata,
            self,
            self.services.node_version,
            parameters=self.parameters,
            describing=describing,
            stored_functions=self.metadata,
        )

    def constant(self, node: ast.Expression, type_: Type | None = None) -> ir.Constant:
        """The value of an expression without columns, coerced to a type. Raises: see `evaluate_constant`."""
        return evaluate_constant(self.new_analysis(), node, type_)

    def property_value(self, name: str) -> Any:
        """A system session property of this session."""
        return self.services.system_properties.value(self.session, name)

    def qualify(self, name: ast.QualifiedName, at: Location) -> QualifiedName:
        """The full name of a table, view or procedure."""
        return qualify(name, self.session.catalog, self.session.schema, at)

    def qualify_schema(self, name: ast.QualifiedName | None, at: Location) -> tuple[str, str]:
        """Catalog and schema, the session's when nothing was written."""
        return qualify_schema(name, self.session.catalog, self.session.schema, at)

    def require_catalog(self, catalog: str, at: Location) -> None:
        """Raises: CATALOG_NOT_FOUND."""
        if self.metadata.find_catalog(catalog) is None:
            raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{catalog}' not found", location=at)

    def with_parameters(self, parameters: tuple[ast.Expression, ...]) -> StatementContext:
        """The same statement's context for a statement inside it: EXPLAIN EXECUTE."""
        return replace(self, parameters=parameters)

    def rewrite_context(self) -> RewriteContext:
        """What the rewriting of SHOW and DESCRIBE asks."""
        return RewriteContext(
            self.session, self.metadata, self.services.system_properties, lambda: self.new_analysis(describing=True)
        )
