"""Joins. Inner joins are FROM items side by side with their conditions in WHERE, so that DuckDB orders them freely."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.lowering.block import Block, Stage
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering
from lodestar_server.execution.kernel.lowering.logic import conditions
from lodestar_server.execution.kernel.lowering.unnest import lower_unnest
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import TRUE, Expression, referenced_symbols
from lodestar_server.ir.nodes import Join, JoinKind, Unnest, Values


def _lower_join(context: Lowering, node: Join) -> Block:
    if node.lateral:
        return _lower_lateral(context, node)
    if node.kind is JoinKind.RIGHT:
        node = replace(node, kind=JoinKind.LEFT, left=node.right, right=node.left)
    left, right = context.relation(node.left), context.relation(node.right)
    if node.kind is JoinKind.INNER:
        return _merged(context, node, _plain(context, left), _plain(context, right))
    right = _nullable(context, right)
    left = _nullable(context, left) if node.kind is JoinKind.FULL else _plain(context, left)
    return _outer(context, node, left, right, right.items[0])


def _plain(context: Lowering, block: Block) -> Block:
    """A block of FROM and WHERE over simple columns."""
    block = block.reaching(context, Stage.WHERE)
    if all(sql.is_simple(value) for value in block.columns.values()):
        return block
    return block.wrapped(context)


def _nullable(context: Lowering, block: Block) -> Block:
    """A block of one FROM item alone, whose columns all become NULL with its rows."""
    alone = block.stage is Stage.FROM and len(block.items) == 1 and not block.where and not block.ctes
    if alone and all(sql.is_reference(value) for value in block.columns.values()):
        return block
    return block.wrapped(context)


def _merged(context: Lowering, node: Join, left: Block, right: Block) -> Block:
    made = Block(
        {**left.columns, **right.columns},
        [*left.items, *right.items],
        [*left.where, *right.where],
        ctes=[*left.ctes, *right.ctes],
    )
    with context.scope(made.columns):
        made.where += conditions(context, node.condition)
    made.stage = Stage.WHERE if made.where else Stage.FROM
    return made


_OUTER = {JoinKind.LEFT: "LEFT JOIN", JoinKind.FULL: "FULL JOIN"}


def _outer(context: Lowering, node: Join, left: Block, right: Block, right_item: Sql) -> Block:
    if not left.items:
        left = left.wrapped(context)
    columns = {**left.columns, **right.columns}
    # What a side that is kept whole says about itself filters nothing.
    kept = [node.left, node.right] if node.kind is JoinKind.FULL else [node.left]
    sides = [set(side.outputs) for side in kept]

    def filters(term: Expression) -> bool:
        return not any(side.issuperset(referenced_symbols(term)) for side in sides)

    with context.scope(columns):
        terms = conditions(context, node.condition, joins=filters)
    # In parentheses, because it may stand on the right of a CROSS JOIN.
    item = sql.fragment(f"({{0}} {_OUTER[node.kind]} {{1}} ON {{2}})", left.tree(), right_item, sql.conjunction(terms))
    return Block(columns, [item], left.where, ctes=[*left.ctes, *right.ctes], stage=left.stage)


def _lower_lateral(context: Lowering, node: Join) -> Block:
    if isinstance(node.right, Unnest) and node.right.source == _ONE_ROW and node.condition == TRUE:
        outer = node.kind is JoinKind.LEFT or node.right.outer
        return lower_unnest(context, replace(node.right, source=node.left, outer=outer))
    left = _plain(context, context.relation(node.left))
    with context.scope(left.columns):
        right = context.relation(node.right)
    if node.kind is JoinKind.INNER and not right.items and right.stage <= Stage.WHERE:
        # One row computed from the left one.
        return _merged(context, node, left, right)
    right = right.wrapped(context)
    item = sql.fragment("LATERAL {0}", right.items[0])
    if node.kind is JoinKind.INNER:
        return _merged(context, node, left, replace(right, items=[item]))
    return _outer(context, node, left, right, item)


_ONE_ROW = Values((), ((),))

NODES[Join] = _lower_join
