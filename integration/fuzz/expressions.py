"""Random expressions of a wanted type, over the columns in sight; calls grow from the function registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random

from integration.fuzz.literals import COMMON, NESTED, NUMBERS, SCALARS, TEXTS, literal
from lodestar_server.functions.binding import substitute
from lodestar_server.functions.registry import find_signatures, function_names
from lodestar_server.functions.signatures import NUMERIC_BASES, Signature, Template, numbers_of
from lodestar_server.ir.functions import FunctionKind
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    JSON,
    REAL,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    FunctionType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)

UNWANTED = frozenset(
    {
        "fail",  # fails
        "normalize",  # its second argument is a word
        "$at_timezone",
        "current_date",  # not written as a call
        "table_changes",
        "classify",
        "regress",
        "features",
        "learn_classifier",
        "learn_regressor",
        "learn_libsvm_classifier",
        "learn_libsvm_regressor",
        "evaluate_classifier_predictions",
        "spatial_partitioning",
    }
)
ORDER_DEPENDENT = frozenset(
    {
        "array_agg", "any_value", "arbitrary", "listagg", "map_agg", "max_by", "min_by", "multimap_agg", "reduce_agg",
        "map_union", "approx_most_frequent", "numeric_histogram", "tdigest_agg", "qdigest_agg", "approx_percentile",
        "histogram", "merge", "first_value", "last_value", "nth_value", "lag", "lead", "row_number", "ntile",
        "geometry_union_agg", "convex_hull_agg", "now",
    }
)  # fmt: skip
"""Aggregates and window functions whose value depends on the order of the rows, or on ties."""


_MAY_IGNORE_NULLS = frozenset({"first_value", "last_value", "nth_value", "lag", "lead"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column in sight: how it is written, and its type."""

    text: str
    type: Type


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may read. `subquery` makes a random subquery of one column, where one may stand."""

    columns: tuple[Column, ...] = ()
    subquery: Callable[[Type], str] | None = None


@dataclass(slots=True)
class Expressions:
    """Makes expressions. `stable` becomes false when one was made whose value may differ from run to run."""

    random: Random
    scope: Scope = field(default_factory=Scope)
    stable: bool = True
    _names: int = 0

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        """Another scope for a while."""
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    def any_type(self) -> Type:
        """Mostly a scalar."""
        pool = self.random.choices((COMMON, SCALARS, NESTED), (4, 4, 2))[0]
        return self.random.choice(pool)

    def anything(self, depth: int) -> str:
        """An expression of whatever type comes out: nothing is cast to a wanted one."""
        made = self._call(self.random.choice(_signatures(FunctionKind.SCALAR)), {}, depth)
        return made if made is not None else self.of(self.any_type(), depth)

    def of(self, type_: Type, depth: int) -> str:
        """An expression of exactly this type."""
        columns = [one.text for one in self.scope.columns if one.type == type_]
        if depth <= 0 or self.random.random() < 0.15:
            return self.random.choice(columns) if columns and self.random.random() < 0.75 else self._leaf(type_)
        if columns and self.random.random() < 0.25:
            return self.random.choice(columns)
        makers: list[Callable[[Type, int], str | None]] = [
            self._function, self._function, self._conditional, self._cast, self._operator, self._operator,
            self._with_lambda,
        ]  # fmt: skip
        if type_ == BOOLEAN:
            makers += [self._predicate, self._predicate, self._predicate]
        if self.scope.subquery is not None and self.random.random() < 0.1:
            return f"({self.scope.subquery(type_)})"
        made = self.random.choice(makers)(type_, depth - 1)
        return made if made is not None else self._leaf(type_)

    def _leaf(self, type_: Type) -> str:
        return literal(self.random, type_) or f"CAST(NULL AS {type_.display})"

    # calls

    def _function(self, type_: Type, depth: int) -> str | None:
        candidates = _by_result().get(type_.base, []) + _by_result()["*"]
        signature = self.random.choice(candidates)
        bindings: dict[str, Type] = {}
        if not _bind_result(signature.result, type_, bindings):
            return None
        made = self._call(signature, bindings, depth)
        return made if made is None or not _has_numbers(type_) else f"CAST({made} AS {type_.display})"

    def _with_lambda(self, type_: Type, depth: int) -> str | None:
        """A call of a function that takes one."""
        fitting = [
            one
            for one in (*_by_result().get(type_.base, []), *_by_result()["*"])
            if any(argument.base == "function" for argument in one.arguments)
        ]
        self.random.shuffle(fitting)
        for signature in fitting[:3]:
            bindings: dict[str, Type] = {}
            if _bind_result(signature.result, type_, bindings):
                made = self._call(signature, bindings, depth)
                if made is not None:
                    return f"CAST({made} AS {type_.display})" if _has_numbers(type_) else made
        return None

    def aggregate(self, depth: int) -> str:
        """An aggregate over the columns, with DISTINCT, FILTER or ORDER BY now and then."""
        for _ in range(20):
            signature = self.random.choice(_signatures(FunctionKind.AGGREGATE))
            made = self._call(signature, {}, depth)
            if made is None:
                continue
            if signature.name == "listagg":
                return self._listagg(depth)
            if signature.name == "reduce_agg":
                continue
            body = made[:-1]
            if body.endswith("("):
                made = "count(*)"
            elif self.random.random() < 0.15 and len(signature.arguments) == 1:
                made = body.replace("(", "(DISTINCT ", 1) + ")"
            elif (
                signature.name in ("array_agg", "map_agg", "max_by")
                and self.scope.columns
                and self.random.random() < 0.3
            ):
                made = f"{body} ORDER BY {self._sort_key()})"
            if self.random.random() < 0.15:
                made += f" FILTER (WHERE {self.of(BOOLEAN, depth)})"
            return made
        return "count(*)"

    def _listagg(self, depth: int) -> str:
        value = self.of(VARCHAR, depth)
        return f"listagg({value}, ',') WITHIN GROUP (ORDER BY {value})"

    def _sort_key(self) -> str:
        orderable = [one.text for one in self.scope.columns if one.type.orderable]
        return self.random.choice(orderable) if orderable else self._leaf(BIGINT)

    def window(self, depth: int) -> str:
        """A window function over the columns."""
        kind = self.random.choice((FunctionKind.WINDOW, FunctionKind.AGGREGATE))
        made = None
        while made is None:
            signature = self.random.choice(_signatures(kind))
            if signature.name in ("listagg", "reduce_agg"):
                continue
            made = self._call(signature, {}, depth)
        if made.endswith("count()"):
            made = "count(*)"
        if signature.name in _MAY_IGNORE_NULLS and self.random.random() < 0.3:
            made += " IGNORE NULLS"
        parts = []
        keys = [one.text for one in self.scope.columns if one.type.comparable]
        if keys and self.random.random() < 0.6:
            parts.append(
                f"PARTITION BY {', '.join(self.random.sample(keys, min(len(keys), self.random.choice((1, 1, 2)))))}"
            )
        numbers = [one.text for one in self.scope.columns if one.type in NUMBERS and one.type not in (REAL, DOUBLE)]
        framed = kind is FunctionKind.AGGREGATE or signature.name in ("first_value", "last_value", "nth_value")
        if framed and numbers and self.random.random() < 0.25:
            ends = self.random.choice(("2 PRECEDING AND 1 FOLLOWING", "UNBOUNDED PRECEDING AND 3 FOLLOWING"))
            parts.append(f"ORDER BY {self.random.choice(numbers)} RANGE BETWEEN {ends}")
        else:
            parts.append(f"ORDER BY {self._sort_key()} {self.random.choice(('', 'DESC', 'NULLS FIRST'))}")
            if framed and self.random.random() < 0.5:
                ends = self.random.choice(
                    (
                        "UNBOUNDED PRECEDING AND CURRENT ROW",
                        "1 PRECEDING AND 1 FOLLOWING",
                        "CURRENT ROW AND UNBOUNDED FOLLOWING",
                        "2 FOLLOWING AND 3 FOLLOWING",
                        "3 PRECEDING AND 2 PRECEDING",
                    )
                )
                parts.append(f"{self.random.choice(('ROWS', 'ROWS', 'GROUPS'))} BETWEEN {ends}")
        self.stable = False
        return f"{made} OVER ({' '.join(parts)})"

    def _call(self, signature: Signature, bindings: dict[str, Type], depth: int) -> str | None:
        """A call of an overload, None where a type cannot be had."""
        types = dict(bindings)
        if any(not variable.allows(types[name]) for name, variable in signature.variables.items() if name in types):
            return None
        for name, variable in signature.variables.items():
            while name not in types:
                chosen = self.random.choice(SCALARS if self.random.random() < 0.85 else NESTED)
                if variable.allows(chosen):
                    types[name] = chosen
        templates = signature.arguments
        if signature.variadic:
            templates = (*templates[:-1], *([templates[-1]] * self.random.choice((2, 2, 3))))
        numbers: dict[str, int] = {}
        arguments: list[str] = []
        for template in templates:
            self._choose_numbers(template, numbers)
            try:
                wanted = substitute(template, types, numbers)
            except (LodestarError, ValueError):
                return None
            if wanted is None or wanted == UNKNOWN:
                return None
            made = self._lambda(wanted, depth) if isinstance(wanted, FunctionType) else self._argument(wanted, depth)
            if made is None:
                return None
            arguments.append(made)
        of_several = signature.name in ("min", "max") and len(signature.arguments) == 2  # n of any row
        if not signature.deterministic or signature.name in ORDER_DEPENDENT or of_several:
            self.stable = False
        return f"{signature.name}({', '.join(arguments)})"

    def _argument(self, wanted: Type, depth: int) -> str | None:
        if wanted in SCALARS or wanted in NESTED or self.random.random() < 0.5:
            return self.of(wanted, depth - 1)
        return literal(self.random, wanted) or (
            f"CAST(NULL AS {wanted.display})" if wanted.base in ("array", "map") else None
        )

    def _choose_numbers(self, template: Template, numbers: dict[str, int]) -> None:
        for child in template.children:
            self._choose_numbers(child, numbers)
        if template.base not in NUMERIC_BASES or template.concrete is not None:
            return
        options = {
            "varchar": [VARCHAR, VARCHAR, VarcharType(5)],
            "char": [CharType(4)],
            "decimal": [DecimalType(5, 2), DecimalType(18, 3), DecimalType(38, 10)],
        }.get(template.base, [TimestampType(precision) for precision in (0, 3, 6, 9)])
        found = numbers_of(self.random.choice(options))
        for name, number in zip(template.numbers, found, strict=True):
            if isinstance(name, str):
                numbers.setdefault(name, number)

    def _lambda(self, wanted: FunctionType, depth: int) -> str | None:
        self._names += 1
        names = [f"p{self._names}_{place}" for place in range(len(wanted.arguments))]
        parameters = tuple(Column(name, type_) for name, type_ in zip(names, wanted.arguments, strict=True))
        with self.within(replace(self.scope, columns=(*self.scope.columns, *parameters * 2), subquery=None)):
            body = self.of(wanted.result, depth - 1)
        return f"({', '.join(names)}) -> {body}"

    # special forms

    def _conditional(self, type_: Type, depth: int) -> str:
        choice = self.random.randrange(6)
        if choice == 0:
            return f"IF({self.of(BOOLEAN, depth)}, {self.of(type_, depth)}, {self.of(type_, depth)})"
        if choice == 1:
            return f"COALESCE({self.of(type_, depth)}, {self.of(type_, depth)})"
        if choice == 2 and type_.comparable:
            return f"NULLIF({self.of(type_, depth)}, {self.of(type_, depth)})"
        if choice == 3:
            return f"TRY({self.of(type_, depth)})"
        if choice == 4:
            operand = self.random.choice(COMMON)
            return (
                f"CASE {self.of(operand, depth)} WHEN {self.of(operand, depth)} THEN {self.of(type_, depth)} "
                f"ELSE {self.of(type_, depth)} END"
            )
        otherwise = f" ELSE {self.of(type_, depth)}" if self.random.random() < 0.7 else ""
        return f"CASE WHEN {self.of(BOOLEAN, depth)} THEN {self.of(type_, depth)}{otherwise} END"

    def _cast(self, type_: Type, depth: int) -> str | None:
        sources = _cast_sources(type_)
        if not sources:
            return None
        verb = "TRY_CAST" if self.random.random() < 0.7 else "CAST"
        return f"{verb}({self.of(self.random.choice(sources), depth)} AS {type_.display})"

    def _operator(self, type_: Type, depth: int) -> str | None:
        pick = self.random.choice
        if type_ in NUMBERS:
            made = f"({self.of(type_, depth)} {pick('+-*/%')} {self.of(type_, depth)})"
            return f"CAST({made} AS {type_.display})" if isinstance(type_, DecimalType) else made
        if type_ in (DATE, TimestampType(3)):
            interval = self.of(pick((INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH)), depth - 1)
            return f"({self.of(type_, depth)} {pick('+-')} {interval})"
        if type_ == INTERVAL_DAY_SECOND and self.random.random() < 0.5:
            return f"({self.of(DATE, depth)} - {self.of(DATE, depth)})"
        if type_ == VARCHAR:
            return f"({self.of(VARCHAR, depth)} || {self.of(VARCHAR, depth)})"
        if type_ == VARBINARY:
            return f"({self.of(VARBINARY, depth)} || {self.of(VARBINARY, depth)})"
        if isinstance(type_, ArrayType):
            return f"({self.of(type_, depth)} || {self.of(type_, depth)})"
        if type_ == BOOLEAN:
            return self._predicate(type_, depth)
        return self._part(type_, depth)

    def _part(self, type_: Type, depth: int) -> str | None:
        """An element of an array, a value of a map, a field of a row."""
        owners = [one for one in NESTED if type_ in one.children]
        if not owners:
            return None
        owner = self.random.choice(owners)
        whole = self.of(owner, depth)
        if isinstance(owner, ArrayType):
            return self.random.choice((f"{whole}[1]", f"element_at({whole}, {self.of(BIGINT, 0)})"))
        if isinstance(owner, MapType):
            return f"element_at({whole}, {self.of(owner.key, 0)})" if type_ == owner.value else None
        assert isinstance(owner, RowType)
        return f"({whole})[{[one.type for one in owner.fields].index(type_) + 1}]"

    def _predicate(self, _: Type, depth: int) -> str:
        type_ = self.random.choice(COMMON if self.random.random() < 0.6 else (*SCALARS, *NESTED))
        one = self.of(type_, depth)
        kinds = ["null", "logic", "logic", "not"]
        if type_.comparable:
            kinds += ["equal", "equal", "in", "distinct"]
        if type_.orderable:
            kinds += ["order", "order", "between"]
        if type_ in TEXTS[:2]:
            kinds += ["like"]
        if self.scope.subquery is not None:
            kinds += ["exists"] + (["insubquery", "quantified"] if type_ in COMMON else [])
        match self.random.choice(kinds):
            case "null":
                return f"({one} IS {self.random.choice(('', 'NOT '))}NULL)"
            case "logic":
                word = self.random.choice(("AND", "OR"))
                return f"({self.of(BOOLEAN, depth)} {word} {self.of(BOOLEAN, depth)})"
            case "not":
                return f"(NOT {self.of(BOOLEAN, depth)})"
            case "equal":
                return f"({one} {self.random.choice(('=', '<>'))} {self.of(type_, depth)})"
            case "distinct":
                return f"({one} IS {self.random.choice(('', 'NOT '))}DISTINCT FROM {self.of(type_, depth)})"
            case "order":
                return f"({one} {self.random.choice(('<', '<=', '>', '>='))} {self.of(type_, depth)})"
            case "between":
                word = self.random.choice(("BETWEEN", "NOT BETWEEN"))
                return f"({one} {word} {self.of(type_, depth)} AND {self.of(type_, depth)})"
            case "like":
                escape = " ESCAPE '!'" if self.random.random() < 0.2 else ""
                return f"({one} LIKE {self._leaf(VARCHAR)}{escape})"
            case "exists":
                assert self.scope.subquery is not None
                return f"EXISTS ({self.scope.subquery(type_)})"
            case "insubquery":
                assert self.scope.subquery is not None
                return f"({one} {self.random.choice(('', 'NOT '))}IN ({self.scope.subquery(type_)}))"
            case "quantified":
                assert self.scope.subquery is not None
                how = self.random.choice(("= ANY", "<> ALL", "< ALL", ">= SOME") if type_.orderable else ("= ANY",))
                return f"({one} {how} ({self.scope.subquery(type_)}))"
        items = ", ".join(self.of(type_, depth - 1) for _ in range(self.random.choice((1, 2, 3))))
        return f"({one} {self.random.choice(('', 'NOT '))}IN ({items}))"


@cache
def _signatures(kind: FunctionKind) -> Sequence[Signature]:
    wanted = []
    for name in sorted(function_names()):
        if name not in UNWANTED:
            wanted += [one for one in find_signatures(name) if one.kind is kind]
    return wanted


@cache
def _by_result() -> dict[str, list[Signature]]:
    """Scalar overloads by the base of their result; `*` for those that may give any type."""
    found: dict[str, list[Signature]] = defaultdict(list)
    for signature in _signatures(FunctionKind.SCALAR):
        found["*" if signature.result.is_variable else signature.result.base].append(signature)
    return found


def _bind_result(template: Template, type_: Type, bindings: dict[str, Type]) -> bool:
    """Bind the variables of a result so that it is the type, numbers aside."""
    if template.concrete is not None:
        return template.concrete == type_ or (template.concrete.base == type_.base and not type_.children)
    if template.is_variable:
        return bindings.setdefault(template.base, type_) == type_
    if template.base != type_.base:
        return False
    if template.base in NUMERIC_BASES:
        return True
    if len(template.children) != len(type_.children):
        return False
    pairs = zip(template.children, type_.children, strict=True)
    return all(_bind_result(child, part, bindings) for child, part in pairs)


def _has_numbers(type_: Type) -> bool:
    return type_.base in NUMERIC_BASES or any(map(_has_numbers, type_.children))


@cache
def _cast_sources(type_: Type) -> tuple[Type, ...]:
    from lodestar_server.sql.analysis.casts import can_cast

    if isinstance(type_, VarcharType) and type_.length is not None:
        # Trino does not check the length of what moments in time and JSON become.
        return tuple(one for one in TEXTS if one not in (type_, JSON) and can_cast(one, type_))
    return tuple(one for one in (*SCALARS, *NESTED) if one != type_ and can_cast(one, type_))
