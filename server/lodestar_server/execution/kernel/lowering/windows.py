"""Window functions: PARTITION BY, ORDER BY and every kind of frame."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import compared_in_order, identity_key, may_refuse_order, order_key
from lodestar_server.execution.kernel.functions.registry import GroupCall, require_group
from lodestar_server.execution.kernel.lowering.basic import sort_terms
from lodestar_server.execution.kernel.lowering.block import Block, Stage, apart
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering
from lodestar_server.execution.kernel.lowering.frames import BAD_OFFSET, frames_by_distance, measured
from lodestar_server.execution.kernel.lowering.logic import mask
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    Expression,
    FrameBound,
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
from lodestar_server.spi.types import DOUBLE, REAL


def _lower_window(context: Lowering, node: Window) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WINDOW)
    if any(may_refuse_order(one.type) for one in _sorted_by(node)):
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


def _sorted_by(node: Window) -> list[Expression]:
    """What Trino compares rows by: with the keys of partitions, but where it only numbers rows, which it hashes."""
    numbered_only = not node.ordering and all(call.function.name == "row_number" for _, call in node.calls)
    return [] if numbered_only else [*node.partition_by, *(term.key for term in node.ordering)]


def _compared(context: Lowering, block: Block, node: Window) -> tuple[Window, Block]:
    """The rows with sort keys that raise where arrays or rows of a partition have no order."""
    made: dict[Symbol, Sql] = {}
    before: list[Sql] = []
    compared = _sorted_by(node)

    def key_of(one: Expression, term: Ordering) -> Expression:
        value = context.expression(one)
        plain = sort_terms(context, (term,))
        if not (plain and may_refuse_order(one.type) and one in compared):
            before.append(identity_key(value, one.type))
            return one
        symbol = context.own_symbol(one.type)
        made[symbol] = compared_in_order(value, one.type, before, plain)
        before.append(identity_key(value, one.type))
        return SymbolRef(symbol)

    with context.scope(block.columns):
        partition = tuple(key_of(one, Ordering(one)) for one in node.partition_by)
        ordering = tuple(replace(term, key=key_of(term.key, term)) for term in node.ordering)
    block.columns = {**block.columns, **made}
    block.stage = Stage.WINDOW
    return replace(node, partition_by=partition, ordering=ordering), block.wrapped(context)


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
    by_distance = call.frame.unit is FrameUnit.RANGE and _has_distance(call.frame)
    parts: list[Sql] = []
    text: list[str] = []
    if partition:
        text.append("PARTITION BY {0}")
        parts.append(sql.fragment("{*}", *partition))
    if order:
        text.append(f"ORDER BY {{{len(parts)}}}")
        parts.append(_single_term(node.ordering[0], sort_keys[0]) if by_distance else sql.fragment("{*}", *order))
    lower = require_group(call.function, over_window=True)
    where = mask(context, call.filter, alone=False)

    def over(frame: Sql | None) -> Sql:
        framed = text if frame is None else [*text, f"{{{len(parts)}}}"]
        window = sql.fragment(f"({' '.join(framed)})", *parts, *([] if frame is None else [frame]))
        return lower(
            GroupCall(
                call.function,
                call.arguments,
                tuple(context.expressions(call.arguments)),
                context,
                distinct=call.distinct,
                order=tuple(sort_terms(context, call.ordering)),
                filter=where,
                over=window,
                ignore_nulls=call.ignore_nulls,
                ordering_keys=sort_keys,
            )
        )

    if call.frame == DEFAULT_FRAME:
        return over(None)
    if not by_distance:
        start, end = (_bound(context, call.frame.unit, one) for one in (call.frame.start, call.frame.end))
        return over(sql.fragment(f"{call.frame.unit.value} BETWEEN {{0}} AND {{1}}", start, end))
    frames = frames_by_distance(context, call.frame, node.ordering[0])
    *rest, (_, last) = ((when, over(frame)) for when, frame in frames)
    return sql.case(rest, last) if rest else last


def _has_distance(frame: WindowFrame) -> bool:
    return frame.start.offset is not None or frame.end.offset is not None


def _single_term(term: Ordering, key: Sql) -> Sql:
    """The order of a frame by distance, of which DuckDB wants one term: where NaN comes first, it stands for the least
    number, for which no number is near enough either."""
    if term.nulls_first and term.key.type in (DOUBLE, REAL):
        key = sql.fragment("CASE WHEN isnan({0}) THEN '-infinity' ELSE {0} END", key)
    direction = "ASC" if term.ascending else "DESC"
    nulls = "FIRST" if term.nulls_first else "LAST"
    return sql.fragment(f"{{0}} {direction} NULLS {nulls}", measured(key, term.key.type))


def _bound(context: Lowering, unit: FrameUnit, bound: FrameBound) -> Sql:
    if bound.offset is None:
        return sql.fragment(bound.kind.value)
    return sql.fragment(f"{{0}} {bound.kind.value}", _checked_offset(context, bound.offset))


def _checked_offset(context: Lowering, offset: Expression) -> Sql:
    value = context.expression(offset)
    raised = context.fail(INVALID_WINDOW_FRAME, BAD_OFFSET, "BIGINT")

    def checked(v: Sql) -> Sql:
        return sql.fragment("CASE WHEN {0} >= 0 THEN {0} ELSE {1} END", v, raised)

    return sql.let(value, checked)


NODES[Window] = _lower_window
