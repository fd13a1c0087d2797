"""Row pattern recognition: a partition's rows as one list through the matcher, and its rows unnested."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import identity_key
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.registry import GroupCall, require_group
from lodestar_server.execution.kernel.lowering.block import Block, Stage
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering, split_slots
from lodestar_server.execution.kernel.matching.conditions import ROWS, SLOTS, ConditionQuery
from lodestar_server.execution.kernel.matching.function import MatchFunction
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Symbol, SymbolRef, referenced_symbols
from lodestar_server.ir.nodes.patterns import AggregateSlot, ColumnSlot, LabelCondition, MatchRows


def _lower_match_rows(context: Lowering, node: MatchRows) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WHERE)
    block = block.using(context, [SymbolRef(symbol) for symbol in node.inputs])
    fields: dict[str, Symbol] = {"r": node.row}
    fields.update({f"b{i}": symbol for i, (_, symbol) in enumerate(node.conditions)})
    if node.frame_end is not None:
        fields["e"] = node.frame_end
    fields.update({f"v{i}": symbol for i, symbol in enumerate(node.values)})
    row = sql.struct(**{name: block.columns[symbol] for name, symbol in fields.items()})
    rows = sql.fixed_fragment("list({0} ORDER BY {1})", row, block.columns[node.row])
    name = f"match_partitions_{len(context.functions)}"
    parameter = ", ".join(f"{field} {duckdb_type(symbol.type)}" for field, symbol in fields.items())
    result = ", ".join(f"f{i} {duckdb_type(symbol.type)}" for i, symbol in enumerate(node.outputs))
    queries = tuple(_condition(context, node, one) for one in node.dependent)
    context.functions.append(MatchFunction(name, (f"STRUCT({parameter})[]",), f"STRUCT({result})[]", node, queries))
    keys = [identity_key(block.columns[key], key.type) for key in node.partition_by]
    block.group = sql.fragment("{*}", *keys) if keys else sql.fragment("()")
    matched = block.query([("m", sql.fixed_fragment(f"{name}({{0}})", rows))])
    item = sql.fragment(f"(SELECT unnest(m) AS u FROM ({{0}})) AS {context.alias()}", matched)
    return Block({symbol: sql.fragment(f"u.f{i}") for i, symbol in enumerate(node.outputs)}, [item]).wrapped(context)


def _condition(context: Lowering, node: MatchRows, condition: LabelCondition) -> ConditionQuery:
    positions = {symbol: index for index, symbol in enumerate(node.values)}
    aggregates: list[tuple[str, ...] | None] = []
    values: list[tuple[int, ...]] = []
    for slot in condition.slots:
        aggregates.append(_aggregate(context, slot, positions) if isinstance(slot, AggregateSlot) else None)
        if isinstance(slot, ColumnSlot):
            values.append((positions[slot.column],))
        elif isinstance(slot, AggregateSlot):
            read = {one for argument in slot.call.arguments for one in referenced_symbols(argument)}
            values.append(tuple(sorted(positions[one] for one in read if one in positions)))
        else:
            values.append(())
    with context.scope({slot.symbol: sql.name(f"s{i}") for i, slot in enumerate(condition.slots)}):
        answer = context.expression(condition.condition)
    query = sql.fragment(f"SELECT {{0}} AS v FROM {SLOTS} ORDER BY k", answer)
    pieces = split_slots(sql.render(query))
    return ConditionQuery(pieces, condition.slots, tuple(aggregates), tuple(values))


def _aggregate(context: Lowering, slot: AggregateSlot, positions: dict[Symbol, int]) -> tuple[str, ...]:
    columns: dict[Symbol, Sql] = {symbol: sql.name(f"v{index}") for symbol, index in positions.items()}
    if slot.classifier is not None:
        columns[slot.classifier] = sql.name("l")
    if slot.number is not None:
        columns[slot.number] = sql.name("n")
    with context.scope(columns):
        lower = require_group(slot.call.function, over_window=False)
        arguments = tuple(context.expressions(slot.call.arguments))
        call = GroupCall(slot.call.function, slot.call.arguments, arguments, context, filter=sql.name("p"))
        value = lower(call)
    # The rows come in the order of the match, and the aggregate takes them as they come.
    query = sql.fragment(
        f"SELECT v FROM (SELECT k, {{0}} AS v FROM (SELECT * FROM {ROWS} ORDER BY k, o) GROUP BY k) ORDER BY k", value
    )
    return split_slots(sql.render(query))


NODES[MatchRows] = _lower_match_rows
