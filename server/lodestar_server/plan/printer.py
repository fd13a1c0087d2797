"""EXPLAIN: a plan as text, as JSON and as a graph. Names are those of the symbols; subqueries follow their node."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from lodestar_server.ir import (
    AggregateCall,
    ArrayConstructor,
    Between,
    Call,
    Case,
    Cast,
    Coalesce,
    Comparison,
    Constant,
    Exists,
    Expression,
    FieldAccess,
    In,
    InSubquery,
    IsNull,
    Lambda,
    Logical,
    Not,
    NullIf,
    Ordering,
    QuantifiedComparison,
    RoutineCall,
    RowConstructor,
    ScalarSubquery,
    SimpleCase,
    SymbolRef,
    Try,
    WindowCall,
)
from lodestar_server.ir.nodes import (
    Aggregate,
    Filter,
    Join,
    Limit,
    Output,
    PlanNode,
    Project,
    RecursiveScan,
    RecursiveUnion,
    Sample,
    SetOperation,
    Shared,
    SharedScan,
    Sort,
    TableDelete,
    TableFunctionScan,
    TableScan,
    TableWrite,
    Unnest,
    Values,
    Window,
    subplans,
)
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.spi.handles import WriteKind
from lodestar_server.spi.types import VarcharType
from lodestar_server.spi.values import frozen

MAX_SHOWN = 60
"""Constants longer than this many characters are cut."""


@frozen
class Step:
    """A node ready to print: name, descriptor (name → text), layout, detail lines, children."""

    name: str
    descriptor: dict[str, str]
    outputs: list[tuple[str, str]]
    details: list[str] = field(default_factory=list)
    children: list[Step] = field(default_factory=list)
    node: PlanNode | None = None


def describe(node: PlanNode) -> Step:
    """The tree of steps of a plan."""
    name, descriptor, details = _own(node)
    sources = node.sources
    if isinstance(node, Project) and _only_renames(node):
        return describe(node.source)
    children = [describe(source) for source in sources]
    for expression in expressions_of(node):
        children += [describe(plan) for plan in subplans(expression)]
    outputs = [(symbol.name, symbol.type.display) for symbol in node.outputs]
    return Step(name, descriptor, outputs, details, children, node)


def _only_renames(node: Project) -> bool:
    return all(isinstance(value, SymbolRef) and value.symbol == symbol for symbol, value in node.assignments)


def print_text(plan: PlanNode) -> str:
    """The text of EXPLAIN: one line per node with its layout and details below it."""
    lines: list[str] = []
    _print(describe(plan), "", "", lines)
    return "\n".join(lines) + "\n"


def _print(step: Step, first: str, rest: str, lines: list[str]) -> None:
    shown = ", ".join(f"{key} = {value}" for key, value in step.descriptor.items())
    lines.append(f"{first}{step.name}[{shown}]")
    below = rest + ("│   " if step.children else "    ")
    layout = ", ".join(f"{name}:{type_}" for name, type_ in step.outputs)
    lines.append(f"{below}Layout: [{layout}]")
    lines.extend(f"{below}{detail}" for detail in step.details)
    for number, child in enumerate(step.children, 1):
        last = number == len(step.children)
        _print(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "), lines)


def to_json(plan: PlanNode) -> dict[str, Any]:
    """The document of EXPLAIN (FORMAT JSON): fragment id → tree."""
    counter = iter(range(1_000_000))

    def convert(step: Step) -> dict[str, Any]:
        return {
            "id": str(next(counter)),
            "name": step.name,
            "descriptor": step.descriptor,
            "outputs": [{"name": name, "type": type_} for name, type_ in step.outputs],
            "details": step.details,
            "estimates": [],
            "children": [convert(child) for child in step.children],
        }

    return {"0": convert(describe(plan))}


def to_graphviz(plan: PlanNode) -> str:
    """The graph of EXPLAIN (FORMAT GRAPHVIZ)."""
    lines = ["digraph logical_plan {", "subgraph cluster_graphviz_plan {", 'label = "SINGLE"']
    edges: list[str] = []
    counter = iter(range(1, 1_000_000))

    def visit(step: Step) -> int:
        number = next(counter)
        shown = "; ".join(f"{key} = {value}" for key, value in step.descriptor.items()).replace('"', "'")
        lines.append(f'plannode_{number}[label="{{{step.name}|{shown}}}", style="rounded, filled", shape=record];')
        for child in step.children:
            edges.append(f"plannode_{number} -> plannode_{visit(child)};")
        return number

    visit(describe(plan))
    return "\n".join([*lines, "}", *edges, "}"]) + "\n"


def _own(node: PlanNode) -> tuple[str, dict[str, str], list[str]]:
    match node:
        case Output():
            return "Output", {"columnNames": f"[{', '.join(node.names)}]"}, []
        case TableWrite():
            return _WRITERS[node.target.kind], {"table": f"{node.target.catalog}:{node.target.name}"}, []
        case TableDelete():
            return "TableDelete", {"target": str(node.table)}, []
        case TableScan() if node.function:
            outputs = ", ".join(symbol.name for symbol in node.outputs)
            return "TableFunctionProcessor", {"name": node.function, "properOutputs": f"[{outputs}]"}, []
        case TableScan():
            details = [f"{symbol.name} := {column}" for symbol, column in node.columns]
            return "TableScan", {"table": str(node.table)}, details
        case Values():
            details = [f"({', '.join(map(show, row))})" for row in node.rows[:20]]
            return "Values", {"rows": str(len(node.rows))}, details
        case Filter():
            return "Filter", {"filterPredicate": show(node.predicate)}, []
        case Project():
            made = [
                f"{symbol.name} := {show(value)}"
                for symbol, value in node.assignments
                if not (isinstance(value, SymbolRef) and value.symbol == symbol)
            ]
            return "Project", {}, made
        case Join():
            name = {"INNER": "InnerJoin", "LEFT": "LeftJoin", "RIGHT": "RightJoin", "FULL": "FullJoin"}[node.kind.value]
            lateral = {"lateral": "true"} if node.lateral else {}
            return name, {"criteria": show(node.condition), **lateral}, []
        case Aggregate():
            return _aggregate(node)
        case Window():
            return _window(node)
        case Sort():
            return "Sort", {"orderBy": _orderings(node.ordering)}, []
        case Limit():
            count = "all" if node.count is None else str(node.count)
            offset = {"offset": str(node.offset)} if node.offset else {}
            ties = {"withTies": "true"} if node.ties else {}
            return "Limit", {"count": count, **offset, **ties}, []
        case Sample():
            return "Sample", {"type": node.method.value, "ratio": str(node.ratio)}, []
        case Unnest():
            return "Unnest", {"unnest": ", ".join(show(value) for value, _ in node.collections)}, []
        case SetOperation():
            quantifier = "DISTINCT" if node.distinct else "ALL"
            return node.operator.value.capitalize(), {"quantifier": quantifier}, []
        case Shared():
            return "Shared", {"key": str(node.key)}, []
        case SharedScan():
            return "SharedScan", {"key": str(node.key)}, []
        case RecursiveUnion():
            return "RecursiveUnion", {"key": str(node.key), "maxSteps": str(node.max_steps)}, []
        case RecursiveScan():
            return "RecursiveScan", {"key": str(node.key)}, []
        case TableFunctionScan():
            return "TableFunction", {"name": node.name, **{key: str(value) for key, value in node.arguments}}, []
    return type(node).__name__, {}, []


_WRITERS = {
    WriteKind.CREATE_TABLE: "TableWriter",
    WriteKind.INSERT: "TableInsert",
    WriteKind.ANALYZE: "StatisticsWriter",
    WriteKind.ROW_CHANGES: "MergeWriter",
    WriteKind.REFRESH: "TableWriter",
}


def _aggregate(node: Aggregate) -> tuple[str, dict[str, str], list[str]]:
    descriptor = {"keys": f"[{', '.join(key.name for key in node.keys)}]"} if node.keys else {}
    if node.grouping_sets is not None:
        sets = ", ".join(f"[{', '.join(key.name for key in one)}]" for one in node.grouping_sets)
        descriptor["groupingSets"] = f"[{sets}]"
    details = [f"{symbol.name} := {show_aggregate(call)}" for symbol, call in node.aggregations]
    return "Aggregate", descriptor, details


def _window(node: Window) -> tuple[str, dict[str, str], list[str]]:
    descriptor: dict[str, str] = {}
    if node.partition_by:
        descriptor["partitionBy"] = f"[{', '.join(map(show, node.partition_by))}]"
    if node.ordering:
        descriptor["orderBy"] = _orderings(node.ordering)
    return "Window", descriptor, [f"{symbol.name} := {show_window_call(call)}" for symbol, call in node.calls]


def _orderings(orderings: tuple[Ordering, ...]) -> str:
    shown = (
        f"{show(one.key)} {'ASC' if one.ascending else 'DESC'} NULLS {'FIRST' if one.nulls_first else 'LAST'}"
        for one in orderings
    )
    return f"[{', '.join(shown)}]"


def show_aggregate(call: AggregateCall) -> str:
    """An aggregate call as EXPLAIN prints it."""
    distinct = "DISTINCT " if call.distinct else ""
    arguments = ", ".join(map(show, call.arguments)) or ("*" if call.function.name == "count" else "")
    order = f" ORDER BY {_orderings(call.ordering)}" if call.ordering else ""
    condition = "" if call.filter is None else f" FILTER (WHERE {show(call.filter)})"
    return f"{call.function.name}({distinct}{arguments}{order}){condition}"


def show_window_call(call: WindowCall) -> str:
    """A window call as EXPLAIN prints it."""
    nulls = " IGNORE NULLS" if call.ignore_nulls else ""
    frame = call.frame
    shown = f"{frame.unit.value} BETWEEN {frame.start.kind.value} AND {frame.end.kind.value}"
    return f"{call.function.name}({', '.join(map(show, call.arguments))}){nulls} {shown}"


def show(expression: Expression) -> str:
    """An expression as EXPLAIN prints it."""
    match expression:
        case Constant():
            return _constant(expression)
        case SymbolRef(symbol=symbol):
            return symbol.name
        case Call(function=function, arguments=arguments):
            operator = _OPERATORS.get(function.name)
            if operator is not None and len(arguments) == 2:
                return f"({show(arguments[0])} {operator} {show(arguments[1])})"
            return f"{function.name}({', '.join(map(show, arguments))})"
        case Cast(value=value, target=target, safe=safe):
            return f"{'TRY_CAST' if safe else 'CAST'}({show(value)} AS {target.display})"
        case Comparison(operator=operator_, left=left, right=right):
            return f"({show(left)} {operator_.value} {show(right)})"
        case Between(value=value, minimum=minimum, maximum=maximum):
            return f"({show(value)} BETWEEN {show(minimum)} AND {show(maximum)})"
        case In(value=value, items=items):
            return f"({show(value)} IN ({', '.join(map(show, items))}))"
        case Logical(operator=logical, terms=terms):
            return f"({f' {logical.value} '.join(map(show, terms))})"
        case Not(value=value):
            return f"(NOT {show(value)})"
        case IsNull(value=value):
            return f"({show(value)} IS NULL)"
        case Case(branches=branches, default=default):
            shown = " ".join(f"WHEN {show(a)} THEN {show(b)}" for a, b in branches)
            return f"(CASE {shown} ELSE {show(default)} END)"
        case SimpleCase(operand=operand, branches=branches, default=default):
            shown = " ".join(f"WHEN {show(a)} THEN {show(b)}" for a, b in branches)
            return f"(CASE {show(operand)} {shown} ELSE {show(default)} END)"
        case Coalesce(values=values):
            return f"COALESCE({', '.join(map(show, values))})"
        case NullIf(value=value, other=other):
            return f"NULLIF({show(value)}, {show(other)})"
        case RoutineCall(routine=routine, arguments=arguments):
            return f"{routine.name}({', '.join(map(show, arguments))})"
        case Try(value=value):
            return f"TRY({show(value)})"
        case RowConstructor(fields=fields):
            return f"ROW({', '.join(map(show, fields))})"
        case FieldAccess(base=base, index=index):
            return f"{show(base)}[{index + 1}]"
        case ArrayConstructor(elements=elements):
            return f"ARRAY[{', '.join(map(show, elements))}]"
        case Lambda(parameters=parameters, body=body):
            return f"({', '.join(p.name for p in parameters)}) -> {show(body)}"
        case ScalarSubquery(output=output):
            return f"(subquery {output.name})"
        case Exists():
            return "EXISTS (subquery)"
        case InSubquery(value=value, output=output):
            return f"({show(value)} IN (subquery {output.name}))"
        case QuantifiedComparison(operator=operator_, quantifier=quantifier, value=value, output=output):
            return f"({show(value)} {operator_.value} {quantifier.value} (subquery {output.name}))"
    return type(expression).__name__


_OPERATORS = {"$add": "+", "$subtract": "-", "$multiply": "*", "$divide": "/", "$modulo": "%"}


def _constant(constant: Constant) -> str:
    value = constant.value
    if value is None:
        return f"{constant.type.display} null"
    text = str(value)
    if len(text) > MAX_SHOWN:
        text = text[:MAX_SHOWN] + "…"
    if isinstance(constant.type, VarcharType):
        return f"'{text}'"
    return f"{constant.type.display} '{text}'"
