"""The entry of analysis: a query's syntax tree to its plan."""

from __future__ import annotations

from lodestar_server.ir.nodes import Output
from lodestar_server.session import QueryContext
from lodestar_server.sql.analysis.bound import BoundQuery, OutputField
from lodestar_server.sql.analysis.environment import (
    Analysis,
    ConstantEvaluator,
    NameContext,
    RelationCatalog,
    StoredFunctions,
)
from lodestar_server.sql.analysis.queries import analyze_query
from lodestar_server.sql.analysis.routines.body import analyze_routine
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.parser import ast


def new_analysis(
    context: QueryContext,
    catalog: RelationCatalog,
    evaluator: ConstantEvaluator,
    node_version: str,
    *,
    parameters: tuple[ast.Expression, ...] = (),
    describing: bool = False,
    stored_functions: StoredFunctions | None = None,
) -> Analysis:
    """The state for analyzing one statement of a session."""
    session = context.session
    names = NameContext(session.catalog, session.schema, session.path, session.user)
    return Analysis(
        context,
        catalog,
        evaluator,
        names,
        node_version,
        parameters,
        describing,
        analyze_query=analyze_query,
        stored_functions=stored_functions,
        analyze_routine=analyze_routine,
    )


def bind_query(analysis: Analysis, query: ast.Query) -> BoundQuery:
    """The plan of a query. Raises: LodestarError with the position of what is wrong."""
    relation = analyze_query(analysis, query, Scope())
    visible = relation.visible_fields
    fields = tuple(
        OutputField(one.name if one.name is not None else f"_col{i}", one.type, one.origin, one.aliased)
        for i, one in enumerate(visible)
    )
    plan = Output(relation.node, tuple(one.name for one in fields), tuple(one.symbol for one in visible))
    return BoundQuery(plan, fields, frozenset(analysis.tables), relation)
