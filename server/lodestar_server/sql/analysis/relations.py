"""FROM: tables, views, WITH references, joins, UNNEST, LATERAL, VALUES, samples and aliases, to plan nodes and fields.

Source: Trino StatementAnalyzer (visitTable, visitJoin, …) and RelationPlanner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce, common_super_type
from lodestar_server.ir import TRUE, Expression, Symbol
from lodestar_server.ir.nodes import (
    Join,
    JoinKind,
    PlanNode,
    Project,
    RecursiveScan,
    Sample,
    SampleMethod,
    SharedScan,
    Unnest,
    Values,
    free_symbols,
)
from lodestar_server.spi.connector import TableVersion
from lodestar_server.spi.errors import (
    CATALOG_NOT_FOUND,
    COLUMN_NOT_FOUND,
    DUPLICATE_COLUMN_NAME,
    EXPRESSION_NOT_CONSTANT,
    INVALID_ARGUMENTS,
    INVALID_COLUMN_REFERENCE,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_PARAMETER_USAGE,
    MISMATCHED_COLUMN_ALIASES,
    NOT_SUPPORTED,
    NUMERIC_VALUE_OUT_OF_RANGE,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    MAX_DATETIME_PRECISION,
    UNKNOWN,
    VARCHAR,
    ArrayType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    Type,
)
from lodestar_server.sql.analysis import hiding, json_tables, session_values, table_functions, views
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.constants import bind_constant, check_no_subquery, names_columns
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.patterns.relation import analyze_match_recognize
from lodestar_server.sql.analysis.scopes import Field, Name, Resolved, Scope
from lodestar_server.sql.analysis.syntax import check_scalar
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.walk import walk


@dataclass(frozen=True, slots=True, eq=False)
class NamedQuery:
    """A WITH query, analyzed once: each reference reads the shared definition under symbols of its own.

    `recursive`: the name stands for the rows of the step before, inside a recursive query's step.
    """

    key: int
    plan: RelationPlan
    recursive: bool = False
    again: Callable[[], RelationPlan] | None = None
    """Analyzes it anew, where each reference is to be evaluated for itself."""


ONE_ROW = Values((), ((),))
_JOIN_KINDS = {
    ast.JoinType.CROSS: JoinKind.INNER,
    ast.JoinType.IMPLICIT: JoinKind.INNER,
    ast.JoinType.INNER: JoinKind.INNER,
    ast.JoinType.LEFT: JoinKind.LEFT,
    ast.JoinType.RIGHT: JoinKind.RIGHT,
    ast.JoinType.FULL: JoinKind.FULL,
}


def analyze_relation(analysis: Analysis, node: ast.Relation, scope: Scope) -> RelationPlan:
    """The relation's plan; `scope` is what it sees from outside: WITH queries and outer columns."""
    match node:
        case ast.Table():
            return _table(analysis, node, scope)
        case ast.AliasedRelation():
            return _aliased(node, analyze_relation(analysis, node.relation, scope))
        case ast.Join():
            return _join(analysis, node, scope)
        case ast.TableSubquery() | ast.Lateral():
            return analysis.subquery(node.query, scope)
        case ast.Unnest():
            return _unnest(analysis, node, scope, ONE_ROW, outer=False)
        case ast.JsonTable():
            return json_tables.analyze_json_table(analysis, node, scope, ONE_ROW, outer=False)
        case ast.Values():
            return _values(analysis, node, scope)
        case ast.SampledRelation():
            return _sampled(analysis, node, scope)
        case ast.TableFunctionInvocation():
            analysis.table_functions.append(str(node.name))
            return table_functions.analyze(analysis, node, scope, analyze_relation)
        case ast.PatternRecognitionRelation():
            source = analyze_relation(analysis, node.input, scope)
            return analyze_match_recognize(analysis, node, source, scope)
        case ast.QueryBody():
            from lodestar_server.sql.analysis.queries import analyze_body

            return analyze_body(analysis, node, scope)
    raise LodestarError(NOT_SUPPORTED, f"{type(node).__name__} is not supported yet", location=node.at)


def extend(node: PlanNode, assignments: list[tuple[Symbol, Expression]]) -> PlanNode:
    """The node's columns and some computed ones."""
    if not assignments:
        return node
    kept = tuple((symbol, ir.SymbolRef(symbol)) for symbol in node.outputs)
    return Project(node, (*kept, *assignments))


# names


def _table(analysis: Analysis, node: ast.Table, scope: Scope) -> RelationPlan:
    if len(node.name.parts) == 1:
        named = scope.find_named_query(node.name.suffix)
        if isinstance(named, NamedQuery):
            return _named_query(analysis, node, named)
    name = analysis.qualify(node.name, node.at)
    relation: Name = node.name.parts
    known = analysis.catalog.find_catalog(name.catalog) is not None
    if known:
        materialized = analysis.catalog.find_materialized_view(name)
        if materialized is not None:
            return hiding.visible(analysis, node, name, views.materialized_view(analysis, node, name, materialized))
        view = analysis.catalog.find_view(name)
        if view is not None:
            return hiding.visible(analysis, node, name, views.view(analysis, node, name, view))
    version = None if node.query_period is None else _version(analysis, node.query_period, scope)
    table = analysis.catalog.find_table(name, version) if known else None
    if table is None:
        raise _missing(analysis, node, name)
    analysis.tables.add(name)
    analysis.select_from(name)
    return hiding.visible(analysis, node, name, views.table(analysis, table, name, relation))


def _missing(analysis: Analysis, node: ast.Table, name: QualifiedName) -> LodestarError:
    if analysis.catalog.find_catalog(name.catalog) is None:
        return LodestarError(CATALOG_NOT_FOUND, f"Catalog '{name.catalog}' not found", location=node.at)
    if not analysis.catalog.schema_exists(name.catalog, name.schema):
        return LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name.schema}' does not exist", location=node.at)
    return LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=node.at)


def _version(analysis: Analysis, period: ast.QueryPeriod, scope: Scope) -> TableVersion:
    assert period.end is not None
    check_no_subquery(period.end)
    bound = ExpressionAnalyzer(analysis, Scope()).analyze(period.end)
    value = analysis.evaluator.evaluate(bound)
    temporal = period.type is ast.QueryPeriodType.TIMESTAMP
    moment = value.type in (DATE, UNKNOWN) or isinstance(value.type, TimestampType | TimestampTzType)
    if temporal and not moment:
        message = (
            f"Type {value.type.display} invalid. Temporal pointers must be of type Timestamp, Timestamp with Time "
            "Zone, or Date."
        )
        raise LodestarError(TYPE_MISMATCH, message, location=period.at)
    if value.value is None:
        raise LodestarError(INVALID_ARGUMENTS, "Pointer value cannot be NULL", location=period.at)
    if temporal:
        _check_past(analysis, value, period)
    return TableVersion(temporal, value.type, value.value)


def _check_past(analysis: Analysis, pointer: ir.Constant, period: ast.QueryPeriod) -> None:
    """A table is looked at as it was. Raises: LodestarError(INVALID_ARGUMENTS)."""
    start = session_values.current_timestamp(analysis, MAX_DATETIME_PRECISION)
    moment = coerce(pointer, TimestampTzType(12))
    later = ir.Comparison(ir.ComparisonOperator.GREATER_OR_EQUAL, moment, coerce(start, moment.type))
    if analysis.evaluator.evaluate(later).value:
        shown = analysis.evaluator.evaluate(ir.Cast(pointer, VARCHAR)).value
        raise LodestarError(INVALID_ARGUMENTS, f"Pointer value '{shown}' is not in the past", location=period.at)


def _named_query(analysis: Analysis, node: ast.Table, named: NamedQuery) -> RelationPlan:
    relation = (node.name.suffix,)
    if named.again is not None:
        anew = named.again()
        return RelationPlan(anew.node, tuple(one.renamed(relation, one.name) for one in anew.visible_fields))
    copies = {one.symbol: analysis.symbols.like(one.symbol) for one in named.plan.fields}
    fields = tuple(
        Field(copies[one.symbol], one.name, relation, one.hidden, one.origin, one.aliased)
        for one in named.plan.visible_fields
    )
    symbols = tuple(copies[one.symbol] for one in named.plan.fields)
    made = RecursiveScan(named.key, symbols) if named.recursive else SharedScan(named.key, symbols)
    return RelationPlan(made, fields)


def _aliased(node: ast.AliasedRelation, plan: RelationPlan) -> RelationPlan:
    alias = (node.alias.value.lower(),)
    table_function = isinstance(node.relation, ast.TableFunctionInvocation)
    if node.column_names is None:
        return RelationPlan(plan.node, tuple(one.renamed(alias, one.name) for one in plan.fields))
    visible = plan.visible_fields
    if len(visible) != len(node.column_names):
        available = f"'{node.alias.value}' has {len(visible)} columns available"
        if table_function:
            available = f"table function has {len(visible)} proper columns"
        message = f"Column alias list has {len(node.column_names)} entries but {available}"
        raise LodestarError(MISMATCHED_COLUMN_ALIASES, message, location=node.at)
    names = [name.canonical if table_function else name.value for name in node.column_names]
    return RelationPlan(plan.node, tuple(one.renamed(alias, name) for one, name in zip(visible, names, strict=True)))


# joins


def _innermost(node: ast.Relation) -> ast.Relation:
    while isinstance(node, ast.AliasedRelation):
        node = node.relation
    return node


def _join(analysis: Analysis, node: ast.Join, scope: Scope) -> RelationPlan:
    # A chain of joins leans left: take it apart with a loop, so that no length of FROM exhausts the stack.
    chain: list[ast.Join] = []
    current: ast.Relation = node
    while isinstance(current, ast.Join):
        if isinstance(current.criteria, ast.NaturalJoin):
            raise LodestarError(NOT_SUPPORTED, "Natural join not supported", location=current.at)
        chain.append(current)
        current = current.left
    plan = analyze_relation(analysis, current, scope)
    for join in reversed(chain):
        plan = _join_one(analysis, join, plan, scope)
    return plan


def _join_one(analysis: Analysis, node: ast.Join, left: RelationPlan, scope: Scope) -> RelationPlan:
    right_node = _innermost(node.right)
    if isinstance(right_node, ast.Unnest | ast.JsonTable):
        return _join_rows(analysis, node, right_node, left, scope)
    lateral = isinstance(right_node, ast.Lateral)
    right_scope = Scope(left.fields, parent=scope) if lateral else scope
    right = analyze_relation(analysis, node.right, right_scope)
    if lateral:
        lateral = _check_lateral(node, left, right)
    if isinstance(node.criteria, ast.JoinUsing):
        return _join_using(analysis, node, node.criteria, left, right, lateral)
    fields = (*left.fields, *right.fields)
    condition: Expression = TRUE
    if isinstance(node.criteria, ast.JoinOn):
        condition = _condition(analysis, node, node.criteria.expression, Scope(fields, parent=scope))
    kind = _JOIN_KINDS[node.type]
    at = right_node.query.at if isinstance(right_node, ast.Lateral) else None
    return RelationPlan(Join(kind, left.node, right.node, condition, lateral, at), fields)


def _condition(analysis: Analysis, node: ast.Join, expression: ast.Expression, scope: Scope) -> Expression:
    check_scalar(expression, "JOIN clause")
    bound = ExpressionAnalyzer(analysis, scope, correlation=node.type is ast.JoinType.INNER).analyze(expression)
    if bound.type not in (BOOLEAN, UNKNOWN):
        message = f"JOIN ON clause must evaluate to a boolean: actual type {bound.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=expression.at)
    return coerce(bound, BOOLEAN)


def _left_references(left: RelationPlan, right: PlanNode) -> list[ir.SymbolRef]:
    made = {one.symbol for one in left.fields}
    return [reference for reference in free_symbols(right) if reference.symbol in made]


def _check_lateral(node: ast.Join, left: RelationPlan, right: RelationPlan) -> bool:
    """Whether the right side reads the left one; refuses where a join cannot do that."""
    references = _left_references(left, right.node)
    if references and node.type in (ast.JoinType.RIGHT, ast.JoinType.FULL):
        message = f"LATERAL reference not allowed in {node.type.value} JOIN"
        raise LodestarError(INVALID_COLUMN_REFERENCE, message, location=references[0].at)
    criteria = node.criteria
    if isinstance(_innermost(node.right), ast.Lateral):
        if node.type is ast.JoinType.FULL and not _is_true(criteria):
            at = criteria.expression.at if isinstance(criteria, ast.JoinOn) else node.at
            message = "FULL JOIN involving LATERAL relation is only supported with condition ON TRUE"
            raise LodestarError(NOT_SUPPORTED, message, location=at)
    return bool(references)


def _is_true(criteria: ast.JoinCriteria | None) -> bool:
    return isinstance(criteria, ast.JoinOn) and criteria.expression == ast.BooleanLiteral(True, at=criteria.at)


def _join_rows(
    analysis: Analysis, node: ast.Join, rows: ast.Unnest | ast.JsonTable, left: RelationPlan, scope: Scope
) -> RelationPlan:
    """A join with rows made from the left side's: UNNEST and JSON_TABLE."""
    kind = _JOIN_KINDS[node.type]
    alone = kind in (JoinKind.RIGHT, JoinKind.FULL)
    source = ONE_ROW if alone else left.node
    made = _made_rows(analysis, rows, Scope(left.fields, parent=scope), source, outer=kind is JoinKind.LEFT)
    right = _realias(node.right, made)
    if alone:
        _check_lateral(node, left, made)
    if node.criteria is not None and not _is_true(node.criteria):
        at = node.criteria.expression.at if isinstance(node.criteria, ast.JoinOn) else node.at
        what = "UNNEST" if isinstance(rows, ast.Unnest) else "JSON_TABLE"
        message = f"{node.type.value} JOIN involving {what} is only supported with condition ON TRUE"
        raise LodestarError(NOT_SUPPORTED, message, location=at)
    if alone:
        return RelationPlan(Join(kind, left.node, right.node), (*left.fields, *right.fields))
    return RelationPlan(made.node, (*left.fields, *right.fields))


def _made_rows(
    analysis: Analysis, node: ast.Unnest | ast.JsonTable, scope: Scope, source: PlanNode, *, outer: bool
) -> RelationPlan:
    if isinstance(node, ast.JsonTable):
        return json_tables.analyze_json_table(analysis, node, scope, source, outer=outer)
    return _unnest(analysis, node, scope, source, outer=outer)


def _realias(node: ast.Relation, plan: RelationPlan) -> RelationPlan:
    """The aliases around an UNNEST or a JSON_TABLE, innermost first."""
    if not isinstance(node, ast.AliasedRelation):
        return plan
    return _aliased(node, _realias(node.relation, plan))


def _join_using(
    analysis: Analysis,
    node: ast.Join,
    using: ast.JoinUsing,
    left: RelationPlan,
    right: RelationPlan,
    lateral: bool,
) -> RelationPlan:
    left_scope, right_scope = Scope(left.fields), Scope(right.fields)
    pairs: list[tuple[ast.Identifier, Field, Field, Type]] = []
    seen: set[ast.Identifier] = set()
    for column in using.columns:
        if column in seen:
            message = f"Column '{column.value}' appears multiple times in USING clause"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=column.at)
        seen.add(column)
        a, b = _using_side(left_scope, column, "left").field, _using_side(right_scope, column, "right").field
        common = common_super_type(a.type, b.type)
        if common is None or not common.comparable:
            message = f"Cannot apply operator: {a.type.display} = {b.type.display}"
            raise LodestarError(TYPE_MISMATCH, message, location=column.at)
        pairs.append((column, a, b, common))
    condition = ir.conjunction(
        ir.Comparison(
            ir.ComparisonOperator.EQUAL, coerce(ir.SymbolRef(a.symbol), type_), coerce(ir.SymbolRef(b.symbol), type_)
        )
        for _, a, b, type_ in pairs
    )
    kind = _JOIN_KINDS[node.type]
    made: list[tuple[Symbol, Expression]] = []
    joined: list[Field] = []
    for column, a, b, type_ in pairs:
        analysis.select_column(a)
        analysis.select_column(b)
        sides = tuple(coerce(ir.SymbolRef(one.symbol), type_) for one in (a, b))
        value = {JoinKind.INNER: sides[0], JoinKind.LEFT: sides[0], JoinKind.RIGHT: sides[1]}.get(
            kind, ir.Coalesce(sides)
        )
        if isinstance(value, ir.SymbolRef):
            symbol = value.symbol
        else:
            symbol = analysis.symbols.new(type_, column.value.lower())
            made.append((symbol, value))
        joined.append(Field(symbol, column.value))
    left_keys, right_keys = {id(a) for _, a, _, _ in pairs}, {id(b) for _, _, b, _ in pairs}
    rest = [one for one in left.fields if id(one) not in left_keys]
    rest += [one for one in right.fields if id(one) not in right_keys]
    relation = extend(Join(kind, left.node, right.node, condition, lateral), made)
    return RelationPlan(relation, (*joined, *rest))


def _using_side(scope: Scope, column: ast.Identifier, side: str) -> Resolved:
    found = scope.find((column.value.lower(),), column.value.lower(), column.at)
    if found is None:
        message = f"Column '{column.value}' is missing from {side} side of join"
        raise LodestarError(COLUMN_NOT_FOUND, message, location=column.at)
    return found


# rows made in place


def _unnest(analysis: Analysis, node: ast.Unnest, scope: Scope, source: PlanNode, *, outer: bool) -> RelationPlan:
    """`scope` holds the columns of `source` and what is around; the fields are those of the UNNEST alone."""
    expressions = ExpressionAnalyzer(analysis, Scope(parent=scope))
    fields: list[Field] = []
    collections: list[tuple[Expression, tuple[Symbol, ...]]] = []
    for expression in node.expressions:
        check_scalar(expression, "UNNEST")
        bound = expressions.analyze(expression)
        made = [Field(analysis.symbols.new(type_, name or "element"), name) for name, type_ in _elements(bound.type)]
        fields += made
        collections.append((bound, tuple(one.symbol for one in made)))
    ordinality = None
    if node.with_ordinality:
        ordinality = analysis.symbols.new(BIGINT, "ordinality")
        fields.append(Field(ordinality, None))
    return RelationPlan(Unnest(source, tuple(collections), ordinality, outer), tuple(fields))


def _elements(type_: Type) -> list[tuple[str | None, Type]]:
    match type_:
        case ArrayType(RowType(fields)):
            return [(field.name, field.type) for field in fields]
        case ArrayType(element):
            return [(None, element)]
        case MapType(key, value):
            return [(None, key), (None, value)]
    raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"Cannot unnest type: {type_.display}")


def _values(analysis: Analysis, node: ast.Values, scope: Scope) -> RelationPlan:
    expressions = ExpressionAnalyzer(analysis, Scope(parent=scope))
    rows: list[tuple[Expression, ...]] = []
    nodes: list[tuple[ast.Expression, ...]] = []
    common: list[Type] | None = None
    first: RowType | None = None
    analyzed: list[tuple[ast.Expression, tuple[ast.Expression, ...], tuple[Expression, ...]]] = []
    for row in node.rows:
        items = row.items if isinstance(row, ast.Row) else (row,)
        analyzed.append((row, items, tuple(expressions.analyze(item) for item in items)))
    for row, items, bound in analyzed:
        if not isinstance(row, ast.Row) and isinstance(bound[0].type, RowType):
            # A row-typed expression stands for its fields.
            bound = tuple(ir.FieldAccess(bound[0], i) for i in range(len(bound[0].type.fields)))
            items = (row,) * len(bound)
        types = [one.type for one in bound]
        if common is None or first is None:
            common, first = types, RowType.anonymous(*types)
        if len(types) != len(common):
            message = f"Values rows have mismatched sizes: {len(common)} vs {len(types)}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        merged = [common_super_type(a, b) for a, b in zip(types, common, strict=True)]
        if any(type_ is None for type_ in merged):
            shown = RowType.anonymous(*types).display
            message = f"Values rows have mismatched types: {first.display} vs {shown}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        common = [type_ for type_ in merged if type_ is not None]
        rows.append(bound)
        nodes.append(items)
    assert common is not None
    for items in nodes:
        for item, type_ in zip(items, common, strict=True):
            expressions.note_parameter(item, type_)
    coerced = tuple(tuple(coerce(one, type_) for one, type_ in zip(row, common, strict=True)) for row in rows)
    symbols = tuple(analysis.symbols.new(type_, "field") for type_ in common)
    return RelationPlan(Values(symbols, coerced), tuple(Field(symbol, None) for symbol in symbols))


def _sampled(analysis: Analysis, node: ast.SampledRelation, scope: Scope) -> RelationPlan:
    percentage = node.percentage
    if names_columns(percentage):
        message = "Sample percentage cannot contain column references"
        raise LodestarError(EXPRESSION_NOT_CONSTANT, message, location=percentage.at)
    bound = bind_constant(analysis, percentage)
    if not can_coerce(bound.type, DOUBLE):
        raise LodestarError(TYPE_MISMATCH, "Sample percentage should be a numeric expression", location=percentage.at)
    if bound.type != UNKNOWN:
        # Trino computes the percentage without the parameters.
        for part in walk(percentage):
            if isinstance(part, ast.Parameter):
                raise LodestarError(INVALID_PARAMETER_USAGE, "Query takes no parameters", location=part.at)
    value = analysis.evaluator.evaluate(coerce(bound, DOUBLE)).value
    if value is None:
        raise LodestarError(INVALID_ARGUMENTS, "Sample percentage cannot be NULL", location=percentage.at)
    for wrong, edge in ((value < 0, "greater than or equal to 0"), (value > 100, "less than or equal to 100")):
        if wrong:
            message = f"Sample percentage must be {edge}"
            raise LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message, location=percentage.at)
    plan = analyze_relation(analysis, node.relation, scope)
    table_functions.check_not_polymorphic(node.relation, "sample")
    return RelationPlan(Sample(plan.node, SampleMethod[node.type.name], value / 100), plan.fields)
