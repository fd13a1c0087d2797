"""EXPLAIN (TYPE IO): which tables a plan reads, with what restriction and cost, and which it writes.

The text is laid out as Trino's, whose readers compare it. Costs are sums over scans, filters and projections; of a
plan with any other work they are unknown (NaN). Source: Trino IoPlanPrinter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lodestar_server.ir import Expression, Symbol, SymbolRef, conjuncts, referenced_symbols, replace_symbols
from lodestar_server.ir.nodes import Filter, Output, PlanNode, Project, TableScan, Values, subplans
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.plan.cost.estimates import UNKNOWN, PlanEstimate
from lodestar_server.plan.cost.estimator import Estimator
from lodestar_server.plan.optimizer.domains import extract_domains
from lodestar_server.spi.handles import CatalogTable, ColumnHandle
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import Type, fixed_size
from lodestar_server.spi.types.numbers import double_text

ColumnNames = Callable[[CatalogTable], Mapping[ColumnHandle, str]]
ValueText = Callable[[Type, Any], str]

_NULL_FLAG_BYTES, _OFFSET_BYTES, _VARIABLE_BYTES = 1, 4, 50
"""Per value: its null flag, the offset of one of variable width, and the width of one that nobody knows."""


def print_io(
    plan: PlanNode, estimator: Estimator, names: ColumnNames, value_text: ValueText, written: QualifiedName | None
) -> str:
    """The text. `names` gives the columns of a table, `value_text` a constant as text, `written` is the target."""
    inputs: list[dict[str, Any]] = []
    for scan, domains in _scans(plan):
        described = _input(scan, domains, estimator, names, value_text)
        if described not in inputs:
            inputs.append(described)
    found: dict[str, Any] = {"inputTableColumnInfos": inputs}
    if written is not None:
        found["outputTable"] = _table(written.catalog, written.schema, written.name)
        found["estimate"] = _figures(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
    else:
        estimate = estimator.estimate(plan)
        cpu = _cpu(plan, estimator)
        memory = UNKNOWN if cpu is None else 0.0
        size = _bytes(estimate, plan.outputs)
        found["estimate"] = _figures(estimate.rows, size, UNKNOWN if cpu is None else cpu, memory)
    return _json(found, 0)


def _scans(node: PlanNode, terms: Sequence[Expression] = ()) -> Iterator[tuple[TableScan, dict[Symbol, Domain]]]:
    """Each scan, those of subqueries among them, with what the filters above it say of its columns."""
    below: Sequence[Expression] = ()
    match node:
        case TableScan() if not node.function:
            yield node, extract_domains(terms)
        case Filter():
            below = [*conjuncts(node.predicate), *terms]
        case Project():
            same = {symbol: value for symbol, value in node.assignments if isinstance(value, SymbolRef)}
            below = [replace_symbols(one, same) for one in terms if referenced_symbols(one) <= set(same)]
    for source in node.sources:
        yield from _scans(source, below)
    for expression in expressions_of(node):
        for inner in subplans(expression):
            yield from _scans(inner)


def _input(
    scan: TableScan, domains: Mapping[Symbol, Domain], estimator: Estimator, names: ColumnNames, value_text: ValueText
) -> dict[str, Any]:
    restricted: dict[ColumnHandle, Domain] = dict(scan.enforced.entries or ())
    handles = dict(scan.columns)
    for symbol, domain in domains.items():
        if symbol in handles:
            handle = handles[symbol]
            restricted[handle] = restricted[handle].intersect(domain) if handle in restricted else domain
    named = names(scan.table)
    constraints = [
        {"columnName": named[handle], "type": domain.type.display, "domain": _domain(domain, value_text)}
        for handle, domain in restricted.items()
        if handle in named and not domain.is_all
    ]
    estimate = estimator.estimate(scan)
    size = _bytes(estimate, scan.outputs)
    name = scan.table.name
    return {
        "table": _table(scan.table.catalog, name.schema, name.table),
        "constraint": {"none": scan.enforced.entries is None, "columnConstraints": constraints},
        "estimate": _figures(estimate.rows, size, size, 0.0),
    }


def _table(catalog: str, schema: str, table: str) -> dict[str, Any]:
    return {"catalog": catalog, "schemaTable": {"schema": schema, "table": table}}


def _domain(domain: Domain, value_text: ValueText) -> dict[str, Any]:
    ranges = [
        {
            "low": _bound(domain.type, one.low, one.low_inclusive, "ABOVE", value_text),
            "high": _bound(domain.type, one.high, one.high_inclusive, "BELOW", value_text),
        }
        for one in domain.ranges
    ]
    return {"nullsAllowed": domain.null_allowed, "ranges": ranges}


def _bound(type_: Type, value: Any, inclusive: bool, outside: str, value_text: ValueText) -> dict[str, Any]:
    """One end of a range; an end without a value lies beyond all values."""
    if value is None:
        return {"bound": outside}
    return {"value": value_text(type_, value), "bound": "EXACTLY" if inclusive else outside}


def _cpu(node: PlanNode, estimator: Estimator) -> float | None:
    """Bytes that a plan of scans, filters and projections goes over, None for any other plan."""
    if any(True for expression in expressions_of(node) for _ in subplans(expression)):
        return None
    match node:
        case TableScan() if not node.function:
            return _bytes(estimator.estimate(node), node.outputs)
        case Values():
            return 0.0
        case Filter(source=source):
            below = _cpu(source, estimator)
            return None if below is None else below + _bytes(estimator.estimate(source), source.outputs)
        case Output(source=source):
            return _cpu(source, estimator)
        case Project(source=source):
            below = _cpu(source, estimator)
            # Names alone cost nothing; columns that are made or left out do.
            same = len(node.outputs) == len(source.outputs) and all(
                isinstance(value, SymbolRef) for _, value in node.assignments
            )
            if below is None or same or isinstance(source, Values):
                return below
            return below + _bytes(estimator.estimate(node), node.outputs)
    return None


def _bytes(estimate: PlanEstimate, symbols: Sequence[Symbol]) -> float:
    """Bytes of a node's rows in Trino's memory."""
    # Nothing times an unknown number of rows is unknown too.
    return sum((_column_bytes(estimate, symbol) for symbol in dict.fromkeys(symbols)), start=estimate.rows * 0.0)


def _column_bytes(estimate: PlanEstimate, symbol: Symbol) -> float:
    rows, column = estimate.rows, estimate.column(symbol)
    present = rows * (1 - (0.0 if math.isnan(column.nulls) else column.nulls))
    fixed = fixed_size(symbol.type)
    if fixed:
        return present * fixed + rows * _NULL_FLAG_BYTES
    average = _VARIABLE_BYTES if math.isnan(column.size) else column.size
    return present * average + rows * (_NULL_FLAG_BYTES + _OFFSET_BYTES)


def _figures(rows: float, size: float, cpu: float, memory: float) -> dict[str, Any]:
    return {
        "outputRowCount": float(rows),
        "outputSizeInBytes": float(size),
        "cpuCost": float(cpu),
        "maxMemory": float(memory),
        "networkCost": float(memory),
    }


def _json(value: Any, depth: int) -> str:
    """JSON with a blank before each colon and objects of a list on the line of its bracket."""
    match value:
        case dict():
            pad = "  " * (depth + 1)
            entries = (f'{pad}"{key}" : {_json(one, depth + 1)}' for key, one in value.items())
            return "{\n" + ",\n".join(entries) + "\n" + "  " * depth + "}"
        case list():
            return f"[ {_joined(_json(one, depth) for one in value)} ]" if value else "[ ]"
        case bool():
            return "true" if value else "false"
        case float():
            return double_text(value) if math.isfinite(value) else f'"{double_text(value)}"'
    return _quoted(value)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _quoted(text: str) -> str:
    shown = (_ESCAPES.get(one) or (one if one >= " " else f"\\u{ord(one):04X}") for one in text)
    return f'"{"".join(shown)}"'
