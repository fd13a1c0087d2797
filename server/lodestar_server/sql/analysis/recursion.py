"""WITH RECURSIVE: the shapes that can be expanded, their checks, and the plan of base and step.

Source: Trino StatementAnalyzer.tryProcessRecursiveQuery.
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes import Project, RecursiveUnion
from lodestar_server.spi.errors import (
    INVALID_LIMIT_CLAUSE,
    INVALID_RECURSIVE_REFERENCE,
    MISSING_COLUMN_ALIASES,
    NESTED_RECURSIVE,
    NOT_SUPPORTED,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.walk import children, walk

DEFAULT_MAX_STEPS = 10


def _max_steps(analysis: Analysis) -> int:
    """The session property max_recursion_depth."""
    return int(analysis.context.session.system_properties.get("max_recursion_depth", DEFAULT_MAX_STEPS))


def analyze(analysis: Analysis, node: ast.WithQuery, name: str, scope: Scope) -> RelationPlan | None:
    """The plan of a recursive WITH query; None when it does not refer to itself, so it is a plain one."""
    if node.column_names is None:
        message = "missing column aliases in recursive WITH query"
        raise LodestarError(MISSING_COLUMN_ALIASES, message, location=node.at)
    for part in walk(node.query):
        if isinstance(part, ast.With) and part.recursive:
            raise LodestarError(NESTED_RECURSIVE, "nested recursive WITH query", location=part.at)
    body = node.query.body
    if isinstance(body, ast.Union) and _is_recursive(body, name):
        _check_clauses(node.query)
        return _expand(analysis, node, body, name, scope)
    references = list(_references(node.query, name))
    if references:
        message = "recursive reference not allowed in this context"
        raise LodestarError(INVALID_RECURSIVE_REFERENCE, message, location=references[0].at)
    return None


def _references(root: ast.Node, name: str) -> Iterator[ast.Table]:
    """Tables that mean the WITH query; a query that declares the name itself hides it."""
    if isinstance(root, ast.Query) and root.with_ is not None:
        if any(query.name.value.lower() == name for query in root.with_.queries):
            return
    if isinstance(root, ast.Table) and root.name.parts == (name,):
        yield root
    for child in children(root):
        yield from _references(child, name)


def _is_recursive(body: ast.Union, name: str) -> bool:
    base = next(_references(body.left, name), None)
    if base is not None:
        message = "WITH table name is referenced in the base relation of recursion"
        raise LodestarError(INVALID_RECURSIVE_REFERENCE, message, location=base.at)
    references = list(_references(body.right, name))
    if len(references) > 1:
        message = "multiple recursive references in the step relation of recursion"
        raise LodestarError(INVALID_RECURSIVE_REFERENCE, message, location=references[1].at)
    if not references:
        return False
    step: ast.Relation = body.right
    while isinstance(step, ast.TableSubquery):
        if step.query.limit is not None:
            message = "FETCH FIRST / LIMIT clause in the step relation of recursion"
            raise LodestarError(INVALID_LIMIT_CLAUSE, message, location=step.query.limit.at)
        step = step.query.body
    source = step.from_ if isinstance(step, ast.QuerySpecification) else None
    if source is None or next(_references(source, name), None) is None:
        message = "recursive reference outside of FROM clause of the step relation of recursion"
        raise LodestarError(INVALID_RECURSIVE_REFERENCE, message, location=references[0].at)
    _check_from(source, name)
    return True


def _check_clauses(query: ast.Query) -> None:
    for clause, text in ((query.with_, "WITH"), (query.order_by, "ORDER BY"), (query.offset, "OFFSET")):
        if clause is not None:
            message = f"immediate {text} clause in recursive query"
            raise LodestarError(NOT_SUPPORTED, message, location=clause.at)
    if query.limit is not None:
        message = "immediate FETCH FIRST / LIMIT clause in recursive query"
        raise LodestarError(INVALID_LIMIT_CLAUSE, message, location=query.limit.at)


def _check_from(source: ast.Relation, name: str) -> None:
    def refuse(side: ast.Node, where: str) -> None:
        found = next(_references(side, name), None)
        if found is not None:
            raise LodestarError(INVALID_RECURSIVE_REFERENCE, f"recursive reference in {where}", location=found.at)

    for part in walk(source):
        match part:
            case ast.Join(type=kind, left=left, right=right):
                if kind in (ast.JoinType.RIGHT, ast.JoinType.FULL):
                    refuse(left, f"left source of {kind.value} join")
                if kind in (ast.JoinType.LEFT, ast.JoinType.FULL):
                    refuse(right, f"right source of {kind.value} join")
            case ast.Intersect(distinct=False, left=left, right=right):
                refuse(left, "INTERSECT ALL")
                refuse(right, "INTERSECT ALL")
            case ast.Except(distinct=distinct, left=left, right=right):
                refuse(right, f"right relation of EXCEPT {'DISTINCT' if distinct else 'ALL'}")
                if not distinct:
                    refuse(left, "left relation of EXCEPT ALL")


def _expand(analysis: Analysis, node: ast.WithQuery, body: ast.Union, name: str, scope: Scope) -> RelationPlan:
    from lodestar_server.sql.analysis.queries import analyze_body, check_column_aliases
    from lodestar_server.sql.analysis.relations import NamedQuery

    assert node.column_names is not None
    base = analyze_body(analysis, body.left, scope)
    fields = base.visible_fields
    check_column_aliases(node.column_names, len(fields))
    aliased = tuple(
        Field(analysis.symbols.like(one.symbol), column.value)
        for one, column in zip(fields, node.column_names, strict=True)
    )
    key = analysis.next_shared_key
    analysis.next_shared_key += 1
    named = NamedQuery(key, RelationPlan(base.node, aliased), recursive=True)
    step = analyze_body(analysis, body.right, Scope(parent=scope, named_queries={name: named}))
    made = step.visible_fields
    if len(made) != len(fields):
        message = f"base and step relations of recursion have different number of fields: {len(fields)}, {len(made)}"
        raise LodestarError(TYPE_MISMATCH, message, location=body.right.at)
    assignments: list[tuple[Symbol, ir.Expression]] = []
    for position, (one, want) in enumerate(zip(made, fields, strict=True), 1):
        if not can_coerce(one.type, want.type):
            message = (
                f"recursion step relation output type ({one.type.display}) is not coercible to recursion base "
                f"relation output type ({want.type.display}) at column {position}"
            )
            raise LodestarError(TYPE_MISMATCH, message, location=body.right.at)
        assignments.append((analysis.symbols.like(want.symbol), coerce(ir.SymbolRef(one.symbol), want.type)))
    relation = RecursiveUnion(
        key,
        base.node,
        Project(step.node, tuple(assignments)),
        (tuple(one.symbol for one in fields), tuple(symbol for symbol, _ in assignments)),
        tuple(one.symbol for one in aliased),
        body.distinct,
        _max_steps(analysis),
    )
    return RelationPlan(relation, aliased)
