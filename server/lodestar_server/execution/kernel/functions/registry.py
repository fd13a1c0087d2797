"""The table of functions: how each name of the function registry is said in DuckDB.

One module per category fills it, by decorating a function or by giving a template; modules know nothing of each other,
so that functions can be added side by side. Lowering keys on the name; the argument types tell overloads apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Cast, Constant, Expression, FunctionRef, Lambda
from lodestar_server.spi.errors import FUNCTION_NOT_FOUND, INVALID_FUNCTION_ARGUMENT, ErrorCode, LodestarError
from lodestar_server.spi.types import CODE_POINTS, JONI_REGEXP, JSON_PATH, Type
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    from lodestar_server.execution.kernel.lowering.context import Lowering

MODULES = (
    "aggregates.approximate",
    "aggregates.checksum",
    "aggregates.collections",
    "aggregates.extremes",
    "aggregates.general",
    "aggregates.statistics",
    "array_lambdas",
    "array_order",
    "array_sets",
    "arrays",
    "binary",
    "bits",
    "buckets",
    "colors",
    "comparison",
    "conversion",
    "datetime_arithmetic",
    "datetime_parts",
    "datetime_text",
    "geospatial",
    "json_documents",
    "learning",
    "maps",
    "regexps",
    "mathematics",
    "object_ids",
    "operators",
    "sequences",
    "session",
    "sql_json",
    "sketches",
    "strings",
    "urls",
    "windows",
)


_PATTERNS = (JONI_REGEXP, JSON_PATH, CODE_POINTS)
"""Types of arguments that are texts with a meaning."""


@frozen
class ScalarCall:
    """A call being lowered: lowered arguments beside their expressions and types."""

    function: FunctionRef
    expressions: tuple[Expression, ...]
    arguments: tuple[Sql, ...]
    context: Lowering

    @property
    def types(self) -> tuple[Type, ...]:
        """The argument types."""
        return self.function.arguments

    @property
    def result(self) -> Type:
        """The result type."""
        return self.function.result

    @property
    def held(self) -> str:
        """The DuckDB type of the result."""
        return duckdb_type(self.function.result)

    def constant(self, index: int) -> Any:
        """The value of an argument that is a constant, else None."""
        node = self.expressions[index] if index < len(self.expressions) else None
        if isinstance(node, Cast) and node.target in _PATTERNS:
            node = node.value
        return node.value if isinstance(node, Constant) else None

    def strict(self, body: Callable[..., Sql]) -> Sql:
        """`body` over the arguments, each computed once; NULL when one of them is."""

        def guarded(*values: Sql) -> Sql:
            made = body(*values)
            nullable = [
                sql.is_null(value)
                for value, node in zip(values, self.expressions, strict=True)
                if not isinstance(node, Constant) or node.value is None
            ]
            return made if not nullable else sql.case([(sql.disjunction(nullable), sql.typed_null(self.held))], made)

        return sql.let_all(self.arguments, guarded)

    def apply(self, index: int, *values: Sql) -> Sql:
        """The body of the lambda argument at `index` over values."""
        function = self.expressions[index]
        assert isinstance(function, Lambda)
        with self.context.scope(dict(zip(function.parameters, values, strict=True))):
            return self.context.expression(function.body)

    def fail(self, message: str | Sql, code: ErrorCode = INVALID_FUNCTION_ARGUMENT) -> Sql:
        """An expression that raises, of the result's type."""
        return self.context.fail(code, message, self.held)


LowerScalar = Callable[[ScalarCall], Sql]


@frozen
class ScalarFunction:
    """`total`: raises for no arguments, so it may be evaluated where Trino would not."""

    lower: LowerScalar
    total: bool = False


@frozen
class GroupCall:
    """An aggregate or window function being lowered.

    `apply` writes a DuckDB aggregate with the call's own DISTINCT, ORDER BY, FILTER and OVER.
    """

    function: FunctionRef
    expressions: tuple[Expression, ...]
    arguments: tuple[Sql, ...]
    context: Lowering
    distinct: bool = False
    order: tuple[Sql, ...] = ()
    filter: Sql | None = None
    over: Sql | None = None
    ignore_nulls: bool = False
    ordering_keys: tuple[Sql, ...] = field(default=())
    """The ORDER BY expressions of the window without direction."""
    few_rows: bool = False
    """The rows are known to be so few that they may be kept, in their order."""
    bounded: bool = False
    """There are no more rows than a scan of the statement has."""

    @property
    def types(self) -> tuple[Type, ...]:
        """The argument types."""
        return self.function.arguments

    @property
    def result(self) -> Type:
        """The result type."""
        return self.function.result

    @property
    def held(self) -> str:
        """The DuckDB type of the result."""
        return duckdb_type(self.function.result)

    def constant(self, index: int) -> Any:
        """The value of an argument that is a constant, else None."""
        node = self.expressions[index] if index < len(self.expressions) else None
        return node.value if isinstance(node, Constant) else None

    def apply(
        self,
        name: str,
        *arguments: Sql,
        order: Sequence[Sql] | None = None,
        distinct: bool | Sql | None = None,
        where: Sql | None = None,
    ) -> Sql:
        """`name(arguments)` with the modifiers of the call; `where` narrows its FILTER.

        `distinct` may be a slot that holds DISTINCT or nothing.
        """
        parts: list[Sql] = list(arguments)
        holes = ", ".join(f"{{{i}}}" for i in range(len(parts)))
        if distinct is None:
            distinct = self.distinct
        if isinstance(distinct, bool):
            text = f"{name}({'DISTINCT ' if distinct else ''}{holes}"
        else:
            text = f"{name}({{{len(parts)}}} {holes}"
            parts.append(distinct)
        # Ordering by a literal has no effect, and DuckDB refuses it.
        terms = [one for one in (self.order if order is None else order) if not sql.orders_by_literal(one)]
        if terms:
            text += f" ORDER BY {', '.join(f'{{{len(parts) + i}}}' for i in range(len(terms)))}"
            parts += terms
        text += " IGNORE NULLS)" if self.ignore_nulls else ")"
        condition = self._condition(where)
        if condition is not None:
            text += f" FILTER (WHERE {{{len(parts)}}})"
            parts.append(condition)
        if self.over is not None:
            text += f" OVER {{{len(parts)}}}"
            parts.append(self.over)
        return sql.fixed_fragment(text, *parts)

    def _condition(self, where: Sql | None) -> Sql | None:
        if where is None or self.filter is None:
            return self.filter if where is None else where
        return sql.conjunction([self.filter, where])

    def fail(self, message: str | Sql, code: ErrorCode = INVALID_FUNCTION_ARGUMENT) -> Sql:
        """An expression that raises, of the result's type."""
        return self.context.fail(code, message, self.held)


LowerGroup = Callable[[GroupCall], Sql]

SCALARS: dict[str, ScalarFunction] = {}
AGGREGATES: dict[str, LowerGroup] = {}
WINDOWS: dict[str, LowerGroup] = {}


def scalar(*names: str, total: bool = False) -> Callable[[LowerScalar], LowerScalar]:
    """Register the lowering of a scalar function."""

    def register(lower: LowerScalar) -> LowerScalar:
        for name in names:
            SCALARS[name] = ScalarFunction(lower, total)
        return lower

    return register


def scalar_template(name: str, template: str, *, total: bool = True) -> None:
    """Register a scalar function by the text of its call; an argument that stands in it twice is computed once."""
    repeated = any(template.count(f"{{{index}}}") > 1 for index in range(9))

    def lower(call: ScalarCall) -> Sql:
        if repeated:
            return sql.let_all(call.arguments, lambda *values: sql.fragment(template, *values))
        return sql.fragment(template, *call.arguments)

    SCALARS[name] = ScalarFunction(lower, total)


def aggregate(*names: str) -> Callable[[LowerGroup], LowerGroup]:
    """Register the lowering of an aggregate; it also serves over a window."""

    def register(lower: LowerGroup) -> LowerGroup:
        for name in names:
            AGGREGATES[name] = lower
        return lower

    return register


def window(*names: str) -> Callable[[LowerGroup], LowerGroup]:
    """Register the lowering of a window function."""

    def register(lower: LowerGroup) -> LowerGroup:
        for name in names:
            WINDOWS[name] = lower
        return lower

    return register


@cache
def load_functions() -> None:
    """Import every module of functions, once."""
    for module in MODULES:
        import_module(f"{__package__}.{module}")


def require_scalar(function: FunctionRef) -> ScalarFunction:
    """The lowering of a scalar function. Raises: FUNCTION_NOT_FOUND."""
    load_functions()
    found = SCALARS.get(function.name)
    if found is None:
        raise _missing(function)
    return found


def require_group(function: FunctionRef, *, over_window: bool) -> LowerGroup:
    """The lowering of an aggregate or window function. Raises: FUNCTION_NOT_FOUND."""
    load_functions()
    found = (WINDOWS.get(function.name) if over_window else None) or AGGREGATES.get(function.name)
    if found is None:
        raise _missing(function)
    return found


def _missing(function: FunctionRef) -> LodestarError:
    return LodestarError(FUNCTION_NOT_FOUND, f"Function '{function.name}' not registered")
