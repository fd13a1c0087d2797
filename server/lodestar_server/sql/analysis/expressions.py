"""Expressions of the syntax tree to typed expressions: names resolved, overloads chosen, coercions made explicit.

Function calls are in `calls.py`, predicates over subqueries in `subqueries.py`. Source: Trino ExpressionAnalyzer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server import ir
from lodestar_server.functions import operators
from lodestar_server.functions.coercions import can_coerce, common_super_type
from lodestar_server.functions.resolution import resolve_function
from lodestar_server.ir import Constant, Expression
from lodestar_server.spi.errors import (
    AMBIGUOUS_NAME,
    COLUMN_NOT_FOUND,
    EXPRESSION_NOT_CONSTANT,
    GENERIC_INTERNAL_ERROR,
    INVALID_COLUMN_REFERENCE,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_PARAMETER_USAGE,
    NOT_SUPPORTED,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    INTEGRAL_TYPES,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    REAL,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    CharType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis import calls, json_functions, literal_expressions, session_values, subqueries, windows
from lodestar_server.sql.analysis.casts import can_cast, check_json_structure, coerce
from lodestar_server.sql.analysis.collector import CallCollector
from lodestar_server.sql.analysis.decimal_comparisons import against_constant
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.patterns import functions as pattern_functions
from lodestar_server.sql.analysis.patterns.slots import PatternScope
from lodestar_server.sql.analysis.scopes import Resolved, Scope, column_not_found
from lodestar_server.sql.analysis.syntax import qualified_name
from lodestar_server.sql.analysis.types import require_type
from lodestar_server.sql.parser import ast, format_expression
from lodestar_server.sql.parser.ast.walk import walk

_COMPARISONS = {
    ast.ComparisonOperator.EQUAL: ir.ComparisonOperator.EQUAL,
    ast.ComparisonOperator.NOT_EQUAL: ir.ComparisonOperator.NOT_EQUAL,
    ast.ComparisonOperator.LESS_THAN: ir.ComparisonOperator.LESS,
    ast.ComparisonOperator.LESS_THAN_OR_EQUAL: ir.ComparisonOperator.LESS_OR_EQUAL,
    ast.ComparisonOperator.GREATER_THAN: ir.ComparisonOperator.GREATER,
    ast.ComparisonOperator.GREATER_THAN_OR_EQUAL: ir.ComparisonOperator.GREATER_OR_EQUAL,
    ast.ComparisonOperator.IS_DISTINCT_FROM: ir.ComparisonOperator.DISTINCT,
}
_BY_EQUALITY = (ir.ComparisonOperator.EQUAL, ir.ComparisonOperator.NOT_EQUAL, ir.ComparisonOperator.DISTINCT)
_MIRRORED = {
    ir.ComparisonOperator.NOT_EQUAL: "=",
    ir.ComparisonOperator.GREATER: "<",
    ir.ComparisonOperator.GREATER_OR_EQUAL: "<=",
}
"""Trino resolves these through the operator named here, and says so in messages."""
_ARITHMETIC = {
    ast.ArithmeticOperator.ADD: operators.ADD,
    ast.ArithmeticOperator.SUBTRACT: operators.SUBTRACT,
    ast.ArithmeticOperator.MULTIPLY: operators.MULTIPLY,
    ast.ArithmeticOperator.DIVIDE: operators.DIVIDE,
    ast.ArithmeticOperator.MODULUS: operators.MODULO,
}
_COMMUTATIVE = (ast.ArithmeticOperator.ADD, ast.ArithmeticOperator.MULTIPLY)


@frozen
class ExpressionAnalyzer:
    """Binds expressions in one scope.

    `collector` takes aggregates and window functions, None where they were refused before. `correlation` allows names
    of outer queries. `in_lambda`: inside a lambda's body. `pattern`: inside DEFINE or MEASURES of a row pattern.
    """

    analysis: Analysis
    scope: Scope
    collector: CallCollector | None = None
    correlation: bool = True
    in_lambda: bool = False
    pattern: PatternScope | None = None

    def analyze(self, node: ast.Expression) -> Expression:
        """The bound expression. Raises: LodestarError with the position of the fault."""
        visit = _VISITS.get(type(node))
        if visit is None:
            raise LodestarError(NOT_SUPPORTED, f"not yet implemented: {type(node).__name__}", location=node.at)
        keys = None if self.collector is None else self.collector.keys
        if keys is not None and type(node) in keys.kinds:
            return keys.bind(self, node, visit)
        return visit(self, node)

    def analyze_as(self, node: ast.Expression, expected: Type, what: str) -> Expression:
        """The expression coerced to a type; `what` begins the message when it cannot be."""
        return self.coerced(self.analyze(node), node, expected, what)

    def coerced(self, bound: Expression, node: ast.Expression, expected: Type, what: str) -> Expression:
        """A bound expression coerced to a type; `node` is where it stands."""
        self.note_parameter(node, expected)
        actual = bound.type
        if actual == expected:
            return bound
        if not can_coerce(actual, expected):
            message = f"{what} must evaluate to a {expected.display} (actual: {actual.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        return coerce(bound, expected)

    def note_parameter(self, node: ast.Expression, type_: Type) -> None:
        """DESCRIBE INPUT: a parameter has turned out to be of a type."""
        if self.analysis.describing and isinstance(node, ast.Parameter):
            self.analysis.parameter_types[node.index] = type_

    def to_single_type(self, nodes: Sequence[ast.Expression], what: str) -> tuple[list[Expression], Type]:
        """Expressions coerced to their common super type."""
        bound = [self.analyze(node) for node in nodes]
        return self.unify(bound, nodes, what)

    def unify(
        self, bound: Sequence[Expression], nodes: Sequence[ast.Expression], what: str
    ) -> tuple[list[Expression], Type]:
        """Bound expressions coerced to their common super type."""
        common: Type = UNKNOWN
        distinct = list(dict.fromkeys(one.type for one in bound))
        for type_ in distinct:
            wider = common_super_type(common, type_)
            if wider is None or not can_coerce(type_, wider):
                first = next(node for one, node in zip(bound, nodes, strict=True) if one.type == type_)
                message = (
                    f"{what} must be the same type or coercible to a common type. Cannot find common type between "
                    f"{common.display} and {type_.display}, "
                    f"all types (without duplicates): [{', '.join(t.display for t in distinct)}]"
                )
                raise LodestarError(TYPE_MISMATCH, message, location=first.at)
            common = wider
        for node in nodes:
            self.note_parameter(node, common)
        return [coerce(one, common) for one in bound], common

    def with_scope(self, scope: Scope, *, in_lambda: bool) -> ExpressionAnalyzer:
        """The same analyzer over another scope."""
        return replace(self, scope=scope, in_lambda=in_lambda)

    def in_pattern(self, pattern: PatternScope) -> ExpressionAnalyzer:
        """The same analyzer inside a row pattern."""
        return replace(self, pattern=pattern)


def _resolved(
    analyzer: ExpressionAnalyzer, node: ast.Expression, found: Resolved, label: str | None = None
) -> Expression:
    if not found.local and (not analyzer.correlation or analyzer.scope.is_inside_closed()):
        message = f"Reference to column '{format_expression(node)}' from outer scope not allowed in this context"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    if not found.local:
        analyzer.analysis.outer_names[node.at] = format_expression(node)
    if found.scope.output and found.local and analyzer.collector is not None:
        analyzer.collector.output_references.append(node.at)
    analyzer.analysis.select_column(found.field)
    reference = ir.SymbolRef(found.field.symbol, at=node.at)
    if analyzer.pattern is not None and found.local and not found.scope.lambda_:
        return analyzer.pattern.column(reference, label)
    return reference


def _identifier(analyzer: ExpressionAnalyzer, node: ast.Identifier) -> Expression:
    found = analyzer.scope.find((node.value.lower(),), node.value.lower(), node.at)
    if found is None:
        raise column_not_found(node.value.lower(), node.at)
    return _resolved(analyzer, node, found)


def _dereference(analyzer: ExpressionAnalyzer, node: ast.DereferenceExpression) -> Expression:
    if node.field is None:
        raise LodestarError(NOT_SUPPORTED, "<identifier>.* not allowed in this context", location=node.at)
    name = qualified_name(node)
    shown = node.field.value.lower()
    if name is not None:
        parts = tuple(part.value.lower() for part in name)
        shown = ".".join(parts)
        if analyzer.pattern is not None:
            return _labelled(analyzer, analyzer.pattern, node, name)
        found = analyzer.scope.find(parts, shown, node.at)
        if found is not None:
            return _resolved(analyzer, node, found)
        if not analyzer.scope.is_column_reference(parts):
            raise column_not_found(shown, node.at)
    base = analyzer.analyze(node.base)
    if not isinstance(base.type, RowType):
        message = f"Expression {format_expression(node.base)} is not of type ROW"
        raise LodestarError(TYPE_MISMATCH, message, location=node.base.at)
    wanted = node.field.value.lower()
    matches = [i for i, field in enumerate(base.type.fields) if field.name is not None and field.name.lower() == wanted]
    if len(matches) > 1:
        message = f"Ambiguous row field reference: {node.field.value}"
        raise LodestarError(AMBIGUOUS_NAME, message, location=node.field.at)
    if not matches:
        raise LodestarError(INVALID_COLUMN_REFERENCE, f"Column reference '{shown}' is invalid", location=node.at)
    return ir.FieldAccess(base, matches[0], at=node.at)


def _labelled(
    analyzer: ExpressionAnalyzer,
    pattern: PatternScope,
    node: ast.DereferenceExpression,
    name: tuple[ast.Identifier, ...],
) -> Expression:
    """In a row pattern a qualified name is a label's column: the table's own name does not count."""
    label = name[0].canonical
    if label not in pattern.labels:
        raise column_not_found(".".join(part.value.lower() for part in name), node.at)
    rest = tuple(part.value.lower() for part in name[1:])
    found = analyzer.scope.find(rest, rest[0], node.at) if len(rest) == 1 else None
    if found is None:
        message = f"Column {'.'.join(rest)} prefixed with label {label} cannot be resolved"
        raise LodestarError(COLUMN_NOT_FOUND, message, location=node.at)
    return _resolved(analyzer, node, found, label)


def _try(analyzer: ExpressionAnalyzer, node: ast.TryExpression) -> Expression:
    if analyzer.pattern is not None:
        message = "TRY expression in pattern recognition context is not yet supported"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    return ir.Try(analyzer.analyze(node.value))


def _subscript(analyzer: ExpressionAnalyzer, node: ast.SubscriptExpression) -> Expression:
    base = analyzer.analyze(node.base)
    if isinstance(base.type, RowType):
        return _row_subscript(base, base.type, node.index)
    index = analyzer.analyze(node.index)
    function = operators.find_operator(operators.SUBSCRIPT, (base.type, index.type))
    if function is None:
        message = f"Cannot use {index.type.display} for subscript of {base.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    arguments = (coerce(base, function.arguments[0]), coerce(index, function.arguments[1]))
    return ir.Call(function, arguments, at=node.at)


def _row_subscript(base: Expression, row: RowType, index: ast.Expression) -> Expression:
    if not isinstance(index, ast.LongLiteral):
        message = "Subscript expression on ROW requires a constant index"
        raise LodestarError(EXPRESSION_NOT_CONSTANT, message, location=index.at)
    if not -(2**31) <= index.value < 2**31:
        message = "Subscript expression on ROW requires integer index, found bigint"
        raise LodestarError(TYPE_MISMATCH, message, location=index.at)
    if index.value <= 0:
        message = f"Invalid subscript index: {index.value}. ROW indices start at 1"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=index.at)
    if index.value > len(row.fields):
        message = f"Subscript index out of bounds: {index.value}, max value is {len(row.fields)}"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=index.at)
    return ir.FieldAccess(base, index.value - 1, at=index.at)


def _parameter(analyzer: ExpressionAnalyzer, node: ast.Parameter) -> Expression:
    if analyzer.analysis.describing:
        return Constant(UNKNOWN, None)
    given = analyzer.analysis.parameters
    if not given:
        raise LodestarError(INVALID_PARAMETER_USAGE, "Query takes no parameters", location=node.at)
    if node.index >= len(given):
        message = f"Invalid parameter index {node.index}, max value is {len(given) - 1}"
        raise LodestarError(INVALID_PARAMETER_USAGE, message, location=node.at)
    _check_given(given[node.index])
    return analyzer.analyze(given[node.index])


def _check_given(value: ast.Expression) -> None:
    """A value for a `?` is no part of the statement: the analysis has not seen its queries and windows, and the planner
    trips over them.
    """
    if isinstance(value, ast.Literal):
        return
    for part in walk(value):
        if isinstance(part, ast.SubqueryExpression | ast.ExistsPredicate):
            shown = f"(io.trino.sql.tree.{type(part).__name__}): {format_expression(part)}"
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Unsupported expression {shown}")
        if isinstance(part, ast.FunctionCall) and part.window is not None:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"no resolved window for: {format_expression(part)}")


# logic and comparison


def _logical(analyzer: ExpressionAnalyzer, node: ast.LogicalExpression) -> Expression:
    terms = tuple(analyzer.analyze_as(term, BOOLEAN, "Logical expression term") for term in node.terms)
    return ir.Logical(ir.LogicalOperator[node.operator.name], terms)


def _not(analyzer: ExpressionAnalyzer, node: ast.NotExpression) -> Expression:
    return ir.Not(analyzer.analyze_as(node.value, BOOLEAN, "Value of logical NOT expression"))


def _comparison(analyzer: ExpressionAnalyzer, node: ast.ComparisonExpression) -> Expression:
    left, right = analyzer.analyze(node.left), analyzer.analyze(node.right)
    operator = _COMPARISONS[node.operator]
    common = comparable_type(operator, left.type, right.type)
    if common is None:
        a, b = left.type.display, right.type.display
        if operator is ir.ComparisonOperator.DISTINCT:
            message = f"Cannot check if {a} is identical to {b}"
        else:
            message = f"Cannot apply operator: {a} {_MIRRORED.get(operator, operator.value)} {b}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    for part in (node.left, node.right):
        analyzer.note_parameter(part, common)
    left, right = coerce(left, common), coerce(right, common)
    return against_constant(operator, left, right) or ir.Comparison(operator, left, right)


def comparable_type(operator: ir.ComparisonOperator, left: Type, right: Type) -> Type | None:
    """The type in which two sides compare, None when they do not."""
    common = common_super_type(left, right)
    if common is None:
        return None
    return common if (common.comparable if operator in _BY_EQUALITY else common.orderable) else None


def _between(analyzer: ExpressionAnalyzer, node: ast.BetweenPredicate) -> Expression:
    parts = [analyzer.analyze(part) for part in (node.value, node.min, node.max)]
    common = common_super_type(parts[0].type, parts[1].type)
    common = None if common is None else common_super_type(common, parts[2].type)
    if common is None or not common.orderable:
        a, b, c = (part.type.display for part in parts)
        raise LodestarError(TYPE_MISMATCH, f"Cannot check if {a} is BETWEEN {b} and {c}", location=node.at)
    for part in (node.value, node.min, node.max):
        analyzer.note_parameter(part, common)
    return ir.Between(*(coerce(part, common) for part in parts))


def _in(analyzer: ExpressionAnalyzer, node: ast.InPredicate) -> Expression:
    if isinstance(node.value_list, ast.SubqueryExpression):
        if analyzer.pattern is not None:
            pattern_functions.check_in_subquery(node.value, analyzer.pattern)
        return subqueries.in_subquery(analyzer, node, node.value_list)
    assert isinstance(node.value_list, ast.InListExpression)
    nodes = (node.value, *node.value_list.values)
    parts, type_ = analyzer.to_single_type(nodes, "IN value and list items")
    if not type_.comparable:
        message = f"Cannot apply operator: {type_.display} = {type_.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    alone = against_constant(ir.ComparisonOperator.EQUAL, *parts) if len(parts) == 2 else None
    return alone or ir.In(parts[0], tuple(parts[1:]))


def _like(analyzer: ExpressionAnalyzer, node: ast.LikePredicate) -> Expression:
    value = analyzer.analyze(node.value)
    if not isinstance(value.type, CharType | VarcharType):
        value = analyzer.coerced(value, node.value, VARCHAR, "Left side of LIKE expression")
    arguments = [value, _like_text(analyzer, node.pattern, "Pattern for LIKE expression")]
    if node.escape is not None:
        arguments.append(_like_text(analyzer, node.escape, "Escape for LIKE expression"))
    function = ir.FunctionRef("$like", tuple(one.type for one in arguments), BOOLEAN)
    return ir.Call(function, tuple(arguments), at=node.at)


def _like_text(analyzer: ExpressionAnalyzer, node: ast.Expression, what: str) -> Expression:
    bound = analyzer.analyze(node)
    return bound if isinstance(bound.type, VarcharType) else analyzer.coerced(bound, node, VARCHAR, what)


# arithmetic


def _arithmetic(analyzer: ExpressionAnalyzer, node: ast.ArithmeticBinaryExpression) -> Expression:
    left, right = analyzer.analyze(node.left), analyzer.analyze(node.right)
    name = _ARITHMETIC[node.operator]
    function = operators.find_operator(name, (left.type, right.type))
    if function is None:
        message = f"Cannot apply operator: {left.type.display} {node.operator.value} {right.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    for part, type_ in zip((node.left, node.right), function.arguments, strict=True):
        analyzer.note_parameter(part, type_)
    arguments = (coerce(left, function.arguments[0]), coerce(right, function.arguments[1]))
    if (
        node.operator in _COMMUTATIVE
        and function.result in INTEGRAL_TYPES
        and isinstance(left, Constant)
        and not isinstance(node.left, ast.Cast)
    ):
        # Trino puts a constant behind what is none, and a constant of another type is a cast: as an overflow tells.
        widened = isinstance(right, Constant) and right.type != function.arguments[1]
        if widened and left.type == function.arguments[0]:
            arguments = arguments[::-1]
    return ir.Call(function, arguments, at=node.at)


def _unary(analyzer: ExpressionAnalyzer, node: ast.ArithmeticUnaryExpression) -> Expression:
    value = analyzer.analyze(node.value)
    if node.sign is ast.Sign.PLUS:
        if value.type not in (*INTEGRAL_TYPES, REAL, DOUBLE):
            message = f"Unary '+' operator cannot by applied to {value.type.display} type"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        return value
    function = operators.find_operator(operators.NEGATE, (value.type,))
    if function is None:
        raise LodestarError(TYPE_MISMATCH, f"Cannot negate {value.type.display}", location=node.at)
    analyzer.note_parameter(node.value, function.arguments[0])
    if isinstance(value, Constant) and value.type in (DOUBLE, REAL, BIGINT, INTEGER) and value.value not in (None, 0):
        if value.type in (DOUBLE, REAL) or value.value > -(2**31):
            return Constant(value.type, -value.value)
    return ir.Call(function, (coerce(value, function.arguments[0]),), at=node.at)


# conditional


def _if(analyzer: ExpressionAnalyzer, node: ast.IfExpression) -> Expression:
    condition = analyzer.analyze_as(node.condition, BOOLEAN, "IF condition")
    then = analyzer.analyze(node.true_value)
    if node.false_value is None:
        return ir.Case(((condition, then),), Constant(then.type, None))
    otherwise = analyzer.analyze(node.false_value)
    common = common_super_type(then.type, otherwise.type)
    if common is None:
        message = f"Result types for IF must be the same: {then.type.display} vs {otherwise.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    for part in (node.true_value, node.false_value):
        analyzer.note_parameter(part, common)
    return ir.Case(((condition, coerce(then, common)),), coerce(otherwise, common))


def _case(analyzer: ExpressionAnalyzer, node: ast.SearchedCaseExpression) -> Expression:
    conditions = [analyzer.analyze_as(when.operand, BOOLEAN, "CASE WHEN clause") for when in node.when_clauses]
    results, default = _case_results(analyzer, node.when_clauses, node.default)
    return ir.Case(tuple(zip(conditions, results, strict=True)), default)


def _simple_case(analyzer: ExpressionAnalyzer, node: ast.SimpleCaseExpression) -> Expression:
    operand = analyzer.analyze(node.operand)
    values = []
    common = operand.type
    for when in node.when_clauses:
        value = analyzer.analyze(when.operand)
        wider = common_super_type(common, value.type)
        if wider is None:
            a, b = operand.type.display, value.type.display
            message = f"CASE operand type does not match WHEN clause operand type: {a} vs {b}"
            raise LodestarError(TYPE_MISMATCH, message, location=when.operand.at)
        common = wider
        values.append(value)
    for part in (node.operand, *(when.operand for when in node.when_clauses)):
        analyzer.note_parameter(part, common)
    results, default = _case_results(analyzer, node.when_clauses, node.default)
    branches = tuple((coerce(value, common), result) for value, result in zip(values, results, strict=True))
    return ir.SimpleCase(coerce(operand, common), branches, default)


def _case_results(
    analyzer: ExpressionAnalyzer, whens: tuple[ast.WhenClause, ...], default: ast.Expression | None
) -> tuple[list[Expression], Expression]:
    nodes = [when.result for when in whens] + ([] if default is None else [default])
    bound, type_ = analyzer.to_single_type(nodes, "All CASE results")
    if default is None:
        return bound, Constant(type_, None)
    return bound[:-1], bound[-1]


def _coalesce(analyzer: ExpressionAnalyzer, node: ast.CoalesceExpression) -> Expression:
    bound, _ = analyzer.to_single_type(node.operands, "All COALESCE operands")
    return ir.Coalesce(tuple(bound))


def _nullif(analyzer: ExpressionAnalyzer, node: ast.NullIfExpression) -> Expression:
    first, second = analyzer.analyze(node.first), analyzer.analyze(node.second)
    common = common_super_type(first.type, second.type)
    if common is None:
        message = f"Types are not comparable with NULLIF: {first.type.display} vs {second.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return ir.NullIf(first, second, common)


# construction and conversion


def _row(analyzer: ExpressionAnalyzer, node: ast.Row) -> Expression:
    items = tuple(analyzer.analyze(item) for item in node.items)
    return ir.RowConstructor(items, RowType.anonymous(*(item.type for item in items)))


def _array(analyzer: ExpressionAnalyzer, node: ast.Array) -> Expression:
    elements, type_ = analyzer.to_single_type(node.values, "All ARRAY elements")
    return ir.ArrayConstructor(tuple(elements), type_)


def _cast(analyzer: ExpressionAnalyzer, node: ast.Cast) -> Expression:
    target = require_type(node.type, node)
    if target == UNKNOWN:
        raise LodestarError(TYPE_MISMATCH, "UNKNOWN is not a valid type", location=node.at)
    value = analyzer.analyze(node.value)
    if not can_cast(value.type, target):
        check_json_structure(value.type, target)
        message = f"Cannot cast {value.type.display} to {target.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    if value.type == target:
        return value
    if isinstance(value, Constant) and value.value is None:
        return Constant(target, None)
    return ir.Cast(value, target, node.safe)


def _at_time_zone(analyzer: ExpressionAnalyzer, node: ast.AtTimeZone) -> Expression:
    value, zone = analyzer.analyze(node.value), analyzer.analyze(node.time_zone)
    match value.type:
        case TimeType(precision):
            value = coerce(value, TimeTzType(precision))
        case TimestampType(precision):
            value = coerce(value, TimestampTzType(precision))
        case TimeTzType() | TimestampTzType():
            pass
        case other:
            message = f"Type of value must be a time or timestamp with or without time zone (actual {other.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.value.at)
    name = "$at_timezone" if isinstance(value.type, TimeTzType) else "at_timezone"
    function = resolve_function(name, [value.type, zone.type])
    return ir.Call(function, (value, coerce(zone, function.arguments[1])), at=node.at)


_EXTRACT_FUNCTIONS = {
    ast.ExtractField.DOW: "day_of_week",
    ast.ExtractField.DOY: "day_of_year",
    ast.ExtractField.YOW: "year_of_week",
}
_CALENDAR = ("date", "timestamp", "timestamp with time zone")
_CLOCK = ("timestamp", "timestamp with time zone", "time", "time with time zone", INTERVAL_DAY_SECOND.base)
_EXTRACTABLE: dict[ast.ExtractField, tuple[str, ...]] = {
    ast.ExtractField.YEAR: (*_CALENDAR, INTERVAL_YEAR_MONTH.base),
    ast.ExtractField.MONTH: (*_CALENDAR, INTERVAL_YEAR_MONTH.base),
    ast.ExtractField.DAY: (*_CALENDAR, INTERVAL_DAY_SECOND.base),
    ast.ExtractField.HOUR: _CLOCK,
    ast.ExtractField.MINUTE: _CLOCK,
    ast.ExtractField.SECOND: _CLOCK,
    ast.ExtractField.TIMEZONE_HOUR: ("timestamp with time zone", "time with time zone"),
    ast.ExtractField.TIMEZONE_MINUTE: ("timestamp with time zone", "time with time zone"),
}


def _extract(analyzer: ExpressionAnalyzer, node: ast.Extract) -> Expression:
    value = analyzer.analyze(node.value)
    if value.type.base not in _EXTRACTABLE.get(node.field, _CALENDAR):
        message = f"Cannot extract {node.field.value} from {value.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.value.at)
    name = _EXTRACT_FUNCTIONS.get(node.field, node.field.value.lower())
    return ir.Call(resolve_function(name, [value.type]), (value,), at=node.at)


_TRIMS = {
    ast.TrimSpecification.BOTH: "trim",
    ast.TrimSpecification.LEADING: "ltrim",
    ast.TrimSpecification.TRAILING: "rtrim",
}


def _trim(analyzer: ExpressionAnalyzer, node: ast.Trim) -> Expression:
    nodes = (node.source,) if node.character is None else (node.source, node.character)
    bound = [analyzer.analyze(part) for part in nodes]
    function = resolve_function(_TRIMS[node.specification], [part.type for part in bound])
    arguments = tuple(coerce(part, type_) for part, type_ in zip(bound, function.arguments, strict=True))
    return ir.Call(function, arguments, at=node.at)


def _format(analyzer: ExpressionAnalyzer, node: ast.Format) -> Expression:
    pattern, *values = [analyzer.analyze(part) for part in node.arguments]
    if not isinstance(pattern.type, VarcharType):
        message = f"Type of first argument to format() must be VARCHAR (actual: {pattern.type.display})"
        raise LodestarError(TYPE_MISMATCH, message, location=node.arguments[0].at)
    if not all(_formattable(value.type) for value in values):
        # Trino names the first value, whichever it is.
        message = f"Type not supported for formatting: {values[0].type.display}"
        raise LodestarError(NOT_SUPPORTED, message, location=node.arguments[1].at)
    row = RowType.anonymous(*(value.type for value in values))
    function = ir.FunctionRef("format", (VARCHAR, row), VARCHAR)
    return ir.Call(function, (coerce(pattern, VARCHAR), ir.RowConstructor(tuple(values), row)), at=node.at)


def _formattable(type_: Type) -> bool:
    return type_ == UNKNOWN or can_cast(type_, VARCHAR)


def _lambda(analyzer: ExpressionAnalyzer, node: ast.LambdaExpression) -> Expression:
    message = "Lambda expression should always be used inside a function"
    raise LodestarError(TYPE_MISMATCH, message, location=node.at)


def _constant(
    value: Callable[[Analysis, Any], Constant],
) -> Callable[[ExpressionAnalyzer, Any], Expression]:
    return lambda analyzer, node: value(analyzer.analysis, node)


_VISITS: dict[type, Callable[[ExpressionAnalyzer, Any], Expression]] = {
    ast.Identifier: _identifier,
    ast.DereferenceExpression: _dereference,
    ast.SubscriptExpression: _subscript,
    ast.NullLiteral: lambda analyzer, node: Constant(UNKNOWN, None),
    ast.BooleanLiteral: lambda analyzer, node: Constant(BOOLEAN, node.value),
    ast.StringLiteral: literal_expressions.string,
    ast.LongLiteral: literal_expressions.long,
    ast.DecimalLiteral: literal_expressions.decimal,
    ast.DoubleLiteral: lambda analyzer, node: Constant(DOUBLE, node.value),
    ast.BinaryLiteral: lambda analyzer, node: Constant(VARBINARY, node.value),
    ast.GenericLiteral: literal_expressions.generic,
    ast.IntervalLiteral: literal_expressions.interval,
    ast.Parameter: _parameter,
    ast.LogicalExpression: _logical,
    ast.NotExpression: _not,
    ast.ComparisonExpression: _comparison,
    ast.BetweenPredicate: _between,
    ast.InPredicate: _in,
    ast.LikePredicate: _like,
    ast.IsNullPredicate: lambda analyzer, node: ir.IsNull(analyzer.analyze(node.value)),
    ast.IsNotNullPredicate: lambda analyzer, node: ir.Not(ir.IsNull(analyzer.analyze(node.value))),
    ast.ExistsPredicate: subqueries.exists,
    ast.SubqueryExpression: subqueries.scalar,
    ast.QuantifiedComparisonExpression: subqueries.quantified,
    ast.ArithmeticBinaryExpression: _arithmetic,
    ast.ArithmeticUnaryExpression: _unary,
    ast.IfExpression: _if,
    ast.SearchedCaseExpression: _case,
    ast.SimpleCaseExpression: _simple_case,
    ast.CoalesceExpression: _coalesce,
    ast.NullIfExpression: _nullif,
    ast.TryExpression: _try,
    ast.Row: _row,
    ast.Array: _array,
    ast.Cast: _cast,
    ast.AtTimeZone: _at_time_zone,
    ast.Extract: _extract,
    ast.Trim: _trim,
    ast.Format: _format,
    ast.LambdaExpression: _lambda,
    ast.FunctionCall: calls.analyze_call,
    ast.WindowOperation: windows.measure,
    ast.GroupingOperation: calls.analyze_grouping,
    ast.JsonExists: json_functions.json_exists,
    ast.JsonValue: json_functions.json_value,
    ast.JsonQuery: json_functions.json_query,
    ast.JsonObject: json_functions.json_object,
    ast.JsonArray: json_functions.json_array,
    ast.CurrentDate: _constant(lambda analysis, node: session_values.current_date(analysis)),
    ast.CurrentTime: _constant(lambda analysis, node: session_values.current_time(analysis, node.precision)),
    ast.CurrentTimestamp: _constant(lambda analysis, node: session_values.current_timestamp(analysis, node.precision)),
    ast.LocalTime: _constant(lambda analysis, node: session_values.local_time(analysis, node.precision)),
    ast.LocalTimestamp: _constant(lambda analysis, node: session_values.local_timestamp(analysis, node.precision)),
    ast.CurrentUser: _constant(lambda analysis, node: session_values.text(analysis.names.user)),
    ast.CurrentCatalog: _constant(lambda analysis, node: session_values.text(analysis.names.catalog)),
    ast.CurrentSchema: _constant(lambda analysis, node: session_values.text(analysis.names.schema)),
    ast.CurrentPath: _constant(lambda analysis, node: session_values.text(analysis.names.path or "")),
}
