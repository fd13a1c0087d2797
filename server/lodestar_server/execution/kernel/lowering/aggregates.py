"""GROUP BY, grouping sets and DISTINCT."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_identity, identity_key
from lodestar_server.execution.kernel.functions.registry import GroupCall, require_group
from lodestar_server.execution.kernel.lowering.basic import sort_terms
from lodestar_server.execution.kernel.lowering.block import Block, Stage, apart
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering
from lodestar_server.execution.kernel.lowering.logic import mask
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import AggregateCall, Expression, Symbol, SymbolRef
from lodestar_server.ir.nodes import Aggregate, Filter, PlanNode, Project, Sort, TableScan, Values


def _lower_aggregate(context: Lowering, node: Aggregate) -> Block:
    source = node.source.source if isinstance(node.source, Sort) else node.source
    block = context.relation(source).reaching(context, Stage.WHERE)
    block, calls = apart(context, block, [call for _, call in node.aggregations])
    named: list[Expression] = [SymbolRef(key) for key in node.keys]
    named += [argument for one in calls for argument in _expressions(one)]
    block = block.using(context, named, once=not node.keys)
    if any(sql.is_literal(block.columns[key]) for key in node.keys):
        block = block.wrapped(context)
    keys = {key: identity_key(block.columns[key], key.type) for key in node.keys}
    columns: dict[Symbol, Sql] = {}
    for key in node.keys:
        columns[key] = _shown(block.columns[key], keys, key, grouping_sets=node.grouping_sets is not None)
    bounded, few = _has_rows_of_scan(source), _has_few_rows(source)
    # A group without keys that nothing unfiltered reads: Trino filters its rows before.
    alone = not node.keys and all(one.filter is not None for one in calls)
    with context.scope(block.columns):
        for (symbol, _), one in zip(node.aggregations, calls, strict=True):
            where = mask(context, one.filter, alone=alone)
            columns[symbol] = _aggregate_call(context, one, where, bounded=bounded, few=few)
    if node.group_id is not None:
        columns[node.group_id] = _group_id(node.grouping_sets or (), node.keys, keys)
    if node.grouping_sets is not None:
        sets = [sql.fragment("({*})", *(keys[key] for key in one)) for one in node.grouping_sets]
        block.group = sql.fragment("GROUPING SETS ({*})", *sets)
    elif keys:
        block.group = sql.fragment("{*}", *keys.values())
    else:
        # Spelled out, so that one row comes even when nobody reads an aggregate.
        block.group = sql.fragment("()")
    block.columns = columns
    block.stage = Stage.GROUP
    return block


def _has_rows_of_scan(node: PlanNode) -> bool:
    while isinstance(node, Filter | Project):
        node = node.source
    return isinstance(node, TableScan)


_FEW = 1000


def _has_few_rows(node: PlanNode) -> bool:
    """No more than are written in the statement, and in that order."""
    while isinstance(node, Project | Filter):
        node = node.source
    return isinstance(node, Values) and len(node.rows) <= _FEW


def _expressions(call: AggregateCall) -> list[Expression]:
    filters = [] if call.filter is None else [call.filter]
    return [*call.arguments, *filters, *(term.key for term in call.ordering)]


def _shown(value: Sql, keys: dict[Symbol, Sql], key: Symbol, *, grouping_sets: bool) -> Sql:
    """A key as an output: itself, or any value of its group when it groups by something else."""
    if has_own_identity(key.type):
        return value
    first = sql.fixed_fragment("first({0})", value)
    if not grouping_sets:
        return first
    return sql.case([(sql.fixed_fragment("grouping({0}) = 0", keys[key]), first)])


def _group_id(sets: Sequence[tuple[Symbol, ...]], order: Sequence[Symbol], keys: dict[Symbol, Sql]) -> Sql:
    """The index of the grouping set, told from which keys DuckDB says are absent; equal sets share the first's."""
    if not order:
        return sql.fragment("CAST(0 AS BIGINT)")
    masks: dict[int, int] = {}
    for index, one in enumerate(sets):
        mask = sum(1 << (len(order) - 1 - position) for position, key in enumerate(order) if key not in one)
        masks.setdefault(mask, index)
    branches = " ".join(f"WHEN {mask} THEN {index}" for mask, index in masks.items())
    return sql.fixed_fragment(f"CAST(CASE grouping({{*}}) {branches} END AS BIGINT)", *(keys[key] for key in order))


def _aggregate_call(context: Lowering, call: AggregateCall, where: Sql | None, *, bounded: bool, few: bool) -> Sql:
    lower = require_group(call.function, over_window=False)
    return lower(
        GroupCall(
            call.function,
            call.arguments,
            tuple(context.expressions(call.arguments)),
            context,
            distinct=call.distinct,
            order=tuple(sort_terms(context, call.ordering)),
            filter=where,
            bounded=bounded,
            few_rows=few,
        )
    )


NODES[Aggregate] = _lower_aggregate
