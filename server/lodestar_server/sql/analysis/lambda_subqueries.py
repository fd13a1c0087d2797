"""EXISTS inside a lambda: the one subquery that is let in there, planned beside the call.

It may refer to columns around the call. Of an element it could only be asked for each of them anew, and that no plan
can do.
"""

from __future__ import annotations

from lodestar_server import ir
from lodestar_server.ir import Exists, Expression, Lambda, Symbol, SymbolRef
from lodestar_server.ir.nodes import free_symbols
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.types import BOOLEAN
from lodestar_server.sql.analysis.routines.calls import let


def lifted(symbols: ir.SymbolAllocator, call: ir.Call) -> Expression:
    """The outermost call of a lambda with what EXISTS finds computed before it.

    Raises: GENERIC_INTERNAL_ERROR for an EXISTS over an argument of a lambda.
    """
    found = list(dict.fromkeys(part for one in call.arguments if isinstance(one, Lambda) for part in _exists(one)))
    if not found:
        return call
    elements = {parameter for part in ir.walk(call) if isinstance(part, Lambda) for parameter in part.parameters}
    for part in found:
        if not elements.isdisjoint(one.symbol for one in free_symbols(part.relation)):
            raise LodestarError(GENERIC_INTERNAL_ERROR, "No value present")
    names: dict[Exists, Symbol] = {part: symbols.new(BOOLEAN, "exists") for part in found}

    def change(part: Expression) -> Expression:
        return SymbolRef(names[part]) if isinstance(part, Exists) and part in names else part

    value = ir.transform(call, change)
    for part, name in names.items():
        value = let(name, part, value)
    return value


def _exists(node: Lambda) -> list[Exists]:
    return [part for part in ir.walk(node) if isinstance(part, Exists)]
