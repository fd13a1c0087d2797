"""How often the text that DuckDB binds would have a part: a subquery that stands in it dozens of times never ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from lodestar_server.execution.kernel.functions.macros import macro_definitions
from lodestar_server.execution.kernel.sql import SUBQUERY, Fragment, Sql, let_all

_MACRO = re.compile(r"\b(trino_\w+)\(")
_SIGNATURE = re.compile(r"CREATE MACRO \w+\((.*?)\) AS(.*)", re.DOTALL)


def once_each(body: Callable[..., Sql], values: Sequence[Sql]) -> Sql:
    """`body` over values, of which those with a subquery are computed once where the body, or a macro, repeats them."""
    made = body(*values)
    subqueries = [place for place, one in enumerate(values) if one.args.get("fixed") == SUBQUERY]
    repeated = [place for place in subqueries if _times_named(made, values[place], {}) > 1]
    if not repeated:
        return made

    def with_names(*names: Sql) -> Sql:
        given = list(values)
        for place, name in zip(repeated, names, strict=True):
            given[place] = name
        return body(*given)

    return let_all([values[place] for place in repeated], with_names)


def _times_named(tree: Sql, part: Sql, known: dict[int, int]) -> int:
    if tree is part:
        return 1
    if not isinstance(tree, Fragment) or not tree.args["fixed"]:
        return 0
    if id(tree) not in known:
        times = 0
        for piece in tree.args["this"]:
            if piece.__class__ is int:
                named = tree.args["expressions"] if piece < 0 else tree.args["expressions"][piece : piece + 1]
                times += sum(_times_named(one, part, known) for one in named)
        texts = (piece for piece in tree.args["this"] if piece.__class__ is str)
        macros = (macro for text in texts for macro in _MACRO.findall(text))
        known[id(tree)] = 2 * times if any(map(_repeats, macros)) else times
    return known[id(tree)]


@cache
def _repeats(macro: str) -> bool:
    """A macro that names some parameter twice, or hands one to a macro that does."""
    found = _SIGNATURE.match(macro_definitions().get(macro, ""))
    if found is None:
        return False
    parameters, body = found.groups()
    if any(len(re.findall(rf"\b{name.strip()}\b", body)) > 1 for name in parameters.split(",")):
        return True
    return any(map(_repeats, _MACRO.findall(body)))
