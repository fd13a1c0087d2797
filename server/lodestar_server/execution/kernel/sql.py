"""Building DuckDB SQL as trees: the only module that knows sqlglot.

Nodes are immutable by convention and may be shared between trees. Fragment texts are written by us; values of users
enter through `text`, `number` and `blob` only, names of users never do (columns are `c<symbol id>`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

from sqlglot import exp
from sqlglot.generators.duckdb import DuckDBGenerator

Sql: TypeAlias = Any
"""A sqlglot expression tree (sqlglot is untyped for us)."""

_PLACEHOLDER = re.compile(r"\{(\d+|\*)\}")


class Fragment(exp.Expression):
    """Our own text with holes: `this` is the compiled pieces, `expressions` fills the holes.

    `fixed`: it holds what may not stand inside a lambda; `SUBQUERY`, or `PLACED` for an aggregate, a window function or
    whatever else belongs to the query block in which it stands.
    """

    arg_types = {"this": True, "expressions": False, "fixed": False}


SUBQUERY, PLACED = 1, 2


def _generate_fragment(generator: Any, node: Any) -> str:
    arguments = node.args["expressions"]
    parts: list[str] = []
    for piece in node.args["this"]:
        if piece.__class__ is str:
            parts.append(piece)
        elif piece < 0:
            parts.append(", ".join([generator.sql(argument) for argument in arguments]))
        else:
            parts.append(generator.sql(arguments[piece]))
    return "".join(parts)


class _Generator(DuckDBGenerator):
    """DuckDB's generator of sqlglot with our fragments."""

    TRANSFORMS = {**DuckDBGenerator.TRANSFORMS, Fragment: _generate_fragment}


def render(tree: Sql) -> str:
    """The DuckDB text of a tree."""
    generator = _Generator(dialect="duckdb", comments=False, normalize_functions=False)
    rendered: str = generator.generate(tree, copy=False)
    return rendered


@lru_cache(maxsize=8192)
def _compile(template: str) -> tuple[str | int, ...]:
    pieces: list[str | int] = []
    position = 0
    for match in _PLACEHOLDER.finditer(template):
        if match.start() > position:
            pieces.append(template[position : match.start()])
        pieces.append(-1 if match.group(1) == "*" else int(match.group(1)))
        position = match.end()
    if position < len(template):
        pieces.append(template[position:])
    return tuple(pieces)


def fragment(template: str, *arguments: Sql) -> Sql:
    """`template` with `{0}`, `{1}` … replaced by the arguments, `{*}` by all of them with commas between.

    The template is ours, never a user's, and stands for itself in any context: a call, or in parentheses. One that is
    nothing but a hole is its argument, which stays recognizable as a literal or a column.
    """
    if template == "{0}":
        return arguments[0]
    fixed = max((argument.args.get("fixed") or 0 for argument in arguments), default=0)
    return Fragment(this=_compile(template), expressions=list(arguments), fixed=fixed)


def fixed_fragment(template: str, *arguments: Sql) -> Sql:
    """`fragment` of an aggregate or a window function."""
    return Fragment(this=_compile(template), expressions=list(arguments), fixed=PLACED)


def subquery_fragment(template: str, *arguments: Sql) -> Sql:
    """`fragment` of a subquery."""
    return Fragment(this=_compile(template), expressions=list(arguments), fixed=SUBQUERY)


def call(function: str, *arguments: Sql) -> Sql:
    """A call of a DuckDB function or of one of our macros."""
    return fragment(function + "({*})", *arguments)


def name(text_: str) -> Sql:
    """A generated column name or lambda parameter."""
    return exp.Column(this=exp.Identifier(this=text_, quoted=False))


def quoted(text_: str) -> Sql:
    """A column named by a file or by DuckDB itself, quoted."""
    return exp.Column(this=exp.Identifier(this=text_, quoted=True))


NULL: Sql = exp.Null()
TRUE: Sql = exp.Boolean(this=True)
FALSE: Sql = exp.Boolean(this=False)


def boolean(value: bool) -> Sql:
    """TRUE or FALSE."""
    return TRUE if value else FALSE


def number(value: int) -> Sql:
    """An integer literal; DuckDB gives it the smallest of INTEGER, BIGINT, HUGEINT that holds it."""
    return fragment(str(value)) if value >= 0 else fragment(f"({value})")


def text(value: str) -> Sql:
    """A string literal; NUL, which cannot stand in a statement, is added by chr(0)."""
    if "\0" not in value:
        return exp.Literal(this=value, is_string=True)
    parts = [part for piece in value.split("\0") for part in (fragment("chr(0)"), text(piece))][1:]
    return chain("||", parts)


def blob(value: bytes) -> Sql:
    """A BLOB literal."""
    return fragment(f"unhex('{value.hex()}')")


def cast(value: Sql, duckdb_type: str, *, safe: bool = False) -> Sql:
    """DuckDB's own CAST or TRY_CAST."""
    return fragment(f"{'TRY_CAST' if safe else 'CAST'}({{0}} AS {duckdb_type})", value)


def typed_null(duckdb_type: str) -> Sql:
    """NULL with a type."""
    return fragment(f"CAST(NULL AS {duckdb_type})")


def chain(operator: str, terms: Sequence[Sql]) -> Sql:
    """Terms with an operator between, in parentheses; one term is itself."""
    if len(terms) == 1:
        return terms[0]
    holes = f" {operator} ".join(f"{{{i}}}" for i in range(len(terms)))
    return fragment(f"({holes})", *terms)


def binary(operator: str, left: Sql, right: Sql) -> Sql:
    """(left operator right)."""
    return fragment(f"({{0}} {operator} {{1}})", left, right)


def conjunction(terms: Sequence[Sql]) -> Sql:
    """AND of terms; TRUE for none."""
    return chain("AND", terms) if terms else TRUE


def disjunction(terms: Sequence[Sql]) -> Sql:
    """OR of terms; FALSE for none."""
    return chain("OR", terms) if terms else FALSE


def negation(value: Sql) -> Sql:
    """NOT value."""
    return fragment("(NOT {0})", value)


def is_null(value: Sql) -> Sql:
    """value IS NULL."""
    return fragment("({0} IS NULL)", value)


def is_not_null(value: Sql) -> Sql:
    """value IS NOT NULL."""
    return fragment("({0} IS NOT NULL)", value)


def case(branches: Iterable[tuple[Sql, Sql]], default: Sql | None = None) -> Sql:
    """CASE WHEN condition THEN result … [ELSE default] END; lazy in DuckDB."""
    arguments = [part for branch in branches for part in branch]
    whens = " ".join(f"WHEN {{{i}}} THEN {{{i + 1}}}" for i in range(0, len(arguments), 2))
    if default is None:
        return fragment(f"CASE {whens} END", *arguments)
    return fragment(f"CASE {whens} ELSE {{{len(arguments)}}} END", *arguments, default)


def attempt(value: Sql) -> Sql:
    """TRY(value) of ours, where no other expression shares a part that raises: NULL where the value raises.

    NULL at once for a value with a subquery, which DuckDB cannot try.
    """
    return fragment("NULL") if value.args.get("fixed") else fragment("TRY({0})", value)


GUARD = "TRY ("
"""Where a statement has this, DuckDB must not compute common subexpressions ahead: it takes them out of TRY, too."""


def guarded(value: Sql) -> Sql:
    """A user's TRY(value)."""
    return fragment(f"{GUARD}{{0}})", value)


def struct(**fields: Sql) -> Sql:
    """A STRUCT with named fields."""
    holes = ", ".join(f"{field} := {{{i}}}" for i, field in enumerate(fields))
    return fragment(f"struct_pack({holes})", *fields.values())


def field(value: Sql, field_name: str) -> Sql:
    """The field of a STRUCT, NULL of NULL."""
    known = _packed_field(value, field_name)
    if known is not None:
        return known
    if isinstance(value, Fragment) and not value.args["expressions"]:
        template = value.args["this"][0]
        if template.startswith(_NULL_STRUCT):
            # DuckDB forgets the types of a NULL's fields.
            return typed_null(_field_type(template[len(_NULL_STRUCT) : -2], field_name))
    return fragment(f"struct_extract({{0}}, '{field_name}')", value)


_ONE_BRANCH = ("CASE WHEN ", 0, " THEN ", 1, " END")


def _packed_field(value: Sql, field_name: str) -> Sql | None:
    """The field of a STRUCT that is packed here, if nothing is lost with the others."""
    if not isinstance(value, Fragment):
        return None
    pieces, parts = value.args["this"], value.args["expressions"]
    if pieces == _ONE_BRANCH:
        inner = _packed_field(parts[1], field_name)
        return None if inner is None else case([(parts[0], inner)])
    if not (parts and str(pieces[0]).startswith("struct_pack(")):
        return None
    for piece, place in zip(pieces[::2], pieces[1::2], strict=False):
        if re.split(r"[(, ]+", piece)[-3:-1] == [field_name, ":="]:
            others = parts[:place] + parts[place + 1 :]
            return parts[place] if all(map(is_simple, others)) else None
    return None


_NULL_STRUCT = "CAST(NULL AS STRUCT("


def _field_type(fields: str, wanted: str) -> str:
    """The type of one field in the text between the parentheses of STRUCT(…)."""
    depth = start = 0
    for position, character in enumerate(fields + ","):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            field_name, _, type_ = fields[start:position].strip().partition(" ")
            if field_name.strip('"') == wanted:
                return type_
            start = position + 1
    raise KeyError(wanted)


_variables = count(1)


def function_of(body: Callable[..., Sql], arity: int = 1) -> Sql:
    """A DuckDB lambda whose parameters have fresh names."""
    names = [f"v{next(_variables)}" for _ in range(arity)]
    return lambda_of(names, body(*(name(one) for one in names)))


def lambda_of(parameters: Sequence[str], body: Sql) -> Sql:
    """A DuckDB lambda with given parameter names."""
    return fragment(f"lambda {', '.join(parameters)}: {{0}}", body)


_VOLATILE = ("random(", "uuid(")
"""Calls without arguments that give another value each time."""


def is_simple(value: Sql) -> bool:
    """A value that may be repeated without cost: a column, a literal."""
    if isinstance(value, Fragment):
        arguments = value.args["expressions"]
        if not arguments:
            return not any(call in value.args["this"][0] for call in _VOLATILE)
        if value.args["this"][0] in _FREE:
            return all(is_simple(part) for part in arguments)
        return _is_cheap(value)
    return isinstance(value, exp.Column | exp.Literal | exp.Null | exp.Boolean)


def _is_cheap(value: Sql) -> bool:
    """Cheaper to compute again than to keep: one step from columns and literals."""
    return value.args["this"] in _CHEAP and all(
        isinstance(part, exp.Column | exp.Literal) or (isinstance(part, Fragment) and not part.args["expressions"])
        for part in value.args["expressions"]
    )


def is_constant(value: Sql) -> bool:
    """A value that names no column."""
    if isinstance(value, Fragment):
        return not value.args["fixed"] and all(is_constant(part) for part in value.args["expressions"])
    return not isinstance(value, exp.Column)


def is_literal(value: Sql) -> bool:
    """A value that DuckDB would take for a column's position, or refuse, in GROUP BY and ORDER BY."""
    if isinstance(value, Fragment):
        return not value.args["expressions"] and not value.args["fixed"]
    return isinstance(value, exp.Literal | exp.Null | exp.Boolean)


def orders_by_literal(term: Sql) -> bool:
    """A term of ORDER BY whose key is a literal."""
    if not isinstance(term, Fragment):
        return is_literal(term)
    return not term.args["fixed"] and all(is_literal(part) for part in term.args["expressions"])


def is_reference(value: Sql) -> bool:
    """A column or a field of one: NULL when the row is made of NULLs."""
    if isinstance(value, Fragment):
        return value.args["this"][0] == "struct_extract(" and is_reference(value.args["expressions"][0])
    return isinstance(value, exp.Column)


_FREE = {"struct_extract(", "make_timestamp("}
_CHEAP = {_compile(text) for text in ("({0} + {1})", "({0} - {1})", "({0} * {1})", "CAST({0} AS TIMESTAMP)")}


def let(value: Sql, body: Callable[[Sql], Sql]) -> Sql:
    """`body` over a value that is computed once, however often the body names it.

    Where the body may not stand in a lambda it becomes a subquery over a value that has a subquery itself; where it may
    not stand there either, for an aggregate, the value is repeated.
    """
    return let_all([value], body)


def let_all(values: Sequence[Sql], body: Callable[..., Sql]) -> Sql:
    """`let` over several values, all computed outside of the body: they may be aggregates."""
    bound = [index for index, value in enumerate(values) if not is_simple(value)]
    if not bound:
        return body(*values)

    def unpacked(packed: Sql) -> Sql:
        given = list(values)
        for index in bound:
            given[index] = field(packed, f"a{index}") if len(bound) > 1 else packed
        return body(*given)

    function = function_of(unpacked)
    if function.args["fixed"]:
        chosen = [values[index] for index in bound]
        # Without a subquery it may as well be repeated: DuckDB rather has few levels of subqueries.
        with_subquery = any(value.args.get("fixed") == SUBQUERY for value in chosen)
        if function.args["fixed"] == PLACED or not with_subquery or any(_is_placed(value) for value in chosen):
            return body(*values)
        return _let_in_subquery(values, bound, body)
    if len(bound) == 1:
        packed = values[bound[0]]
    else:
        packed = struct(**{f"a{index}": values[index] for index in bound})
    return fragment("list_transform([{0}], {1})[1]", packed, function)


def _is_placed(value: Sql) -> bool:
    """It belongs to its query block, or gives another value for each of its rows."""
    if not isinstance(value, Fragment):
        return False
    if value.args["fixed"] == PLACED:
        return True
    texts = (piece for piece in value.args["this"] if piece.__class__ is str)
    return any(call in text_ for text_ in texts for call in _VOLATILE) or any(
        map(_is_placed, value.args["expressions"])
    )


def _let_in_subquery(values: Sequence[Sql], bound: Sequence[int], body: Callable[..., Sql]) -> Sql:
    given = list(values)
    names = {index: f"v{next(_variables)}" for index in bound}
    for index in bound:
        given[index] = name(names[index])
    items = ", ".join(f"{{{place + 1}}} AS {names[index]}" for place, index in enumerate(bound))
    alias = f"l{next(_variables)}"
    chosen = [values[index] for index in bound]
    return subquery_fragment(f"(SELECT {{0}} FROM (SELECT {items}) AS {alias})", body(*given), *chosen)
