"""The catalogue of functions, read from `catalogue.tsv`: the one source of SHOW FUNCTIONS, resolution and the docs.

Columns of the table: category, name, kind, argument types, result type, type variables (`E:orderable, V`), rules
(`variadic`, `volatile`, `hidden`, `nulls=1,2`: arguments that may be NULL without making the result NULL,
`derive=name`: see `derivations.py`) and a description. Rows are Trino 476's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from lodestar_server.functions.signatures import Signature, TypeVariable, parse_template
from lodestar_server.ir.functions import FunctionKind
from lodestar_server.spi.values import frozen


@frozen
class CatalogueEntry:
    """One row of the table, as written."""

    category: str
    name: str
    kind: FunctionKind
    arguments: str
    result: str
    variables: str
    rules: str
    description: str

    @property
    def deterministic(self) -> bool:
        """Equal arguments give equal results within a query."""
        return "volatile" not in self.rules.split()

    @property
    def hidden(self) -> bool:
        """Callable, but not listed by SHOW FUNCTIONS."""
        return "hidden" in self.rules.split()


@cache
def list_entries() -> tuple[CatalogueEntry, ...]:
    """Every row."""
    text = (files("lodestar_server.functions") / "catalogue.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return tuple(CatalogueEntry(category, name, FunctionKind(kind), *rest) for category, name, kind, *rest in rows)


@cache
def _by_name() -> dict[str, list[CatalogueEntry]]:
    found: dict[str, list[CatalogueEntry]] = {}
    for entry in list_entries():
        if entry.kind is not FunctionKind.TABLE:
            found.setdefault(entry.name.lower(), []).append(entry)
    return found


@cache
def find_signatures(name: str) -> tuple[Signature, ...]:
    """The overloads of a function by its lower-case name; empty when there is none. Table functions are elsewhere."""
    # Trino lists a function once for each of its aliases, so a row may stand there twice.
    return tuple(map(_signature, dict.fromkeys(_by_name().get(name, ()))))


def function_names() -> Iterator[str]:
    """Lower-case names of all scalar, aggregate and window functions."""
    return iter(_by_name())


def _signature(entry: CatalogueEntry) -> Signature:
    variables: dict[str, TypeVariable] = {}
    for part in filter(None, entry.variables.split(", ")):
        name, _, ability = part.partition(":")
        variables[name] = TypeVariable(name, ability == "comparable", ability == "orderable")
    names = frozenset(variables)
    derive: str | None = None
    nulls: tuple[int, ...] = ()
    rules = entry.rules.split()
    for rule in rules:
        key, _, value = rule.partition("=")
        if key == "derive":
            derive = value
        elif key == "nulls":
            nulls = tuple(int(number) for number in value.split(","))
    lower = entry.name.lower()
    return Signature(
        name=lower,
        kind=entry.kind,
        arguments=tuple(parse_template(text, names) for text in filter(None, entry.arguments.split(", "))),
        result=parse_template(entry.result, names),
        text=f"{lower}({entry.arguments})" + (f" {entry.variables}" if entry.variables else ""),
        variables=variables,
        derive=derive,
        variadic="variadic" in rules,
        nulls=nulls,
        deterministic=entry.deterministic,
        hidden=entry.hidden,
        description=entry.description,
    )
