"""The plan: frozen nodes over symbols. `from lodestar_server.ir import nodes`."""

from lodestar_server.ir.nodes.base import PlanNode, walk_plan
from lodestar_server.ir.nodes.leaves import RecursiveScan, SharedScan, TableFunctionScan, TableScan, Values
from lodestar_server.ir.nodes.output import Output, TableDelete, TableWrite
from lodestar_server.ir.nodes.patterns import MatchRows
from lodestar_server.ir.nodes.relational import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    RecursiveUnion,
    Sample,
    SampleMethod,
    SetOperation,
    SetOperator,
    Shared,
    Sort,
    Unary,
    Unnest,
    Window,
)
from lodestar_server.ir.nodes.walk import (
    expressions_of,
    free_symbols,
    map_aggregate,
    map_expressions,
    map_window_call,
    subplans,
)

__all__ = [
    "Aggregate",
    "Filter",
    "Join",
    "JoinKind",
    "Limit",
    "MatchRows",
    "Output",
    "PlanNode",
    "Project",
    "RecursiveScan",
    "RecursiveUnion",
    "Sample",
    "SampleMethod",
    "SetOperation",
    "SetOperator",
    "Shared",
    "SharedScan",
    "Sort",
    "TableDelete",
    "TableFunctionScan",
    "TableScan",
    "TableWrite",
    "Unary",
    "Unnest",
    "Values",
    "Window",
    "expressions_of",
    "free_symbols",
    "map_aggregate",
    "map_expressions",
    "map_window_call",
    "subplans",
    "walk_plan",
]
