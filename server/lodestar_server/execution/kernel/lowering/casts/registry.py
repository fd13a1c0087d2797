"""The table of casts: one entry per pair of kinds of types.

An entry gives `convert`, which is NULL where the value does not fit, and `message`, what CAST then raises; TRY_CAST
needs `convert` alone. A cast that raises by itself (or never fails) has no message; TRY_CAST puts it under TRY.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT, NOT_SUPPORTED, ErrorCode, LodestarError
from lodestar_server.spi.types import UNKNOWN, Type
from lodestar_server.spi.values import frozen


class CastContext(Protocol):
    """What a cast may need to know of the query."""

    @property
    def zone(self) -> str:
        """The session's zone."""

    def start_micros(self) -> Sql:
        """The query's start, microseconds since the epoch, a BIGINT."""


Convert = Callable[[Sql, Type, Type, CastContext], Sql]
Message = Callable[[Sql, Type, Type], "str | Sql"]


@frozen
class CastRule:
    """How one kind of type becomes another.

    `total`: never fails for any value of the source type. `fits`: DuckDB's plain cast does it without failing.
    """

    convert: Convert
    message: Message | None = None
    code: ErrorCode = INVALID_CAST_ARGUMENT
    total: bool = False
    fits: Callable[[Type, Type], bool] | None = None

    def never_fails(self, source: Type, target: Type) -> bool:
        """CAST raises for no value of the source type."""
        return self.total or (self.fits is not None and self.fits(source, target))


RULES: dict[tuple[str, str], CastRule] = {}


def cast_rule(
    sources: str,
    targets: str,
    *,
    message: Message | None = None,
    code: ErrorCode = INVALID_CAST_ARGUMENT,
    total: bool = False,
    fits: Callable[[Type, Type], bool] | None = None,
) -> Callable[[Convert], Convert]:
    """Register a rule for every pair of the bases named in two comma separated lists."""

    def register(convert: Convert) -> Convert:
        for source in sources.split(","):
            for target in targets.split(","):
                RULES[source.strip(), target.strip()] = CastRule(convert, message, code, total, fits)
        return convert

    return register


def cast_value(value: Sql, source: Type, target: Type, context: CastContext, *, safe: bool = False) -> Sql:
    """CAST or, with `safe`, TRY_CAST of a lowered value. Raises: NOT_SUPPORTED for a pair without a rule."""
    if source == target:
        return value
    if source == UNKNOWN:
        return sql.cast(value, duckdb_type(target))
    rule = find_rule(source, target)
    if rule.fits is not None and rule.fits(source, target):
        return sql.cast(value, duckdb_type(target))
    if rule.message is None:
        if not safe or rule.total:
            return rule.convert(value, source, target, context)
        # Only the cast's own failure becomes NULL, not one of computing the value.
        return sql.let(value, lambda v: sql.guarded(rule.convert(v, source, target, context)))
    if safe:
        return sql.let(value, lambda v: rule.convert(v, source, target, context))

    def checked(v: Sql) -> Sql:
        assert rule.message is not None
        raised = failure(rule.code, rule.message(v, source, target), duckdb_type(target))
        # What fits is most of the rows: only the others are asked whether they are NULL.
        return sql.call("coalesce", rule.convert(v, source, target, context), sql.case([(sql.is_not_null(v), raised)]))

    return sql.let(value, checked)


def find_rule(source: Type, target: Type) -> CastRule:
    """The rule for a pair. Raises: NOT_SUPPORTED."""
    rule = RULES.get((source.base, target.base))
    if rule is None:
        raise LodestarError(NOT_SUPPORTED, f"Cast from {source.display} to {target.display} is not supported")
    return rule
