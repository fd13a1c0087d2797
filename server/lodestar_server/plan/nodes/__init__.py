"""The plan: frozen nodes over symbols. `from lodestar_server.plan import nodes`."""

from lodestar_server.plan.nodes.base import PlanNode, walk_plan
from lodestar_server.plan.nodes.leaves import RecursiveScan, SharedScan, TableFunctionScan, TableScan, Values
from lodestar_server.plan.nodes.output import Output, TableWrite
from lodestar_server.plan.nodes.relational import (
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

__all__ = [
    "Aggregate",
    "Filter",
    "Join",
    "JoinKind",
    "Limit",
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
    "TableFunctionScan",
    "TableScan",
    "TableWrite",
    "Unary",
    "Unnest",
    "Values",
    "Window",
    "walk_plan",
]
