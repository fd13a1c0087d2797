"""Window functions: PARTITION BY, ORDER BY and every kind of frame."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import compared_in_order, identity_key, may_refuse_order, order_key
from lodestar_server.execution.kernel.functions.registry import GroupCall, require_group
from lodestar_server.execution.kernel.lowering.basic import sort_terms
from lodestar_server.execution.kernel.lowering.block import Block, Stage, apart
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering
from lodestar_server.execution.kernel.lowering.logic import conditions
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    Expression,
    FrameBound,
    FrameBoundKind,
    FrameUnit,
    Ordering,
    Symbol,
    SymbolRef,
    WindowCall,
    WindowFrame,
)
from lodestar_server.ir.aggregates import DEFAULT_FRAME
from lodestar_server.ir.nodes import Window
from lodestar_server.spi.errors import INVALID_WINDOW_FRAME
from lodestar_server.spi.types import DATE, DOUBLE, REAL, TimestampType, TimestampTzType, Type

_BAD_OFFSET = "Window frame offset value must not be negative or null"


def _lower_window(context: Lowering, node: Window) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WINDOW)
    if any(may_refuse_order(term.key.type) for term in node.ordering):
        node, block = _compared(context, block.wrapped(context), node)
    block, calls = apart(context, block, [call for _, call in node.calls])
    node = replace(node, calls=tuple((symbol, call) for (symbol, _), call in zip(node.calls, calls, strict=True)))
    block = block.using(context, _named(node))
    made: list[Sql] = []
    with context.scope(block.columns):
        partition = [identity_key(context.expression(one), one.type) for one in node.partition_by]
        # A frame by distance needs its ORDER BY, even of a constant.
        order = sort_terms(context, node.ordering) or [sql.fragment("1")] * min(len(node.ordering), 1)
        sort_keys = tuple(order_key(context.expression(term.key), term.key.type) for term in node.ordering)
        for _, call in node.calls:
            made.append(_window_call(context, node, call, partition, order, sort_keys))
    block.columns = {**block.columns, **{symbol: value for (symbol, _), value in zip(node.calls, made, strict=True)}}
    block.stage = Stage.WINDOW
    return block


def _compared(context: Lowering, block: Block, node: Window) -> tuple[Window, Block]:
    """The rows with sort keys that raise where arrays or rows of a partition have no order."""
    made: dict[Symbol, Sql] = {}
    terms: list[Ordering] = []
    with context.scope(block.columns):
        before = [identity_key(context.expression(one), one.type) for one in node.partition_by]
        for term in node.ordering:
            key = context.expression(term.key)
            plain = sort_terms(context, (term,))
            if plain and may_refuse_order(term.key.type):
                symbol = context.own_symbol(term.key.type)
                made[symbol] = compared_in_order(key, term.key.type, before, plain)
                term = replace(term, key=SymbolRef(symbol))
            terms.append(term)
            before.append(identity_key(key, term.key.type))
    block.columns = {**block.columns, **made}
    block.stage = Stage.WINDOW
    return replace(node, ordering=tuple(terms)), block.wrapped(context)


def _named(node: Window) -> list[Expression]:
    named = [*node.partition_by, *(term.key for term in node.ordering)]
    for _, call in node.calls:
        named += [*call.arguments, *(term.key for term in call.ordering)]
        if call.filter is not None:
            named.append(call.filter)
        for bound in (call.frame.start, call.frame.end):
            if bound.offset is not None:
                named.append(bound.offset)
            if bound.target is not None:
                named.append(SymbolRef(bound.target))
    return named


def _window_call(
    context: Lowering,
    node: Window,
    call: WindowCall,
    partition: list[Sql],
    order: list[Sql],
    sort_keys: tuple[Sql, ...],
) -> Sql:
    parts: list[Sql] = []
    text: list[str] = []
    if partition:
        text.append("PARTITION BY {0}")
        parts.append(sql.fragment("{*}", *partition))
    if order:
        text.append(f"ORDER BY {{{len(parts)}}}")
        by_distance = call.frame.unit is FrameUnit.RANGE and _has_distance(call.frame)
        parts.append(_single_term(node.ordering[0], sort_keys[0]) if by_distance else sql.fragment("{*}", *order))
    if call.frame != DEFAULT_FRAME:
        text.append(f"{{{len(parts)}}}")
        parts.append(_frame(context, call.frame, node, sort_keys))
    lower = require_group(call.function, over_window=True)
    terms = None if call.filter is None else conditions(context, call.filter)
    return lower(
        GroupCall(
            call.function,
            call.arguments,
            tuple(context.expressions(call.arguments)),
            context,
            distinct=call.distinct,
            order=tuple(sort_terms(context, call.ordering)),
            filter=None if terms is None else sql.conjunction(terms),
            over=sql.fragment(f"({' '.join(text)})", *parts),
            ignore_nulls=call.ignore_nulls,
            ordering_keys=sort_keys,
        )
    )


def _has_distance(frame: WindowFrame) -> bool:
    return frame.start.offset is not None or frame.end.offset is not None


def _single_term(term: Ordering, key: Sql) -> Sql:
    """The order of a frame by distance, of which DuckDB wants one term: where NaN comes first, it stands for the least
    number, for which no number is near enough either."""
    if term.nulls_first and term.key.type in (DOUBLE, REAL):
        key = sql.fragment("CASE WHEN isnan({0}) THEN '-infinity' ELSE {0} END", key)
    direction = "ASC" if term.ascending else "DESC"
    return sql.fragment(f"{{0}} {direction} NULLS {'FIRST' if term.nulls_first else 'LAST'}", key)


def _frame(context: Lowering, frame: WindowFrame, node: Window, sort_keys: tuple[Sql, ...]) -> Sql:
    start = _bound(context, frame.unit, frame.start, node, sort_keys)
    end = _bound(context, frame.unit, frame.end, node, sort_keys)
    return sql.fragment(f"{frame.unit.value} BETWEEN {{0}} AND {{1}}", start, end)


def _bound(context: Lowering, unit: FrameUnit, bound: FrameBound, node: Window, sort_keys: tuple[Sql, ...]) -> Sql:
    if bound.kind not in (FrameBoundKind.PRECEDING, FrameBoundKind.FOLLOWING):
        return sql.fragment(bound.kind.value)
    assert bound.offset is not None
    if unit is not FrameUnit.RANGE:
        return sql.fragment(f"{{0}} {bound.kind.value}", _checked_offset(context, bound.offset))
    key_type = node.ordering[0].key.type
    distance = _distance(context, bound, key_type, sort_keys[0], ascending=node.ordering[0].ascending)
    return sql.fragment(f"{{0}} {bound.kind.value}", distance)


def _checked_offset(context: Lowering, offset: Expression) -> Sql:
    value = context.expression(offset)
    raised = context.fail(INVALID_WINDOW_FRAME, _BAD_OFFSET, "BIGINT")

    def checked(v: Sql) -> Sql:
        return sql.fragment("CASE WHEN {0} >= 0 THEN {0} ELSE {1} END", v, raised)

    return sql.let(value, checked)


def _distance(context: Lowering, bound: FrameBound, key_type: Type, key: Sql, *, ascending: bool) -> Sql:
    """How far the frame reaches from the current row's key, for DuckDB to add or subtract.

    The target was computed with Trino's operators; the difference to it is exact for exact types. Doubles keep the
    distance as written, because a difference of doubles is rounded.
    """
    assert bound.offset is not None
    if bound.target is None or key_type in (DOUBLE, REAL):
        offset = context.expression(bound.offset)
        if key_type in (DOUBLE, REAL):
            # DuckDB refuses an infinite distance; the greatest one reaches as far.
            offset = sql.fragment("least({0}, 1.7976931348623157e308)", offset)
        return _checked_distance(context, offset, offset)
    target = order_key(context.expression(SymbolRef(bound.target)), bound.target.type)
    upwards = (bound.kind is FrameBoundKind.FOLLOWING) == ascending
    high, low = (target, key) if upwards else (key, target)
    if key_type == DATE:
        distance = sql.fragment("to_days(CAST({0} - {1} AS INTEGER))", high, low)
    elif isinstance(key_type, TimestampType | TimestampTzType):
        distance = sql.fragment("to_microseconds(epoch_us({0}) - epoch_us({1}))", high, low)
    else:
        distance = sql.binary("-", high, low)
    return _checked_distance(context, context.expression(bound.offset), distance, key)


def _checked_distance(context: Lowering, offset: Sql, distance: Sql, key: Sql | None = None) -> Sql:
    """The distance, unless the offset it was made from is NULL; a NULL key has only its peers around."""
    if sql.is_literal(offset):
        return distance
    raised = context.fail(INVALID_WINDOW_FRAME, _BAD_OFFSET, "BIGINT")
    wrong = sql.fragment("CASE WHEN {0} IS NULL THEN {1} END IS NOT NULL", offset, raised)
    return sql.fragment("CASE WHEN {0} THEN NULL ELSE {1} END", wrong, distance)


NODES[Window] = _lower_window
