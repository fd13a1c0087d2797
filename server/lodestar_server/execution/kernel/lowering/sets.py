"""UNION, INTERSECT, EXCEPT, shared relations and recursion."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import (
    compared_in_order,
    has_own_identity,
    identity_key,
    may_refuse_order,
)
from lodestar_server.execution.kernel.lowering.block import RECURSIVE, Block, Stage, derived
from lodestar_server.execution.kernel.lowering.context import NODES, SHARING_SLOT, Lowering, column_name, slot
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Symbol, is_deterministic
from lodestar_server.ir.nodes import (
    PlanNode,
    RecursiveUnion,
    Sample,
    SetOperation,
    SetOperator,
    Shared,
    subplans,
    walk_plan,
)
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.spi.errors import NOT_SUPPORTED


def _lower_set_operation(context: Lowering, node: SetOperation) -> Block:
    inputs = [
        _renamed(context, source, mapping, node.symbols)
        for source, mapping in zip(node.inputs, node.mappings, strict=True)
    ]
    compared = not node.distinct and any(may_refuse_order(symbol.type) for symbol in node.symbols)
    native = not compared and all(has_own_identity(symbol.type) for symbol in node.symbols)
    if native or (node.operator is SetOperator.UNION and not node.distinct):
        between = f"{node.operator.value}{'' if node.distinct else ' ALL'}"
        query = sql.fragment(f" {between} ".join(f"({{{i}}})" for i in range(len(inputs))), *inputs)
        return derived(context, query, node.symbols)
    return _by_key(context, node, inputs)


def _renamed(context: Lowering, node: PlanNode, mapping: Sequence[Symbol], symbols: Sequence[Symbol]) -> Sql:
    block = context.relation(node)
    return block.query([(column_name(to), block.columns[of]) for of, to in zip(mapping, symbols, strict=True)])


def _by_key(context: Lowering, node: SetOperation, inputs: list[Sql]) -> Block:
    """Set operations on types whose encoding does not compare by itself: group all rows by their keys.

    `k1` tells which input a row comes from; with ALL, `k2` numbers equal rows of one input, so that the n-th meets the
    n-th.
    """
    keys = [identity_key(sql.name(column_name(symbol)), symbol.type) for symbol in node.symbols]
    tagged: list[Sql] = []
    for index, query in enumerate(inputs):
        parts = [sql.name(column_name(symbol)) for symbol in node.symbols]
        number = (
            sql.fragment("1")
            if node.distinct
            else sql.fragment("row_number() OVER (PARTITION BY {*})", *keys)
            if keys
            else sql.fragment("row_number() OVER ()")
        )
        tagged.append(
            sql.fragment(
                f"SELECT {{0}}, {index} AS k1, {{1}} AS k2 FROM ({{2}})", sql.fragment("{*}", *parts), number, query
            )
        )
    everything = sql.fragment(" UNION ALL ".join(f"({{{i}}})" for i in range(len(tagged))), *tagged)
    if not node.distinct:
        everything = _compared(context, everything, node.symbols)
    block = derived(context, everything, node.symbols)
    block.group = sql.fragment("{*}", *keys, sql.name("k2"))
    having = {
        SetOperator.UNION: "",
        SetOperator.INTERSECT: f" HAVING count(DISTINCT k1) = {len(inputs)}",
        SetOperator.EXCEPT: " HAVING max(k1) = 0",
    }[node.operator]
    outputs = [
        (column_name(symbol), sql.fragment("first({0} ORDER BY k1)", block.columns[symbol])) for symbol in node.symbols
    ]
    return derived(context, sql.fragment(f"{{0}}{having}", block.query(outputs)), node.symbols)


def _compared(context: Lowering, tagged: Sql, symbols: Sequence[Symbol]) -> Sql:
    """The rows, where arrays and rows with a NULL inside raise when there are two of them: Trino sorts equal rows."""
    if not any(may_refuse_order(symbol.type) for symbol in symbols):
        return tagged
    columns = [sql.name(column_name(symbol)) for symbol in symbols]
    keys = [identity_key(column, symbol.type) for column, symbol in zip(columns, symbols, strict=True)]
    outputs: list[Sql] = []
    for column, symbol in zip(columns, symbols, strict=True):
        compared = may_refuse_order(symbol.type)
        value = compared_in_order(column, symbol.type, keys, [sql.fragment("1")]) if compared else column
        outputs.append(sql.fragment(f"{{0}} AS {column_name(symbol)}", value))
    return sql.fragment(
        f"SELECT {{0}}, k1, k2 FROM ({{1}}) AS {context.alias()}", sql.fragment("{*}", *outputs), tagged
    )


def _lower_shared(context: Lowering, node: Shared) -> Block:
    definition = context.relation(node.definition)
    symbols = node.definition.outputs
    context.shared[node.key] = [column_name(symbol) for symbol in symbols]
    query = definition.query_of(symbols)
    body = context.relation(node.body)
    # DuckDB knows best whether to keep the rows, but volatile calls count once, and streams are read once: see the
    # slot's filling.
    keep = slot(SHARING_SLOT) if _is_deterministic(node.definition) else sql.fragment("MATERIALIZED")
    body.ctes.insert(0, sql.fragment(f"s{node.key} AS {{1}} ({{0}})", query, keep))
    return body.wrapped(context)


def _is_deterministic(plan: PlanNode) -> bool:
    """Nothing in the plan may give other rows the second time."""
    for node in walk_plan(plan):
        if isinstance(node, Sample):
            return False
        for expression in expressions_of(node):
            if not is_deterministic(expression) or not all(map(_is_deterministic, subplans(expression))):
                return False
    return True


def _lower_recursive_union(context: Lowering, node: RecursiveUnion) -> Block:
    """WITH RECURSIVE with a column that counts the steps."""
    names = [column_name(symbol) for symbol in node.symbols]
    context.shared[node.key] = names
    step_column = f"d{node.key}"
    base = context.relation(node.base).wrapped(context)
    base_query = _numbered(node, base, node.mappings[0], sql.fragment("0"))
    outer, context.inside_recursion = context.inside_recursion, True
    try:
        step = context.relation(node.step)
    finally:
        context.inside_recursion = outer
    # The step reads the rows of the step before, all of one number; before the first there may be none.
    previous = sql.fragment(f"(SELECT COALESCE(max({step_column}), 0) FROM r{node.key})")
    message = (
        f"Recursion depth limit exceeded ({node.max_steps}). "
        "Use 'max_recursion_depth' session property to modify the limit."
    )
    raised = context.fail(NOT_SUPPORTED, message, "INTEGER")
    number = sql.fragment(f"CASE WHEN {{0}} >= {node.max_steps} THEN {{1}} ELSE {{0}} + 1 END", previous, raised)
    step_query = _numbered(node, step.wrapped(context), node.mappings[1], number)
    cte = sql.fragment(
        f"{RECURSIVE} r{node.key}({', '.join([*names, step_column])}) AS ({{0}} UNION ALL {{1}})",
        base_query,
        step_query,
    )
    reader = Block(
        {symbol: sql.name(name) for symbol, name in zip(node.symbols, names, strict=True)},
        [sql.fragment(f"r{node.key}")],
        ctes=[cte],
    )
    if not node.distinct:
        return reader.wrapped(context)
    keys = [identity_key(value, symbol.type) for symbol, value in reader.columns.items()]
    reader.group = sql.fragment("{*}", *keys)
    reader.columns = {
        symbol: value if has_own_identity(symbol.type) else sql.call("first", value)
        for symbol, value in reader.columns.items()
    }
    reader.stage = Stage.GROUP
    return reader.wrapped(context)


def _numbered(node: RecursiveUnion, block: Block, mapping: Sequence[Symbol], number: Sql) -> Sql:
    outputs = [(column_name(to), block.columns[of]) for of, to in zip(mapping, node.symbols, strict=True)]
    return block.query([*outputs, (f"d{node.key}", number)])


NODES[SetOperation] = _lower_set_operation
NODES[Shared] = _lower_shared
NODES[RecursiveUnion] = _lower_recursive_union
