"""JSON_TABLE: a function that gives the rows as cells, an UNNEST of them, and each cell read as its column.

Source: Trino StatementAnalyzer and RelationPlanner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lodestar_server import ir
from lodestar_server.ir import Constant, Expression, Symbol
from lodestar_server.ir.nodes import PlanNode, Project, Unnest
from lodestar_server.spi.errors import (
    DUPLICATE_COLUMN_OR_PATH_NAME,
    INVALID_PLAN,
    MISSING_PATH_NAME,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT, VARCHAR, ArrayType, Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis import json_functions
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.json_paths import analyze_implicit_path, analyze_path
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.analysis.syntax import check_scalar
from lodestar_server.sql.parser import ast

_CELLS = ArrayType(VARCHAR)
_Plans = dict[str, ast.JsonTableSpecificPlan]


def analyze_json_table(
    analysis: Analysis, node: ast.JsonTable, scope: Scope, source: PlanNode, *, outer: bool
) -> RelationPlan:
    """The rows beside those of `source`; `scope` holds its columns and what is around. The fields are the table's."""
    expressions = ExpressionAnalyzer(analysis, Scope(parent=scope))
    check_scalar(node.invocation.input_expression, "JSON_TABLE input expression")
    for parameter in node.invocation.path_parameters:
        check_scalar(parameter.value, "JSON_TABLE path parameter")
    found = json_functions.analyze_invocation(expressions, "JSON_TABLE", node, node.invocation)
    fails = node.error_behavior is ast.JsonTableErrorBehavior.ERROR
    columns = _Columns(expressions, fails)
    if node.invocation.path_name is not None:
        columns.names.add(node.invocation.path_name.canonical)
    columns.analyze(node.columns)
    if isinstance(node.plan, ast.JsonTableSpecificPlan):
        _check_specific_plan(node, node.plan)
        plan = columns.specific_plan(node.invocation.json_path.value, node.columns, node.plan)
    else:
        if node.plan is not None:
            _check_nested_paths_named(node.columns)
        default = node.plan if isinstance(node.plan, ast.JsonTableDefaultPlan) else None
        plan = columns.default_plan(node.invocation.json_path.value, node.columns, default)
    plan["root"] = True
    content = {**found.document, "error": fails, "width": len(columns.cells), "plan": plan}
    arguments = (found.input, json_functions.document(content), *found.variables)
    rows = json_functions.call("$json_table", arguments, ArrayType(_CELLS))
    row = analysis.symbols.new(_CELLS, "cells")
    unnested = Unnest(source, ((rows, (row,)),), None, outer)
    assignments: list[tuple[Symbol, Expression]] = []
    fields: list[Field] = []
    for index, (name, read) in enumerate(columns.cells):
        place = Constant(BIGINT, index + 1)
        value = read.value(json_functions.call("$json_cell", (ir.SymbolRef(row), place), VARCHAR))
        symbol = analysis.symbols.new(value.type, name)
        assignments.append((symbol, value))
        fields.append(Field(symbol, name))
    kept = tuple((symbol, ir.SymbolRef(symbol)) for symbol in source.outputs)
    return RelationPlan(Project(unnested, (*kept, *assignments)), tuple(fields))


@frozen
class _Cell:
    """How the text of a cell becomes a column: through a function with these arguments, then perhaps a cast."""

    function: str
    arguments: tuple[Expression, ...]
    held: Type
    type: Type

    def value(self, cell: Expression) -> Expression:
        made = json_functions.call(self.function, (cell, *self.arguments), self.held)
        return made if self.held == self.type else ir.Cast(made, self.type)


@dataclass(slots=True)
class _Columns:
    """The columns of all paths in the order of the table; `fails` is ERROR ON ERROR, which columns inherit."""

    analyzer: ExpressionAnalyzer
    fails: bool
    names: set[str] = field(default_factory=set)
    cells: list[tuple[str, _Cell]] = field(default_factory=list)
    documents: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By the identity of a column's definition: what evaluation needs of it."""

    def analyze(self, definitions: tuple[ast.JsonTableColumnDefinition, ...]) -> None:
        """Bind the columns under one path, nested ones in their place."""
        for definition in definitions:
            match definition:
                case ast.NestedColumns():
                    if definition.path_name is not None:
                        self._take(definition.path_name)
                    analyze_path(definition.json_path, frozenset())
                    self.analyze(definition.columns)
                case ast.OrdinalityColumn():
                    name = self._take(definition.name)
                    cell = _Cell("$json_ordinality_column", (), BIGINT, BIGINT)
                    self._add(definition, name, cell, {"kind": "ordinality"})
                case ast.ValueColumn():
                    self._value(definition, self._take(definition.name))
                case ast.QueryColumn():
                    self._query(definition, self._take(definition.name))

    def _take(self, name: ast.Identifier) -> str:
        if name.canonical in self.names:
            message = "All column and path names in JSON_TABLE invocation must be unique"
            raise LodestarError(DUPLICATE_COLUMN_OR_PATH_NAME, message, location=name.at)
        self.names.add(name.canonical)
        return name.canonical

    def _add(self, definition: ast.JsonTableColumnDefinition, name: str, cell: _Cell, document: dict[str, Any]) -> None:
        self.documents[id(definition)] = {**document, "index": len(self.cells)}
        self.cells.append((name, cell))

    def _path(self, definition: ast.ValueColumn | ast.QueryColumn, name: str) -> tuple[str, Type | None]:
        if definition.json_path is not None:
            return definition.json_path.value, analyze_path(definition.json_path, frozenset())
        quoted = name.replace('"', '""')
        implicit = f'lax $."{quoted}"'
        return implicit, analyze_implicit_path(implicit, definition.at)

    def _value(self, definition: ast.ValueColumn, name: str) -> None:
        for default in (definition.empty_default, definition.error_default):
            if default is not None:
                check_scalar(default, "default expression for JSON_TABLE column")
        path, path_type = self._path(definition, name)
        type_ = json_functions.scalar_type(definition, definition.type, path_type)
        inherited = ast.JsonValueBehavior.ERROR if self.fails else ast.JsonValueBehavior.NULL
        given = json_functions.defaults(self.analyzer, definition, definition.error_behavior or inherited, type_)
        arguments = (json_functions.document(given.document), given.on_empty, given.on_error)
        cell = _Cell("$json_value_column", arguments, type_, type_)
        self._add(definition, name, cell, {"kind": "value", "path": path, **given.document})

    def _query(self, definition: ast.QueryColumn, name: str) -> None:
        path, _ = self._path(definition, name)
        json_functions.check_quotes(definition)
        output = json_functions.output_of(
            definition, definition.type, definition.format, "Cannot cast {held} to {returned}"
        )
        inherited = ast.JsonQueryBehavior.ERROR if self.fails else ast.JsonQueryBehavior.NULL
        options = json_functions.query_options(definition, definition.error_behavior or inherited)
        cell = _Cell("$json_query_column", (), output.held, output.type)
        self._add(definition, name, cell, {"kind": "query", "path": path, **options, "output": output.encoding})

    # the plan: how the rows of paths are combined

    def _node(
        self,
        path: str,
        definitions: tuple[ast.JsonTableColumnDefinition, ...],
        child: dict[str, Any] | None,
        outer: bool,
    ) -> dict[str, Any]:
        own = [self.documents[id(one)] for one in definitions if not isinstance(one, ast.NestedColumns)]
        return {"path": path, "columns": own, "child": child, "outer": outer}

    def default_plan(
        self,
        path: str,
        definitions: tuple[ast.JsonTableColumnDefinition, ...],
        plan: ast.JsonTableDefaultPlan | None,
    ) -> dict[str, Any]:
        """All paths joined alike: OUTER and UNION unless the plan says otherwise."""
        outer = plan is None or plan.parent_child is ast.ParentChildPlanType.OUTER
        united = plan is None or plan.siblings is ast.SiblingsPlanType.UNION
        children = [self.default_plan(one.json_path.value, one.columns, plan) for one in _nested(definitions)]
        child: dict[str, Any] | None = None
        if children:
            child = children[0] if len(children) == 1 else {"union" if united else "cross": children}
        return self._node(path, definitions, child, outer)

    def specific_plan(
        self,
        path: str,
        definitions: tuple[ast.JsonTableColumnDefinition, ...],
        plan: ast.JsonTableSpecificPlan,
    ) -> dict[str, Any]:
        """The paths joined as a checked plan says."""
        if not isinstance(plan, ast.PlanParentChild):
            return self._node(path, definitions, None, True)
        nested = {one.path_name.canonical: one for one in _nested(definitions) if one.path_name is not None}
        child = self._combined(nested, plan.child)
        return self._node(path, definitions, child, plan.type is ast.ParentChildPlanType.OUTER)

    def _combined(self, nested: dict[str, ast.NestedColumns], plan: ast.JsonTableSpecificPlan) -> dict[str, Any]:
        if isinstance(plan, ast.PlanSiblings):
            parts = [self._combined(nested, part) for part in plan.siblings]
            return {"union" if plan.type is ast.SiblingsPlanType.UNION else "cross": parts}
        columns = nested[_plan_name(plan).canonical]
        return self.specific_plan(columns.json_path.value, columns.columns, plan)


def _nested(definitions: tuple[ast.JsonTableColumnDefinition, ...]) -> list[ast.NestedColumns]:
    return [one for one in definitions if isinstance(one, ast.NestedColumns)]


def _plan_name(plan: ast.JsonTableSpecificPlan) -> ast.Identifier:
    leaf = plan.parent if isinstance(plan, ast.PlanParentChild) else plan
    assert isinstance(leaf, ast.PlanLeaf)
    return leaf.name


def _check_nested_paths_named(definitions: tuple[ast.JsonTableColumnDefinition, ...]) -> None:
    nested = _nested(definitions)
    for one in nested:
        if one.path_name is None:
            message = "All nested JSON paths must be named when default plan is given"
            raise LodestarError(MISSING_PATH_NAME, message, location=one.json_path.at)
    for one in nested:
        _check_nested_paths_named(one.columns)


def _unnamed(at: ast.Node) -> LodestarError:
    message = "All JSON paths must be named when specific plan is given"
    return LodestarError(MISSING_PATH_NAME, message, location=at.at)


def _check_specific_plan(node: ast.JsonTable, plan: ast.JsonTableSpecificPlan) -> None:
    if node.invocation.path_name is None:
        raise _unnamed(node.invocation)
    if isinstance(plan, ast.PlanSiblings):
        message = (
            "JSON_TABLE plan must either be a single path name or it must be rooted in parent-child relationship "
            "(OUTER or INNER)"
        )
        raise LodestarError(INVALID_PLAN, message, location=plan.at)
    _check_level({node.invocation.path_name.canonical: node.columns}, {_plan_name(plan).canonical: plan}, plan)


def _check_level(
    actual: dict[str, tuple[ast.JsonTableColumnDefinition, ...]], planned: _Plans, root: ast.JsonTableSpecificPlan
) -> None:
    """Every path of a level stands in the plan, and nothing else does; then the levels below."""
    missing = [name for name in actual if name not in planned]
    if missing:
        message = (
            "JSON_TABLE plan should contain all JSON paths available at each level of nesting. Paths not included: "
            f"{', '.join(missing)}"
        )
        raise LodestarError(INVALID_PLAN, message, location=root.at)
    unknown = [name for name in planned if name not in actual]
    if unknown:
        message = f"JSON_TABLE plan includes unavailable JSON path names: {', '.join(unknown)}"
        raise LodestarError(INVALID_PLAN, message, location=root.at)
    for name, definitions in actual.items():
        below: dict[str, tuple[ast.JsonTableColumnDefinition, ...]] = {}
        for one in _nested(definitions):
            if one.path_name is None:
                raise _unnamed(one.json_path)
            below[one.path_name.canonical] = one.columns
        plan = planned[name]
        siblings: _Plans = {}
        if isinstance(plan, ast.PlanParentChild):
            _collect_siblings(plan.child, siblings)
        _check_level(below, siblings, root)


def _collect_siblings(plan: ast.JsonTableSpecificPlan, found: _Plans) -> None:
    if isinstance(plan, ast.PlanSiblings):
        for sibling in plan.siblings:
            _collect_siblings(sibling, found)
        return
    name = _plan_name(plan)
    if name.canonical in found:
        message = f"Duplicate reference to JSON path name in sibling plan: {name.canonical}"
        raise LodestarError(INVALID_PLAN, message, location=name.at)
    found[name.canonical] = plan
