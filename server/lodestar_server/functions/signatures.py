"""Signatures with type variables, and the little language in which the catalogue writes them.

`array(T)`, `varchar(x)`, `decimal(p,s)`, `timestamp(p) with time zone`, `row(K,V)`, `function(S,T,S)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lodestar_server.ir.functions import FunctionKind
from lodestar_server.spi.types import (
    MAX_VARCHAR_LENGTH,
    ArrayType,
    CharType,
    ClassifierType,
    DecimalType,
    FunctionType,
    MapType,
    QDigestType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.text import SIMPLE_TYPES
from lodestar_server.spi.values import frozen

NUMERIC_BASES = ("varchar", "char", "decimal", "time", "timestamp", "time with time zone", "timestamp with time zone")
"""Bases whose parameters are numbers."""


@frozen
class Template:
    """A type in a signature: a concrete type, a type variable, or a base over templates or numbers.

    `numbers` are literal numbers or names of number variables; only for NUMERIC_BASES.
    """

    base: str
    children: tuple[Template, ...] = ()
    numbers: tuple[int | str, ...] = ()
    concrete: Type | None = None
    field_names: tuple[str | None, ...] = ()

    @property
    def is_variable(self) -> bool:
        """A type variable such as T."""
        return self.concrete is None and not self.children and not self.numbers

    def number_variables(self) -> Iterator[str]:
        """The names of number variables inside."""
        for number in self.numbers:
            if isinstance(number, str):
                yield number
        for child in self.children:
            yield from child.number_variables()


@frozen
class TypeVariable:
    """A type variable and what its type must allow."""

    name: str
    comparable: bool = False
    orderable: bool = False

    def __str__(self) -> str:
        if self.orderable:
            return f"{self.name}:orderable"
        return f"{self.name}:comparable" if self.comparable else self.name

    def allows(self, type_: Type) -> bool:
        """The type may stand for the variable."""
        return (not self.comparable or type_.comparable) and (not self.orderable or type_.orderable)


@frozen
class Signature:
    """One overload. `derive` names the entry of DERIVATIONS that computes the result's number variables.

    `text` is how Trino prints the overload in messages: `max(t) T:orderable`. With `variadic` the last argument
    repeats (zero times too, for functions of one argument kind). `nulls` are 1-based arguments that may be NULL
    without making the result NULL.
    """

    name: str
    kind: FunctionKind
    arguments: tuple[Template, ...]
    result: Template
    text: str
    variables: Mapping[str, TypeVariable]
    derive: str | None = None
    variadic: bool = False
    nulls: tuple[int, ...] = ()
    deterministic: bool = True
    hidden: bool = False
    description: str = ""

    def argument_templates(self, count: int) -> tuple[Template, ...] | None:
        """The templates of a call with `count` arguments; None when it cannot have so many."""
        if not self.variadic:
            return self.arguments if len(self.arguments) == count else None
        fixed = len(self.arguments) - 1
        if count < fixed:
            return None
        return (*self.arguments[:-1], *([self.arguments[-1]] * (count - fixed)))


_TOKEN = re.compile(r'\s*(?:"([^"]*)"|([A-Za-z_]\w*|\d+)|([(),]))')
_MULTI_WORD = {
    "interval day to second": SIMPLE_TYPES["interval day to second"],
    "interval year to month": SIMPLE_TYPES["interval year to month"],
}


@lru_cache(maxsize=2048)
def parse_template(text: str, variables: frozenset[str]) -> Template:
    """Read a type of the catalogue; names in `variables` (any case) are type variables."""
    if text in _MULTI_WORD:
        return Template(text, concrete=_MULTI_WORD[text])
    zoned = text.endswith(" with time zone")
    body = text.removesuffix(" with time zone")
    tokens = [(quoted, word or mark) for quoted, word, mark in _TOKEN.findall(body)]
    template, rest = _template(tokens, 0, {name.lower(): name for name in variables}, zoned)
    if rest != len(tokens):
        raise ValueError(f"cannot read type {text!r}")
    return template


def _template(
    tokens: list[tuple[str, str]], at: int, variables: Mapping[str, str], zoned: bool
) -> tuple[Template, int]:
    word = tokens[at][1]
    lower = word.lower()
    at += 1
    opens = at < len(tokens) and tokens[at][1] == "("
    if not opens:
        if lower in variables:
            return Template(variables[lower]), at
        if lower in NUMERIC_BASES:
            return Template(lower, concrete=VarcharType() if lower == "varchar" else None), at
        return Template(lower, concrete=SIMPLE_TYPES[lower]), at
    at += 1
    if lower in NUMERIC_BASES:
        numbers: list[int | str] = []
        while tokens[at][1] != ")":
            if tokens[at][1] != ",":
                numbers.append(int(tokens[at][1]) if tokens[at][1].isdigit() else tokens[at][1])
            at += 1
        base = f"{lower} with time zone" if zoned else lower
        given = tuple(numbers)
        concrete = instantiate(base, given) if all(isinstance(n, int) for n in given) else None  # type: ignore[arg-type]
        return Template(base, numbers=given, concrete=concrete), at + 1
    children: list[Template] = []
    names: list[str | None] = []
    while tokens[at][1] != ")":
        if tokens[at][1] == ",":
            at += 1
        names.append(tokens[at][0] or None)
        if tokens[at][0]:
            at += 1
        child, at = _template(tokens, at, variables, False)
        children.append(child)
    made = Template(lower, tuple(children), field_names=tuple(names) if lower == "row" else ())
    if all(child.concrete is not None for child in children):
        concrete = build(made, tuple(child.concrete for child in children if child.concrete is not None))
        made = Template(lower, made.children, concrete=concrete, field_names=made.field_names)
    return made, at + 1


def instantiate(base: str, numbers: tuple[int, ...]) -> Type:
    """A type of NUMERIC_BASES with its numbers."""
    match base:
        case "varchar":
            return VarcharType(None if numbers[0] > MAX_VARCHAR_LENGTH else numbers[0])
        case "char":
            return CharType(numbers[0])
        case "decimal":
            return DecimalType(numbers[0], numbers[1])
        case "time":
            return TimeType(numbers[0])
        case "timestamp":
            return TimestampType(numbers[0])
        case "time with time zone":
            return TimeTzType(numbers[0])
        case _:
            return TimestampTzType(numbers[0])


def numbers_of(type_: Type) -> tuple[int, ...]:
    """The numbers of a type of NUMERIC_BASES; an unbounded varchar has 2147483647."""
    match type_:
        case VarcharType(length):
            return (MAX_VARCHAR_LENGTH + 1 if length is None else length,)
        case CharType(length):
            return (length,)
        case DecimalType(precision, scale):
            return (precision, scale)
        case TimeType(precision) | TimestampType(precision) | TimeTzType(precision) | TimestampTzType(precision):
            return (precision,)
    raise TypeError(f"{type_} has no numbers")


def build(template: Template, children: tuple[Type, ...]) -> Type:
    """A nested type of the template's base over the children."""
    match template.base:
        case "array":
            return ArrayType(children[0])
        case "map":
            return MapType(children[0], children[1])
        case "row":
            return RowType(tuple(RowField(n, t) for n, t in zip(template.field_names, children, strict=True)))
        case "function":
            return FunctionType(children[:-1], children[-1])
        case "qdigest":
            return QDigestType(children[0])
        case "classifier":
            return ClassifierType(children[0])
    raise TypeError(f"no nested type {template.base}")
