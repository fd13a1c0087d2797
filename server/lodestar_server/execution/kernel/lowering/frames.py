"""Frames by distance: RANGE with PRECEDING and FOLLOWING."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import order_key
from lodestar_server.execution.kernel.lowering.context import Lowering
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Constant, Expression, FrameBound, FrameBoundKind, Ordering, SymbolRef, WindowFrame
from lodestar_server.spi.errors import INVALID_WINDOW_FRAME
from lodestar_server.spi.types import DATE, DOUBLE, REAL, TimestampType, TimestampTzType, TimeType, TimeTzType, Type
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION
from lodestar_server.spi.values import frozen

BAD_OFFSET = "Window frame offset value must not be negative or null"

_PRECEDING, _FOLLOWING = FrameBoundKind.PRECEDING, FrameBoundKind.FOLLOWING
_PLACES = {kind: place for place, kind in enumerate(FrameBoundKind)}
_OPPOSITE = {_PRECEDING: _FOLLOWING, _FOLLOWING: _PRECEDING}


@frozen
class _Form:
    """One way to write a bound, for the rows for which `when` holds; None stands for all others."""

    when: Sql | None
    kind: FrameBoundKind
    distance: Sql | None = None

    def written(self) -> Sql:
        if self.distance is None:
            return sql.fragment(self.kind.value)
        return sql.fragment(f"{{0}} {self.kind.value}", self.distance)


def measured(key: Sql, key_type: Type) -> Sql:
    """A sort key of which DuckDB can take distances: beyond microseconds, picoseconds as a whole number."""
    if _beyond_microseconds(key_type):
        return sql.let(key, lambda k: sql.fragment("(CAST(epoch_us({0}.t) AS HUGEINT) * 1000000 + {0}.p)", k))
    return key


def frames_by_distance(context: Lowering, frame: WindowFrame, term: Ordering) -> list[tuple[Sql, Sql]]:
    """The forms of a frame with the rows for which each is, the last for all others.

    There is one but for times of day, where a bound may lie behind midnight, on the other side of the row.
    """
    bounds = [list(_forms(context, bound, term)) for bound in (frame.start, frame.end)]
    return [(_condition(start, end), _range(start, end)) for start, end in product(*bounds)]


def _condition(start: _Form, end: _Form) -> Sql:
    terms = [form.when for form in (start, end) if form.when is not None]
    return sql.conjunction(terms) if terms else sql.fragment("true")


def _range(start: _Form, end: _Form) -> Sql:
    if _PLACES[start.kind] > _PLACES[end.kind]:
        # SQL does not allow it, and no row is in it.
        return sql.fragment("RANGE BETWEEN 1 FOLLOWING AND 0 FOLLOWING")
    return sql.fragment("RANGE BETWEEN {0} AND {1}", start.written(), end.written())


def _forms(context: Lowering, bound: FrameBound, term: Ordering) -> Iterator[_Form]:
    if bound.offset is None:
        yield _Form(None, bound.kind)
        return
    distance = _distance(context, bound, term)
    if isinstance(term.key.type, TimeType | TimeTzType):
        yield _Form(sql.fragment("({0} < 0)", distance), _OPPOSITE[bound.kind], sql.fragment("abs({0})", distance))
        distance = sql.fragment("greatest({0}, 0)", distance)
    yield _Form(None, bound.kind, distance)


def _distance(context: Lowering, bound: FrameBound, term: Ordering) -> Sql:
    """How far the frame reaches from the current row's key, for DuckDB to add or subtract.

    The target was computed with Trino's operators; the difference to it is exact for exact types. Doubles keep the
    distance as written, because a difference of doubles is rounded.
    """
    assert bound.offset is not None
    key_type = term.key.type
    if bound.target is None or key_type in (DOUBLE, REAL):
        offset = context.expression(bound.offset)
        if key_type in (DOUBLE, REAL):
            # DuckDB refuses an infinite distance; the greatest one reaches as far.
            offset = sql.fragment("least({0}, 1.7976931348623157e308)", offset)
        return _checked(context, bound.offset, offset)
    key, target = (
        measured(order_key(context.expression(one), one.type), one.type) for one in (term.key, SymbolRef(bound.target))
    )
    upwards = (bound.kind is _FOLLOWING) == term.ascending
    high, low = (target, key) if upwards else (key, target)
    if key_type == DATE:
        distance = sql.fragment("to_days(CAST({0} - {1} AS INTEGER))", high, low)
    elif isinstance(key_type, TimestampType | TimestampTzType) and not _beyond_microseconds(key_type):
        distance = sql.fragment("to_microseconds(epoch_us({0}) - epoch_us({1}))", high, low)
    else:
        distance = sql.binary("-", high, low)
    return _checked(context, bound.offset, distance)


def _beyond_microseconds(key_type: Type) -> bool:
    return isinstance(key_type, TimestampType | TimestampTzType) and key_type.precision > MICROSECOND_PRECISION


def _checked(context: Lowering, offset: Expression, distance: Sql) -> Sql:
    """The distance, unless the offset it was made from is NULL, NaN or negative."""
    if isinstance(offset, Constant) and offset.value is not None and offset.value >= 0:
        return distance
    value = context.expression(offset)
    raised = context.fail(INVALID_WINDOW_FRAME, BAD_OFFSET, "BIGINT")
    good = "({0} >= 0 AND NOT isnan({0}))" if offset.type in (DOUBLE, REAL) else "({0} >= 0)"
    wrong = sql.fragment(f"CASE WHEN {good} THEN NULL ELSE {{1}} END IS NOT NULL", value, raised)
    return sql.fragment("CASE WHEN {0} THEN NULL ELSE {1} END", wrong, distance)
