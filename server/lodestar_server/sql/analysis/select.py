"""SELECT: from, where, select list, grouping, having, windows, order, and their assembly into nodes.

The order of the checks is Trino's (StatementAnalyzer.visitQuerySpecification), because it decides which of several
errors a user sees; the order of the nodes is that of SQL's evaluation.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from lodestar_server import ir
from lodestar_server.ir import Expression, Ordering, Symbol
from lodestar_server.ir.nodes import Aggregate, Filter, PlanNode, Project, Window, free_symbols
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    DUPLICATE_WINDOW_NAME,
    EXPRESSION_NOT_IN_DISTINCT,
    MISMATCHED_COLUMN_ALIASES,
    MISSING_GROUP_BY,
    NESTED_WINDOW,
    NOT_SUPPORTED,
    TABLE_NOT_FOUND,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT, BOOLEAN, UNKNOWN, RowType
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis import queries, windows
from lodestar_server.sql.analysis.calls import ordering_of
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.collector import CallCollector
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.grouping import (
    GroupedExpressions,
    Grouping,
    Item,
    analyze_group_by,
    grouping_value,
    rewrite_call,
)
from lodestar_server.sql.analysis.patterns.windows import with_pattern_window
from lodestar_server.sql.analysis.relations import ONE_ROW, analyze_relation, extend
from lodestar_server.sql.analysis.scopes import Field, Origin, Scope
from lodestar_server.sql.analysis.syntax import (
    check_scalar,
    is_window_call,
    qualified_name,
    walk_expression,
)
from lodestar_server.sql.analysis.written import GroupingKeys, find_column, written_key
from lodestar_server.sql.parser import ast, format_expression


@frozen
class NamedItem:
    """An expression of the SELECT list and the name of its column; `aliased`: by an AS here or further inside."""

    item: Item
    name: str | None
    aliased: bool


@frozen
class Output:
    """A column of the SELECT list: its expression and the field by which others know it."""

    item: Item
    field: Field


@frozen
class SortKey:
    """A key of ORDER BY, bound over the SELECT list's and the FROM's columns; `output` is the column of the SELECT list
    that it is, as SELECT DISTINCT sees it."""

    node: ast.SortItem
    ordering: Ordering
    output: Symbol | None = None


@frozen
class Pieces:
    """Everything of a SELECT, bound."""

    source: RelationPlan
    where: Expression | None
    outputs: tuple[Output, ...]
    grouping: Grouping
    grouped: bool
    having: tuple[ast.Expression, Expression] | None
    sort_keys: tuple[SortKey, ...]
    collector: CallCollector


def analyze_select(analysis: Analysis, node: ast.QuerySpecification, scope: Scope) -> RelationPlan:
    """The plan of a SELECT; `scope` is what it sees from outside."""
    pieces = _bind(analysis, node, scope)
    return _assemble(analysis, node, pieces)


# binding


def _bind(analysis: Analysis, node: ast.QuerySpecification, scope: Scope) -> Pieces:
    source = RelationPlan(ONE_ROW, ()) if node.from_ is None else analyze_relation(analysis, node.from_, scope)
    inner = Scope(source.fields, parent=scope)
    collector = CallCollector(analysis.symbols, node.at, GroupingKeys.of(node, inner))
    expressions = ExpressionAnalyzer(analysis, inner, collector)
    _named_windows(expressions, node)
    try:
        return _bind_over(analysis, node, source, inner, expressions, collector)
    except LodestarError:
        # Trino looks up all windows before it looks at anything else; here only when something is wrong.
        _check_windows(expressions, node)
        raise


def _bind_over(
    analysis: Analysis,
    node: ast.QuerySpecification,
    source: RelationPlan,
    inner: Scope,
    expressions: ExpressionAnalyzer,
    collector: CallCollector,
) -> Pieces:
    where = None if node.where is None else analyze_where(analysis, inner, node.where)
    items = _items(expressions, node, inner)
    origins = {one.symbol: one.origin for one in source.fields}
    grouping = analyze_group_by(expressions, node, [one.item for one in items], set(origins))
    having = None if node.having is None else (node.having, _having(expressions, node.having))
    outputs = tuple(Output(one.item, _output_field(analysis, one, origins)) for one in items)
    sort_keys = _order_by(expressions, node, outputs, inner)
    grouped = node.group_by is not None or having is not None or bool(collector.aggregates)
    grouped = grouped or collector.aggregates_in_window or bool(collector.aggregation_faults)
    if collector.groupings and node.group_by is None:
        message = (
            "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause"
        )
        raise LodestarError(MISSING_GROUP_BY, message, location=node.at)
    return Pieces(source, where, outputs, grouping, grouped, having, sort_keys, collector)


def _named_windows(expressions: ExpressionAnalyzer, node: ast.QuerySpecification) -> None:
    collector = expressions.collector
    assert collector is not None
    for definition in node.windows:
        name = definition.name.canonical
        if name in collector.windows_named:
            message = f"WINDOW name '{format_expression(definition.name)}' specified more than once"
            raise LodestarError(DUPLICATE_WINDOW_NAME, message, location=definition.at)
        window = windows.resolve(expressions, definition.window)
        known = len(collector.frame_targets)
        windows.frame_of(expressions, window, windows.bind(expressions, window))
        del collector.frame_targets[known:]  # each call over the window has its own
        collector.windows_named[name] = window


def _check_windows(expressions: ExpressionAnalyzer, node: ast.QuerySpecification) -> None:
    """Raises: LodestarError(INVALID_WINDOW_REFERENCE | …) for the first window that refers to none."""
    nodes: list[ast.Node] = [*node.select.select_items]
    if node.order_by is not None:
        nodes += node.order_by.sort_items
    for part in (part for one in nodes for part in walk_expression(one)):
        if isinstance(part, ast.FunctionCall) and part.window is not None:
            windows.resolve(expressions, part.window)


def analyze_where(analysis: Analysis, scope: Scope, node: ast.Expression) -> Expression:
    """The predicate of a WHERE clause. Raises: LodestarError(TYPE_MISMATCH | EXPRESSION_NOT_SCALAR | …)."""
    check_scalar(node, "WHERE clause")
    bound = ExpressionAnalyzer(analysis, scope).analyze(node)
    return _boolean(bound, node, "WHERE clause")


def _having(expressions: ExpressionAnalyzer, node: ast.Expression) -> Expression:
    nested = [one for one in walk_expression(node) if is_window_call(one)]
    if nested:
        message = "HAVING clause cannot contain window functions or row pattern measures"
        raise LodestarError(NESTED_WINDOW, message, location=nested[0].at)
    return _boolean(expressions.analyze(node), node, "HAVING clause")


def _boolean(bound: Expression, node: ast.Expression, clause: str) -> Expression:
    if bound.type not in (BOOLEAN, UNKNOWN):
        message = f"{clause} must evaluate to a boolean: actual type {bound.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return coerce(bound, BOOLEAN)


# the SELECT list


def _items(expressions: ExpressionAnalyzer, node: ast.QuerySpecification, scope: Scope) -> list[NamedItem]:
    """Each item with its name."""
    found: list[NamedItem] = []
    for part in node.select.select_items:
        if isinstance(part, ast.AllColumns):
            found += _star(expressions, part, node, scope)
            continue
        assert isinstance(part, ast.SingleColumn)
        collector = expressions.collector
        assert collector is not None
        known = len(collector.aggregation_faults)
        bound = expressions.analyze(part.expression)
        item = Item(part.expression, bound, fault=next(iter(collector.aggregation_faults[known:]), None))
        found.append(NamedItem(item, _name(part), part.alias is not None))
        if node.select.distinct and not item.bound.type.comparable:
            shown = format_expression(part.expression)
            message = f"DISTINCT can only be applied to comparable types (actual: {item.bound.type.display}): {shown}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.select.at)
    return found


def _name(part: ast.SingleColumn) -> str | None:
    if part.alias is not None:
        return part.alias.value
    name = qualified_name(part.expression)
    return None if name is None else name[-1].value


def _star(
    expressions: ExpressionAnalyzer, part: ast.AllColumns, node: ast.QuerySpecification, scope: Scope
) -> list[NamedItem]:
    if part.target is None:
        if part.aliases:
            raise LodestarError(NOT_SUPPORTED, "Column aliases not supported", location=part.at)
        fields = scope.visible_fields()
        if not fields:
            where = "in queries without FROM clause" if node.from_ is None else "from relation that has no columns"
            raise LodestarError(COLUMN_NOT_FOUND, f"SELECT * not allowed {where}", location=part.at)
        return _star_fields(expressions, part, node, fields, local=True)
    chain = qualified_name(part.target)
    if chain is not None:
        name = tuple(identifier.value.lower() for identifier in chain)
        try:
            basis = scope.find_star_basis(name, part.at)
        except KeyError:
            message = f"Unable to resolve reference {'.'.join(name)}"
            raise LodestarError(TABLE_NOT_FOUND, message, location=part.at) from None
        if basis is not None:
            fields = [one for one in basis.fields if not one.hidden and one.matches_relation(name)]
            if not fields:
                message = "SELECT * not allowed from relation that has no columns"
                raise LodestarError(COLUMN_NOT_FOUND, message, location=part.at)
            return _star_fields(expressions, part, node, fields, local=basis in list(scope.local_scopes()))
    return _star_row(expressions, part, node)


def _star_fields(
    expressions: ExpressionAnalyzer,
    part: ast.AllColumns,
    node: ast.QuerySpecification,
    fields: Sequence[Field],
    *,
    local: bool,
) -> list[NamedItem]:
    _check_aliases(part, len(fields))
    found: list[NamedItem] = []
    for position, one in enumerate(fields):
        if not local and one.name is None:
            message = "SELECT * from outer scope table not supported with anonymous columns"
            raise LodestarError(NOT_SUPPORTED, message, location=node.select.at)
        if node.select.distinct and not one.type.comparable:
            message = f"DISTINCT can only be applied to comparable types (actual: {one.type.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.select.at)
        name = part.aliases[position].canonical if part.aliases else one.name
        expressions.analysis.select_column(one)
        found.append(NamedItem(Item(None, ir.SymbolRef(one.symbol), one), name, one.aliased))
    return found


def _star_row(expressions: ExpressionAnalyzer, part: ast.AllColumns, node: ast.QuerySpecification) -> list[NamedItem]:
    assert part.target is not None
    base = expressions.analyze(part.target)
    if not isinstance(base.type, RowType):
        raise LodestarError(TYPE_MISMATCH, "expected expression of type Row", location=node.select.at)
    _check_aliases(part, len(base.type.fields))
    found: list[NamedItem] = []
    for position, one in enumerate(base.type.fields):
        if node.select.distinct and not one.type.comparable:
            message = f"DISTINCT can only be applied to comparable types (actual: {one.type.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.select.at)
        name = part.aliases[position].canonical if part.aliases else one.name
        found.append(NamedItem(Item(part.target, ir.FieldAccess(base, position)), name, False))
    return found


def _check_aliases(part: ast.AllColumns, expected: int) -> None:
    if part.aliases and len(part.aliases) != expected:
        message = f"Column alias list has {len(part.aliases)} entries but relation has {expected} columns"
        raise LodestarError(MISMATCHED_COLUMN_ALIASES, message, location=part.aliases[0].at)


def _output_field(analysis: Analysis, named: NamedItem, origins: dict[Symbol, Origin | None]) -> Field:
    """A column of FROM keeps its symbol, anything else gets one."""
    bound = named.item.bound
    origin = None
    if isinstance(bound, ir.SymbolRef) and bound.symbol in origins:
        symbol = bound.symbol
        origin = origins[symbol]
    else:
        symbol = analysis.symbols.new(bound.type, (named.name or "expr").lower())
    return Field(symbol, named.name, None, False, origin, named.aliased)


# ORDER BY


def _order_by(
    expressions: ExpressionAnalyzer, node: ast.QuerySpecification, outputs: tuple[Output, ...], inner: Scope
) -> tuple[SortKey, ...]:
    if node.order_by is None:
        return ()
    fields = [output.field for output in outputs]
    scope = Scope(fields, parent=inner, output=True)
    scoped = expressions.with_scope(scope, in_lambda=False)
    written = _written_outputs(node, outputs, inner) if node.select.distinct else {}
    keys: list[SortKey] = []
    for item in node.order_by.sort_items:
        key: Expression
        output: Symbol | None = None
        if isinstance(item.sort_key, ast.LongLiteral):
            output = queries.output_at(item.sort_key, fields).symbol
            key = ir.SymbolRef(output)
        else:
            key = scoped.analyze(item.sort_key)
            if node.select.distinct:
                output = _distinct_output(item.sort_key, written, scope)
        queries.check_orderable(key.type, item.sort_key, node.at)
        keys.append(SortKey(item, ordering_of(item, key), output))
    return tuple(keys)


def _written_outputs(node: ast.QuerySpecification, outputs: tuple[Output, ...], inner: Scope) -> dict[Hashable, Symbol]:
    """The columns of a SELECT list by how their expressions are written."""
    found: dict[Hashable, Symbol] = {}
    for output in outputs:
        bound = output.item.bound
        if output.item.star is None and output.item.node is not None:
            found.setdefault(written_key(output.item.node, inner), output.field.symbol)
        elif isinstance(bound, ir.SymbolRef):
            found.setdefault(((bound.symbol, False),), output.field.symbol)
    return found


def _distinct_output(node: ast.Expression, written: dict[Hashable, Symbol], scope: Scope) -> Symbol | None:
    """The column of the SELECT list that a sort key names or repeats."""
    if isinstance(node, ast.Identifier):
        column = find_column(node, scope)
        if column is not None and column[1]:
            return column[0]
    return written.get(written_key(node, scope))


# assembly


def _assemble(analysis: Analysis, node: ast.QuerySpecification, pieces: Pieces) -> RelationPlan:
    relation = pieces.source.node
    if pieces.where is not None:
        relation = Filter(relation, pieces.where)
    collector, outputs, sort_keys = pieces.collector, pieces.outputs, pieces.sort_keys
    definitions = {output.field.symbol: output.item.bound for output in outputs}
    aliases = {symbol: bound for symbol, bound in definitions.items() if bound != ir.SymbolRef(symbol)}
    values = [output.item.bound for output in outputs]
    keys = [key.ordering for key in sort_keys]
    calls = {key: {symbol: call for call, symbol in made.items()} for key, made in collector.windows.items()}
    targets = collector.frame_targets
    if pieces.grouped:
        columns = {one.symbol for one in pieces.source.fields}
        grouped = GroupedExpressions(
            pieces.grouping, columns, collector, analysis.outer_names, frozenset(one.field.symbol for one in outputs)
        )
        plain = GroupedExpressions(pieces.grouping, columns, collector, analysis.outer_names)
        values = [plain.rewrite_item(output.item) for output in outputs]
        for fault in (*collector.aggregation_faults, *collector.order_by_faults):
            raise fault
        relation = _aggregated(analysis, relation, pieces, plain)
        keys = [
            Ordering(
                grouped.rewrite(key.node.sort_key, key.ordering.key), key.ordering.ascending, key.ordering.nulls_first
            )
            for key in sort_keys
        ]
        targets = [(symbol, plain.rewrite_window(expression)) for symbol, expression in targets]
        calls = {
            type(key)(
                tuple(grouped.rewrite_window(one) for one in key.partition_by),
                tuple(
                    Ordering(grouped.rewrite_window(one.key), one.ascending, one.nulls_first) for one in key.ordering
                ),
            ): {symbol: rewrite_call(call, grouped) for symbol, call in made.items()}
            for key, made in calls.items()
        }
        aliases = {
            output.field.symbol: value
            for output, value in zip(outputs, values, strict=True)
            if value != ir.SymbolRef(output.field.symbol)
        }
    collector.check_calls()
    relation = _windowed(extend(relation, targets), calls, aliases)
    for window, _ in collector.pattern_windows.values():
        if pieces.grouped:
            message = "Row pattern recognition over grouped rows is not supported"
            raise LodestarError(NOT_SUPPORTED, message, location=node.at)
        relation = with_pattern_window(analysis, relation, window)
    fields = tuple(output.field for output in outputs)
    assigned = dict(zip((one.symbol for one in fields), values, strict=True))
    if node.select.distinct:
        return _distinct(analysis, node, relation, fields, assigned, keys, sort_keys)
    read = {reference.symbol for key in keys for reference in free_symbols(Filter(ONE_ROW, key.key))}
    needed = read - assigned.keys()
    local = set(relation.outputs)
    carried = [symbol for symbol in relation.outputs if symbol in needed]
    needed &= local
    relation = Project(relation, (*assigned.items(), *((symbol, ir.SymbolRef(symbol)) for symbol in carried)))
    relation, ordering = queries.with_sort_keys(analysis, relation, keys)
    relation = queries.sorted_and_limited(analysis, relation, ordering, node.order_by, node.offset, node.limit)
    return RelationPlan(relation, fields)


def _aggregated(analysis: Analysis, relation: PlanNode, pieces: Pieces, grouped: GroupedExpressions) -> PlanNode:
    grouping, collector = pieces.grouping, pieces.collector
    relation = extend(relation, list(grouping.computed))
    group_id = None
    if grouping.sets is not None:
        group_id = analysis.symbols.new(BIGINT, "groupid")
    aggregations = tuple((symbol, call) for call, symbol in collector.aggregates.items())
    relation = Aggregate(relation, grouping.keys, aggregations, grouping.sets, group_id)
    relation = extend(
        relation,
        [
            (symbol, grouping_value(columns, grouping, group_id, symbol))
            for columns, symbol in collector.groupings.items()
        ],
    )
    if pieces.having is not None:
        node, bound = pieces.having
        relation = Filter(relation, grouped.rewrite(node, bound))
    return relation


def _windowed(
    relation: PlanNode,
    windows_: dict,  # type: ignore[type-arg]
    aliases: dict[Symbol, Expression],
) -> PlanNode:
    """Window nodes; a window in ORDER BY may name columns of the SELECT list, which stand for their expressions."""
    from lodestar_server.ir.nodes import map_window_call

    def change(expression: Expression) -> Expression:
        return ir.replace_symbols(expression, aliases)

    for key, calls in windows_.items():
        relation = Window(
            relation,
            tuple(change(one) for one in key.partition_by),
            tuple(Ordering(change(one.key), one.ascending, one.nulls_first) for one in key.ordering),
            tuple((symbol, map_window_call(call, change)) for symbol, call in calls.items()),
        )
    return relation


def _distinct(
    analysis: Analysis,
    node: ast.QuerySpecification,
    relation: PlanNode,
    fields: tuple[Field, ...],
    assigned: dict[Symbol, Expression],
    keys: list[Ordering],
    sort_keys: tuple[SortKey, ...],
) -> RelationPlan:
    ordering: list[Ordering] = []
    for key, sort_key in zip(keys, sort_keys, strict=True):
        if sort_key.output is None:
            message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise LodestarError(EXPRESSION_NOT_IN_DISTINCT, message, location=node.select.at)
        ordering.append(Ordering(ir.SymbolRef(sort_key.output), key.ascending, key.nulls_first))
    relation = Aggregate(Project(relation, tuple(assigned.items())), tuple(assigned))
    relation = queries.sorted_and_limited(analysis, relation, tuple(ordering), node.order_by, node.offset, node.limit)
    return RelationPlan(relation, fields)
