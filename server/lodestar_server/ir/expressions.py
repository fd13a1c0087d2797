"""The expression nodes. Every node has a `type`; coercions are explicit `Cast`s, names are `Symbol`s.

Three-valued logic, evaluation order and errors are Trino's: `Case`, `Coalesce`, `Logical` and `Try` are lazy, a branch
that is not taken raises nothing. `at` is the place in the statement, kept for error messages and left out of equality.
Subquery nodes hold a relation: a bound query in the analyzer's tree, a plan node in a plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import Enum
from typing import Any

from lodestar_server.ir.functions import FunctionRef
from lodestar_server.ir.symbols import Symbol
from lodestar_server.spi.errors import Location
from lodestar_server.spi.types import BOOLEAN, ArrayType, FunctionType, RowType, Type
from lodestar_server.spi.values import frozen


@frozen
class Expression:
    """An expression of the type `type`."""

    @property
    def type(self) -> Type:
        raise TypeError(f"{type(self).__name__} has no type")


@frozen
class Constant(Expression):
    """A value known before execution; `value` None is NULL.

    | type | Python value |
    |---|---|
    | boolean, integers, real and double, varchar, json | bool, int, float, str (json canonical) |
    | char(n) | str without trailing blanks |
    | varbinary, uuid, ipaddress, sketches | bytes (uuid and ipaddress 16 bytes, network order) |
    | decimal(p,s) | int, the unscaled value |
    | date | int, days since 1970-01-01 |
    | time(p); time(p) with time zone | int picoseconds of the day; (int local picoseconds, int offset minutes) |
    | timestamp(p) | int, picoseconds since 1970-01-01 00:00:00 |
    | timestamp(p) with time zone | (int picoseconds since 1970-01-01 00:00:00 UTC, str zone) |
    | interval year to month; day to second | int months; int milliseconds |
    | array; map; row | tuple; tuple of (key, value); tuple |
    """

    value_type: Type
    value: Any

    @property
    def type(self) -> Type:
        return self.value_type


@frozen
class SymbolRef(Expression):
    """The value of a column, of an outer query's column (correlation) or of a lambda's parameter."""

    symbol: Symbol
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.symbol.type


@frozen
class Call(Expression):
    """A scalar function or operator applied to arguments of exactly its argument types."""

    function: FunctionRef
    arguments: tuple[Expression, ...]
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.function.result


@frozen
class Cast(Expression):
    """CAST; with `safe`, TRY_CAST: NULL where CAST fails."""

    value: Expression
    target: Type
    safe: bool = False

    @property
    def type(self) -> Type:
        return self.target


class ComparisonOperator(Enum):
    """The comparisons. `DISTINCT` is IS DISTINCT FROM, which is never NULL and where NaN equals NaN."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    DISTINCT = "IS DISTINCT FROM"


@frozen
class Comparison(Expression):
    """Both sides have the same type."""

    operator: ComparisonOperator
    left: Expression
    right: Expression

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class Between(Expression):
    """`value` is evaluated once."""

    value: Expression
    minimum: Expression
    maximum: Expression

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class In(Expression):
    """value IN (items): NULL when no item equals and some comparison is NULL."""

    value: Expression
    items: tuple[Expression, ...]

    @property
    def type(self) -> Type:
        return BOOLEAN


class LogicalOperator(Enum):
    """AND, OR."""

    AND = "AND"
    OR = "OR"


@frozen
class Logical(Expression):
    """Two or more terms of one operator, left to right."""

    operator: LogicalOperator
    terms: tuple[Expression, ...]

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class Not(Expression):
    """NOT value."""

    value: Expression

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class IsNull(Expression):
    """value IS NULL."""

    value: Expression

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class Case(Expression):
    """CASE WHEN condition THEN result … ELSE default END; IF(c, a, b) is a Case of one branch."""

    branches: tuple[tuple[Expression, Expression], ...]
    default: Expression

    @property
    def type(self) -> Type:
        return self.default.type


@frozen
class SimpleCase(Expression):
    """CASE operand WHEN value THEN result … ELSE default END; operand is evaluated once, values have its type."""

    operand: Expression
    branches: tuple[tuple[Expression, Expression], ...]
    default: Expression

    @property
    def type(self) -> Type:
        return self.default.type


@frozen
class Coalesce(Expression):
    """The first value that is not NULL; all have one type."""

    values: tuple[Expression, ...]

    @property
    def type(self) -> Type:
        return self.values[0].type


@frozen
class NullIf(Expression):
    """NULL when `value` equals `other` after both are coerced to `common`; else `value`, with its own type."""

    value: Expression
    other: Expression
    common: Type

    @property
    def type(self) -> Type:
        return self.value.type


@frozen
class Try(Expression):
    """NULL where evaluating `value` raises one of the errors that TRY catches (`ErrorCode.caught_by_try`)."""

    value: Expression

    @property
    def type(self) -> Type:
        return self.value.type


@frozen
class RowConstructor(Expression):
    """ROW(a, b, …)."""

    fields: tuple[Expression, ...]
    row_type: RowType

    @property
    def type(self) -> Type:
        return self.row_type


@frozen
class FieldAccess(Expression):
    """The field at `index` (from 0) of a row."""

    base: Expression
    index: int
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        row = self.base.type
        assert isinstance(row, RowType)
        return row.fields[self.index].type


@frozen
class ArrayConstructor(Expression):
    """ARRAY[a, b, …]; elements have the element type."""

    elements: tuple[Expression, ...]
    element_type: Type

    @property
    def type(self) -> Type:
        return ArrayType(self.element_type)


@frozen
class Lambda(Expression):
    """(parameters) -> body; only as an argument of a call. The body may refer to columns around it."""

    parameters: tuple[Symbol, ...]
    body: Expression

    @property
    def type(self) -> Type:
        return FunctionType(tuple(p.type for p in self.parameters), self.body.type)


@frozen
class ScalarSubquery(Expression):
    """(query) as a value: NULL without rows, SUBQUERY_MULTIPLE_ROWS with more than one.

    `relation` gives the column `output`; several columns have been packed into a row before.
    """

    relation: Any
    output: Symbol
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return self.output.type


@frozen
class Exists(Expression):
    """EXISTS (query)."""

    relation: Any
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return BOOLEAN


@frozen
class InSubquery(Expression):
    """value IN (query): compares by identity inside rows and for NaN, NULL only for a whole-value NULL."""

    value: Expression
    relation: Any
    output: Symbol
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return BOOLEAN


class Quantifier(Enum):
    """ANY (also SOME), ALL."""

    ANY = "ANY"
    ALL = "ALL"


@frozen
class QuantifiedComparison(Expression):
    """value op ANY|ALL (query)."""

    operator: ComparisonOperator
    quantifier: Quantifier
    value: Expression
    relation: Any
    output: Symbol
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def type(self) -> Type:
        return BOOLEAN


TRUE = Constant(BOOLEAN, True)
FALSE = Constant(BOOLEAN, False)


def conjunction(terms: Iterable[Expression]) -> Expression:
    """AND of the terms: TRUE for none, the term itself for one; TRUE terms and repetitions are dropped."""
    kept: list[Expression] = []
    for term in terms:
        if term != TRUE and term not in kept:
            kept.append(term)
    if not kept:
        return TRUE
    return kept[0] if len(kept) == 1 else Logical(LogicalOperator.AND, tuple(kept))
