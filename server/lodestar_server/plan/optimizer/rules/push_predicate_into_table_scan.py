"""What a query says of a table's columns goes to its connector: partitions are pruned, listings become look-ups.

Filters stay where they are (the kernel moves them better than we could), except those that a connector guarantees.
"""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.ir import (
    Constant,
    Expression,
    Symbol,
    SymbolRef,
    conjunction,
    conjuncts,
    referenced_symbols,
    replace_symbols,
)
from lodestar_server.ir.nodes import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    PlanNode,
    Project,
    SetOperation,
    Sort,
    TableScan,
    Unnest,
    Window,
)
from lodestar_server.plan.optimizer.domains import extract_domains, is_exact
from lodestar_server.plan.optimizer.rewrite import rebuild, rebuild_subqueries
from lodestar_server.plan.optimizer.rule import RuleContext
from lodestar_server.spi.predicate import TupleDomain


class PushPredicateIntoTableScan:
    """Carries the terms that hold for every needed row down to the scans."""

    name = "push_predicate_into_table_scan"

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """See the class."""
        return _push(plan, [], context)


def _push(node: PlanNode, terms: list[Expression], context: RuleContext) -> PlanNode:
    """The node for a reader that needs only rows for which `terms`, over its outputs, are true."""
    match node:
        case TableScan():
            return _scan(node, terms, context)
        case Filter():
            return _filter(node, terms, context)
        case Project():
            below = _through_renames(node, terms)
            return _with_source(node, below, context)
        case Join():
            return _join(node, terms, context)
        case Aggregate() if node.grouping_sets is None:
            return _with_source(node, _about(terms, set(node.keys)), context)
        case Window():
            keys = {one.symbol for one in node.partition_by if isinstance(one, SymbolRef)}
            return _with_source(node, _about(terms, keys), context)
        case Unnest():
            return _with_source(node, _about(terms, set(node.source.outputs)), context)
        case Sort():
            return _with_source(node, terms, context)
        case SetOperation():
            inputs = []
            for one, mapping in zip(node.inputs, node.mappings, strict=True):
                renamed = {a: SymbolRef(b) for a, b in zip(node.symbols, mapping, strict=True)}
                inputs.append(_push(one, [replace_symbols(term, renamed) for term in terms], context))
            return replace(node, inputs=tuple(inputs))
    return rebuild(node, lambda child: _push(child, [], context))


def _with_source(node: PlanNode, terms: list[Expression], context: RuleContext) -> PlanNode:
    (source,) = node.sources
    pushed = _push(source, terms, context)
    if pushed is not source:
        node = node.with_sources((pushed,))
    return rebuild_subqueries(node, lambda plan: _push(plan, [], context))


def _about(terms: list[Expression], symbols: set[Symbol]) -> list[Expression]:
    """The terms that read nothing but these columns."""
    return [term for term in terms if (used := referenced_symbols(term)) and used <= symbols]


def _through_renames(node: Project, terms: list[Expression]) -> list[Expression]:
    renames = {symbol: value for symbol, value in node.assignments if isinstance(value, SymbolRef)}
    return [replace_symbols(term, renames) for term in _about(terms, set(renames))]


def _join(node: Join, terms: list[Expression], context: RuleContext) -> PlanNode:
    left_columns, right_columns = set(node.left.outputs), set(node.right.outputs)
    on = conjuncts(node.condition)
    kind = node.kind
    left_terms = terms if kind in (JoinKind.INNER, JoinKind.LEFT) else []
    right_terms = terms if kind in (JoinKind.INNER, JoinKind.RIGHT) else []
    if kind in (JoinKind.INNER, JoinKind.RIGHT):
        left_terms = [*left_terms, *on]
    if kind in (JoinKind.INNER, JoinKind.LEFT):
        right_terms = [*right_terms, *on]
    left = _push(node.left, _about(left_terms, left_columns), context)
    right = _push(node.right, _about(right_terms, right_columns), context)
    if left is not node.left or right is not node.right:
        node = replace(node, left=left, right=right)
    return rebuild_subqueries(node, lambda plan: _push(plan, [], context))


def _filter(node: Filter, terms: list[Expression], context: RuleContext) -> PlanNode:
    own = conjuncts(node.predicate)
    source = _push(node.source, [*terms, *own], context)
    kept = [term for term in own if not (isinstance(term, Constant) and term.value is True)]
    if isinstance(source, TableScan) and not source.enforced.is_all:
        kept = [term for term in kept if not _enforced(source, term)]
    if len(kept) != len(own):
        if not kept:
            return source
        node = replace(node, predicate=conjunction(kept))
    if source is not node.source:
        node = replace(node, source=source)
    return rebuild_subqueries(node, lambda plan: _push(plan, [], context))


def _enforced(scan: TableScan, term: Expression) -> bool:
    if not is_exact(term):
        return False
    handles = dict(scan.columns)
    guaranteed = scan.enforced.domains
    if scan.enforced.is_none:
        return True
    for symbol, domain in extract_domains([term]).items():
        known = guaranteed.get(handles[symbol]) if symbol in handles else None
        if known is None or known.intersect(domain) != known:
            return False
    return True


def _scan(node: TableScan, terms: list[Expression], context: RuleContext) -> PlanNode:
    handles = dict(node.columns)
    domains = {handles[symbol]: domain for symbol, domain in extract_domains(terms).items() if symbol in handles}
    if not domains:
        return node
    wanted = TupleDomain.of(domains)
    result = context.catalog.apply_filter(node.table, wanted)
    if result is None:
        return node
    table, remaining = result
    left = remaining.domains
    taken = TupleDomain.none() if wanted.is_none else wanted.filter(lambda column, domain: left.get(column) != domain)
    return replace(node, table=table, enforced=node.enforced.intersect(taken))
