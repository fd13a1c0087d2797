"""Scans, VALUES, filters, projections, sorting, limits and samples."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import (
    compared_in_order,
    identity_key,
    may_refuse_order,
    null_of,
    order_terms,
)
from lodestar_server.execution.kernel.lowering.block import Block, Stage, derived
from lodestar_server.execution.kernel.lowering.context import NODES, Lowering, column_name, slot
from lodestar_server.execution.kernel.lowering.logic import conditions
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Ordering, SymbolRef
from lodestar_server.ir.nodes import (
    Filter,
    Limit,
    Project,
    Sample,
    SharedScan,
    Sort,
    TableFunctionScan,
    TableScan,
    Values,
)
from lodestar_server.ir.nodes.leaves import RecursiveScan
from lodestar_server.spi.errors import FUNCTION_NOT_FOUND, LodestarError


def _lower_scan(context: Lowering, node: TableScan) -> Block:
    name = f"scan{len(context.scans)}"
    context.scans.append((name, node, context.inside_recursion))
    item = sql.fragment(f"{{0}} AS {context.alias()}", slot(name))
    return Block({symbol: sql.name(column_name(symbol)) for symbol in node.outputs}, [item])


def _lower_values(context: Lowering, node: Values) -> Block:
    if len(node.rows) == 1:
        # One row needs no FROM: its values are expressions of the block.
        return Block(dict(zip(node.symbols, context.expressions(node.rows[0]), strict=True)))
    if not node.rows:
        empty = Block({}, where=[sql.FALSE])
        nulls = [(column_name(symbol), null_of(symbol.type)) for symbol in node.symbols]
        return derived(context, empty.query(nulls), node.symbols)
    rows = [sql.fragment("({*})", *(context.expressions(row) or [sql.number(1)])) for row in node.rows]
    names = ", ".join(column_name(symbol) for symbol in node.symbols) or "c0"
    item = sql.fragment(f"(VALUES {{*}}) AS {context.alias()}({names})", *rows)
    return Block({symbol: sql.name(column_name(symbol)) for symbol in node.symbols}, [item])


def _lower_shared_scan(context: Lowering, node: SharedScan | RecursiveScan) -> Block:
    names = context.shared[node.key]
    prefix = "s" if isinstance(node, SharedScan) else "r"
    alias = context.alias()
    item = sql.fragment(f"{prefix}{node.key} AS {alias}")
    columns = {symbol: sql.name(f"{alias}.{name}") for symbol, name in zip(node.symbols, names, strict=True)}
    return Block(columns, [item])


def _lower_filter(context: Lowering, node: Filter) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WHERE).using(context, [node.predicate])
    with context.scope(block.columns):
        block.where += conditions(context, node.predicate)
    block.stage = Stage.WHERE
    return block


def _lower_project(context: Lowering, node: Project) -> Block:
    block = context.relation(node.source)
    if block.stage >= Stage.ORDER and any(not isinstance(value, SymbolRef) for _, value in node.assignments):
        # Computed after a limit, and for the rows that it leaves only.
        block = block.wrapped(context)
    block = block.using(context, [value for _, value in node.assignments], once=True)
    with context.scope(block.columns):
        block.columns = {symbol: context.expression(value) for symbol, value in node.assignments}
    return block


def _lower_sort(context: Lowering, node: Sort) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WINDOW)
    if any(may_refuse_order(term.key.type) for term in node.ordering):
        block.order = _compared_ordering(context, block := block.wrapped(context), node.ordering)
        block.stage = Stage.ORDER
        return block
    block = block.using(context, [term.key for term in node.ordering])
    block.order = ordering(context, block, node.ordering)
    block.stage = Stage.ORDER
    return block


def _compared_ordering(context: Lowering, block: Block, terms: tuple[Ordering, ...]) -> list[Sql]:
    """ORDER BY terms that raise where values of arrays or rows have no order."""
    made: list[Sql] = []
    before: list[Sql] = []
    with context.scope(block.columns):
        for term in terms:
            plain = sort_terms(context, (term,))
            key = context.expression(term.key)
            if plain and may_refuse_order(term.key.type):
                checked = compared_in_order(key, term.key.type, before, plain)
                plain = order_terms(checked, term.key.type, ascending=term.ascending, nulls_first=term.nulls_first)
            made += plain
            before.append(identity_key(key, term.key.type))
    return made


def ordering(context: Lowering, block: Block, terms: tuple[Ordering, ...]) -> list[Sql]:
    """ORDER BY terms over a block's columns."""
    with context.scope(block.columns):
        return sort_terms(context, terms)


def sort_terms(context: Lowering, terms: tuple[Ordering, ...]) -> list[Sql]:
    """ORDER BY terms in the current scope; constants order nothing."""
    made: list[Sql] = []
    for term in terms:
        key = context.expression(term.key)
        if not sql.is_literal(key):
            made += order_terms(key, term.key.type, ascending=term.ascending, nulls_first=term.nulls_first)
    return made


def _lower_limit(context: Lowering, node: Limit) -> Block:
    if node.ties:
        return _limit_with_ties(context, node)
    block = context.relation(node.source).reaching(context, Stage.ORDER)
    block.limit, block.offset = node.count, node.offset
    block.stage = Stage.LIMIT
    return block


def _limit_with_ties(context: Lowering, node: Limit) -> Block:
    """Rows ranked within the count are those before the last one and its ties."""
    block = context.relation(node.source).reaching(context, Stage.WHERE)
    block = block.using(context, [term.key for term in node.ties])
    terms = ordering(context, block, node.ties)
    over = sql.fragment("(ORDER BY {*})", *terms) if terms else sql.fragment("()")
    symbols = list(block.columns)
    outputs = [(column_name(symbol), block.columns[symbol]) for symbol in symbols]
    outputs += [("k1", sql.fragment("rank() OVER {0}", over)), ("k2", sql.fragment("row_number() OVER {0}", over))]
    ranked = derived(context, block.query(outputs), symbols)
    if node.count is not None:
        ranked.where.append(sql.fragment(f"k1 <= {node.count + node.offset}"))
    if node.offset:
        ranked.where.append(sql.fragment(f"k2 > {node.offset}"))
    ranked.order = [sql.fragment("k2")]
    ranked.stage = Stage.ORDER
    return ranked


def _lower_sample(context: Lowering, node: Sample) -> Block:
    block = context.relation(node.source).reaching(context, Stage.WHERE)
    if node.ratio < 1:
        block.where.append(sql.fragment(f"random() < {node.ratio!r}"))
    block.stage = Stage.WHERE
    # A row is drawn once, whatever is joined to it later.
    return block.wrapped(context)


def _lower_table_function(context: Lowering, node: TableFunctionScan) -> Block:
    """`sequence`: the analyzer has checked its arguments."""
    if node.name != "sequence":
        raise LodestarError(FUNCTION_NOT_FOUND, f"Table function '{node.name}' not registered")
    arguments = dict(node.arguments)
    start, stop, step = arguments["start"], arguments["stop"], arguments["step"]
    rows = (stop - start) // step + 1 if step else 1
    alias = context.alias()
    value = sql.fragment(
        f"CAST({{0}} + CAST({alias}.i AS HUGEINT) * {{1}} AS BIGINT)", sql.number(start), sql.number(step)
    )
    made = Block({node.symbols[0]: value}, [sql.fragment(f"range({rows}) AS {alias}(i)")])
    return made.wrapped(context)


NODES[TableScan] = _lower_scan
NODES[TableFunctionScan] = _lower_table_function
NODES[Values] = _lower_values
NODES[SharedScan] = _lower_shared_scan
NODES[RecursiveScan] = _lower_shared_scan
NODES[Filter] = _lower_filter
NODES[Project] = _lower_project
NODES[Sort] = _lower_sort
NODES[Limit] = _lower_limit
NODES[Sample] = _lower_sample
