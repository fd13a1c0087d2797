"""MATCH_RECOGNIZE in FROM. Source: Trino StatementAnalyzer.visitPatternRecognitionRelation."""

from __future__ import annotations

from lodestar_server.ir import Ordering, Symbol, SymbolRef
from lodestar_server.ir.nodes import PlanNode, Project
from lodestar_server.ir.nodes.patterns import MatchRowsMode, RowPatternProgram
from lodestar_server.spi.errors import (
    AMBIGUOUS_NAME,
    COLUMN_NOT_FOUND,
    INVALID_COLUMN_REFERENCE,
    TABLE_HAS_NO_COLUMNS,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.sql.analysis.calls import ordering_of
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.patterns import labels as pattern_labels
from lodestar_server.sql.analysis.patterns.assembly import Recognition
from lodestar_server.sql.analysis.patterns.binding import bind, bind_definitions
from lodestar_server.sql.analysis.patterns.labels import PatternClauses
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.analysis.syntax import qualified_name
from lodestar_server.sql.analysis.table_functions import check_not_polymorphic
from lodestar_server.sql.parser import ast, format_expression

_MODES = {one: MatchRowsMode[one.name] for one in ast.RowsPerMatch}


def analyze_match_recognize(
    analysis: Analysis, node: ast.PatternRecognitionRelation, source: RelationPlan, scope: Scope
) -> RelationPlan:
    """The plan of MATCH_RECOGNIZE over its analyzed input."""
    check_not_polymorphic(node.input, "row pattern matching")
    _check_names(node, source)
    inner = Scope(source.fields, parent=scope)
    partition = [_partition_field(one, inner) for one in node.partition_by]
    for one in partition:
        analysis.select_column(one)
    items = () if node.order_by is None else node.order_by.sort_items
    ordered = [_order_field(one, inner) for one in items]
    clauses = PatternClauses(
        node.measures,
        node.after_match_skip_to,
        node.pattern_search_mode,
        node.pattern,
        node.subsets,
        node.variable_definitions,
    )
    labels = pattern_labels.analyze_labels(clauses)
    pattern_labels.refuse_search_mode(node.pattern_search_mode)
    mode = MatchRowsMode.ONE if node.rows_per_match is None else _MODES[node.rows_per_match]
    if mode is MatchRowsMode.ALL_WITH_UNMATCHED:
        pattern_labels.refuse_exclusions(node.pattern)
    plain = ExpressionAnalyzer(analysis, inner, correlation=False)
    definitions = bind_definitions(plain, clauses, labels)
    measures = [bind(plain, one.expression, labels) for one in node.measures]
    names = [*partition, *([] if mode is MatchRowsMode.ONE else ordered)]
    if not names and not measures and mode is MatchRowsMode.ONE:
        message = "pattern recognition output table has no columns"
        raise LodestarError(TABLE_HAS_NO_COLUMNS, message, location=node.at)
    skip, wanted = pattern_labels.skip_mode(node.after_match_skip_to, labels)
    program = RowPatternProgram(
        labels.primary, pattern_labels.compile_pattern(node.pattern, labels), mode, skip, wanted
    )
    ordering = tuple(
        Ordering(SymbolRef(one.symbol), made.ascending, made.nulls_first)
        for one, item in zip(ordered, items, strict=True)
        for made in (ordering_of(item, SymbolRef(one.symbol)),)
    )
    recognition = Recognition(
        analysis,
        source.node,
        tuple(dict.fromkeys(one.symbol for one in source.fields)),
        tuple(one.symbol for one in partition),
        ordering,
        program,
        definitions,
        tuple(measures),
    )
    recognized = recognition.build()
    current = recognized.rows
    made = [
        (analysis.symbols.new(value.type, (one.name.value or "measure").lower()), value)
        for one, value in zip(node.measures, recognized.measures, strict=True)
    ]
    rest: list[Field] = []
    if mode is not MatchRowsMode.ONE:
        taken = {id(one) for one in names}
        rest = [one for one in source.fields if id(one) not in taken]
    fields = [_output(one, current) for one in names]
    fields += [Field(symbol, one.name.value) for one, (symbol, _) in zip(node.measures, made, strict=True)]
    fields += [_output(one, current, hidden=one.hidden) for one in rest]
    kept = dict.fromkeys(current[one.symbol] for one in (*names, *rest))
    output: PlanNode = Project(recognized.plan, (*((one, SymbolRef(one)) for one in kept), *made))
    return RelationPlan(output, tuple(fields))


def _output(one: Field, current: dict[Symbol, Symbol], *, hidden: bool = False) -> Field:
    return Field(current[one.symbol], one.name, None, hidden, one.origin, one.aliased)


def _check_names(node: ast.PatternRecognitionRelation, source: RelationPlan) -> None:
    seen: set[str] = set()
    for one in source.fields:
        if one.name is None:
            continue
        if one.name.upper() in seen:
            message = f"ambiguous column: {one.name} in row pattern input relation"
            raise LodestarError(AMBIGUOUS_NAME, message, location=node.input.at)
        seen.add(one.name.upper())


def _input_field(node: ast.Expression, scope: Scope) -> Field:
    parts = qualified_name(node)
    if not isinstance(node, ast.Identifier | ast.DereferenceExpression) or parts is None:
        message = f"Expected column reference. Actual: {format_expression(node)}"
        raise LodestarError(INVALID_COLUMN_REFERENCE, message, location=node.at)
    name = tuple(part.value.lower() for part in parts)
    found = scope.find(name, ".".join(name), node.at)
    if found is None or not found.local or found.scope is not scope:
        message = f"Column {format_expression(node)} is not present in the input relation"
        raise LodestarError(COLUMN_NOT_FOUND, message, location=node.at)
    return found.field


def _partition_field(node: ast.Expression, scope: Scope) -> Field:
    found = _input_field(node, scope)
    if not found.type.comparable:
        message = f"{found.type.display} is not comparable, and therefore cannot be used in PARTITION BY"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return found


def _order_field(item: ast.SortItem, scope: Scope) -> Field:
    found = _input_field(item.sort_key, scope)
    if not found.type.orderable:
        message = f"{found.type.display} is not orderable, and therefore cannot be used in ORDER BY"
        raise LodestarError(TYPE_MISMATCH, message, location=item.at)
    return found
