"""UNNEST: collections side by side, the shorter ones padded with NULL."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.lowering.block import Block, Stage, derived
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering, column_name
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes import Unnest
from lodestar_server.spi.types import MapType, RowType
from lodestar_server.spi.types.arrow import row_field_name
from lodestar_server.spi.types.nested import ArrayType


def lower_unnest(context: Lowering, node: Unnest) -> Block:
    """SELECT with unnest() calls, which DuckDB zips; computed once per row of the source."""
    block = context.relation(node.source).reaching(context, Stage.WHERE)
    block = block.using(context, [collection for collection, _ in node.collections])
    symbols = list(block.columns)
    outputs = [(column_name(symbol), value) for symbol, value in block.columns.items()]
    columns: dict[Symbol, Sql] = {}
    lengths: list[Sql] = []
    made: list[tuple[str, Sql]] = []
    with context.scope(block.columns):
        for collection, targets in node.collections:
            value = context.expression(collection)
            kind = collection.type
            size = "cardinality" if isinstance(kind, MapType) else "len"
            lengths.append(sql.fragment(f"coalesce(CAST({size}({{0}}) AS BIGINT), 0)", value))
            if isinstance(kind, MapType):
                for target, part in zip(targets, ("map_keys", "map_values"), strict=True):
                    made.append((column_name(target), sql.call(part, value)))
                    columns[target] = sql.name(column_name(target))
                continue
            name = f"u{column_name(targets[0])}"
            made.append((name, value))
            assert isinstance(kind, ArrayType)
            if isinstance(kind.element, RowType):
                for position, target in enumerate(targets):
                    columns[target] = sql.field(sql.name(name), row_field_name(position))
            else:
                columns[targets[0]] = sql.name(name)
    if node.ordinality is not None:
        name = column_name(node.ordinality)
        longest = lengths[0] if len(lengths) == 1 else sql.call("greatest", *lengths)
        made.append((name, sql.fragment("range(1, {0} + 1)", longest)))
        columns[node.ordinality] = sql.name(name)
    if node.outer:
        # A row without elements stays, with NULLs; `longest` decides for all collections together.
        longest = lengths[0] if len(lengths) == 1 else sql.call("greatest", *lengths)
        made = [
            (name, sql.fragment("CASE WHEN {0} = 0 THEN [NULL] ELSE {1} END", longest, value)) for name, value in made
        ]
    outputs += [(name, sql.call("unnest", value)) for name, value in made]
    unnested = derived(context, block.query(outputs), symbols)
    unnested.columns.update(columns)
    return unnested


NODES[Unnest] = lower_unnest
