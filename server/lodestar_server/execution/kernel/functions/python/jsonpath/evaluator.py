"""A path tree compiled to closures: each takes an `Environment` and gives the sequence of items.

Predicates give True, False, or None for unknown; a fault inside of one makes it unknown. Source: Trino
PathEvaluationVisitor and PathPredicateEvaluationVisitor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from decimal import Decimal
from typing import Any

from lodestar_server.execution.kernel.functions.python.jsonpath import arithmetic
from lodestar_server.execution.kernel.functions.python.jsonpath.arithmetic import PathFault
from lodestar_server.execution.kernel.functions.python.jsonpath.items import (
    NotConvertible,
    Typed,
    is_number,
    is_numeric,
    is_text,
    node_type,
    typed_number,
    typed_scalar,
)
from lodestar_server.functions.jsonpath import tree
from lodestar_server.spi.types import DOUBLE, DecimalType, VarcharType
from lodestar_server.spi.values import frozen

Items = list[Any]


@frozen
class Environment:
    """What a path can name. `variables` are sequences; `objects` counts the calls of keyvalue()."""

    context: Any
    variables: Mapping[str, Items]
    item: Any = None
    last: int | None = None
    has_item: bool = False
    objects: list[int] = field(default_factory=lambda: [0])


Evaluate = Callable[[Environment], Items]
Test = Callable[[Environment], "bool | None"]
_TYPE_NAME = VarcharType(27)
_TYPE_NAMES = {
    "date": "date",
    "time": "time without time zone",
    "time with time zone": "time with time zone",
    "timestamp": "timestamp without time zone",
    "timestamp with time zone": "timestamp with time zone",
}


def compile_path(path: tree.JsonPath) -> Callable[[Any, Mapping[str, Items]], Items]:
    """(context item, variables) → items. The function raises PathFault."""
    evaluate = _Compiler(path.lax).node(path.root)
    return lambda context, variables: evaluate(Environment(context, variables))


def _wrong_type(expected: str, item: Any) -> PathFault:
    return PathFault(f"invalid item type. Expected: {expected}, actual: {node_type(item)}")


def _unwrapped(items: Items) -> Items:
    if not any(isinstance(item, list) for item in items):
        return items
    made: Items = []
    for item in items:
        if isinstance(item, list):
            made.extend(item)
        else:
            made.append(item)
    return made


def _number(item: Any) -> Typed:
    """A numeric item as an SQL value; other SQL values pass. Raises: PathFault."""
    if isinstance(item, Typed):
        return item
    if not is_number(item):
        raise _wrong_type("NUMBER", item)
    try:
        return typed_number(item)
    except NotConvertible:
        raise PathFault("") from None


def _strictly_numeric(item: Any) -> Typed:
    number = _number(item)
    if not is_numeric(number.type):
        raise _wrong_type("NUMBER", number)
    return number


@frozen
class _Compiler:
    lax: bool

    def node(self, node: tree.Node) -> Evaluate:
        match node:
            case tree.Context():
                return lambda env: [env.context]
            case tree.CurrentItem():
                return _current_item
            case tree.Last():
                return _last
            case tree.Variable(name):
                return lambda env: env.variables[name]
            case tree.NullLiteral():
                return lambda env: [None]
            case tree.Literal():
                return _literal(node)
            case tree.Member(base, key):
                return self._member(self.node(base), key)
            case tree.Descendant(base, key):
                return _descendants(self.node(base), key)
            case tree.Elements(base, subscripts):
                return self._elements(self.node(base), subscripts)
            case tree.Filter(base, predicate):
                return self._filter(self.node(base), self.test(predicate))
            case tree.Method():
                return self._method(node)
            case tree.Arithmetic(operator, left, right):
                return self._arithmetic(operator, self.node(left), self.node(right))
            case tree.Signed(negative, base):
                if negative:
                    return self._each(self.node(base), lambda item: arithmetic.negated(_strictly_numeric(item)))
                return self._each(self.node(base), _strictly_numeric)
        raise TypeError(f"no part of a path: {node}")

    def _each(self, base: Evaluate, change: Callable[[Any], Any]) -> Evaluate:
        """A change of every item, arrays unwrapped in lax mode."""
        if self.lax:
            return lambda env: [change(item) for item in _unwrapped(base(env))]
        return lambda env: [change(item) for item in base(env)]

    def _sequence(self, base: Evaluate) -> Evaluate:
        return (lambda env: _unwrapped(base(env))) if self.lax else base

    # accessors

    def _member(self, base: Evaluate, key: str | None) -> Evaluate:
        items = self._sequence(base)
        lax = self.lax

        def member(env: Environment) -> Items:
            made: Items = []
            for item in items(env):
                if not isinstance(item, dict):
                    if not lax:
                        raise _wrong_type("OBJECT", item)
                elif key is None:
                    made.extend(item.values())
                elif key in item:
                    made.append(item[key])
                elif not lax:
                    raise PathFault(f"structural error: missing member '{key}' in JSON object")
            return made

        return member

    def _elements(self, base: Evaluate, subscripts: Sequence[tuple[tree.Node, tree.Node | None]]) -> Evaluate:
        ranges = [(self.node(start), None if end is None else self.node(end)) for start, end in subscripts]
        lax = self.lax

        def elements(env: Environment) -> Items:
            made: Items = []
            for item in base(env):
                if isinstance(item, list):
                    values = item
                elif lax:
                    values = [item]
                else:
                    raise _wrong_type("ARRAY", item)
                if not ranges:
                    made.extend(values)
                    continue
                if not values:
                    if not lax:
                        raise PathFault("structural error: invalid array subscript for empty array")
                    continue
                inner = replace(env, last=len(values) - 1)
                for start, end in ranges:
                    first, stop = _bounds(start(inner), None if end is None else end(inner))
                    if not lax and not 0 <= first <= stop < len(values):
                        message = f"invalid array subscript: [{first}, {stop}] for array of size {len(values)}"
                        raise PathFault(f"structural error: {message}")
                    made.extend(values[max(first, 0) : max(stop + 1, 0)])
            return made

        return elements

    def _filter(self, base: Evaluate, test: Test) -> Evaluate:
        items = self._sequence(base)
        return lambda env: [item for item in items(env) if test(replace(env, item=item, has_item=True)) is True]

    # methods and arithmetic

    def _method(self, node: tree.Method) -> Evaluate:
        base = self.node(node.base)
        match node.name:
            case tree.MethodName.TYPE:
                return lambda env: [Typed(_TYPE_NAME, _type_name(item)) for item in base(env)]
            case tree.MethodName.SIZE:
                return self._size(base)
            case tree.MethodName.ABS:
                return self._each(base, lambda item: arithmetic.absolute(_strictly_numeric(item)))
            case tree.MethodName.CEILING:
                return self._each(base, lambda item: arithmetic.rounded(_strictly_numeric(item), up=True))
            case tree.MethodName.FLOOR:
                return self._each(base, lambda item: arithmetic.rounded(_strictly_numeric(item), up=False))
            case tree.MethodName.DOUBLE:
                return self._each(base, _double)
            case tree.MethodName.KEYVALUE:
                return self._key_values(base)
        raise TypeError(f"no method of a path: {node.name}")

    def _size(self, base: Evaluate) -> Evaluate:
        def size(env: Environment) -> Items:
            made: Items = []
            for item in base(env):
                if not isinstance(item, list) and not self.lax:
                    raise _wrong_type("ARRAY", item)
                made.append(arithmetic.whole(len(item) if isinstance(item, list) else 1))
            return made

        return size

    def _key_values(self, base: Evaluate) -> Evaluate:
        items = self._sequence(base)

        def key_values(env: Environment) -> Items:
            made: Items = []
            for item in items(env):
                if not isinstance(item, dict):
                    raise _wrong_type("OBJECT", item)
                made += [{"name": name, "value": value, "id": env.objects[0]} for name, value in item.items()]
                env.objects[0] += 1
            return made

        return key_values

    def _arithmetic(self, operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
        lefts, rights = self._sequence(left), self._sequence(right)

        def calculate(env: Environment) -> Items:
            a, b = lefts(env), rights(env)
            if len(a) != 1 or len(b) != 1:
                raise PathFault("arithmetic binary expression requires singleton operands")
            return [arithmetic.calculate(operator, _number(a[0]), _number(b[0]))]

        return calculate

    # predicates

    def test(self, node: tree.Predicate) -> Test:
        match node:
            case tree.Comparison(operator, left, right):
                return self._comparison(operator, self.node(left), self.node(right))
            case tree.Conjunction(left, right):
                return _all_of(self.test(left), self.test(right))
            case tree.Disjunction(left, right):
                return _any_of(self.test(left), self.test(right))
            case tree.Negation(predicate):
                inner = self.test(predicate)
                return lambda env: None if (result := inner(env)) is None else not result
            case tree.IsUnknown(predicate):
                inner = self.test(predicate)
                return lambda env: inner(env) is None
            case tree.Exists(path):
                found = self.node(path)
                return _known(lambda env: bool(found(env)))
            case tree.StartsWith(whole, prefix):
                return self._starts_with(self.node(whole), self.node(prefix))
        raise TypeError(f"no predicate of a path: {node}")

    def _comparison(self, operator: str, left: Evaluate, right: Evaluate) -> Test:
        lefts, rights, lax = self._sequence(left), self._sequence(right), self.lax
        return _known(lambda env: _compare_all(operator, lefts(env), rights(env), lax))

    def _starts_with(self, whole: Evaluate, prefix: Evaluate) -> Test:
        wholes, lax = self._sequence(whole), self.lax

        def starts_with(env: Environment) -> bool | None:
            values, prefixes = wholes(env), prefix(env)
            wanted = _text(prefixes[0]) if len(prefixes) == 1 else None
            if wanted is None:
                return None
            found = False
            for value in values:
                text = _text(value)
                if text is None:
                    return None
                if text.startswith(wanted):
                    found = True
                    if lax:
                        return True
            return found

        return _known(starts_with)


def _current_item(env: Environment) -> Items:
    if not env.has_item:
        raise PathFault("accessing current filter item with no enclosing filter")
    return [env.item]


def _last(env: Environment) -> Items:
    if env.last is None:
        raise PathFault("accessing the last array index with no enclosing array")
    return [arithmetic.whole(env.last)]


def _literal(node: tree.Literal) -> Evaluate:
    value = Decimal(str(node.value)) if isinstance(node.type, DecimalType) else node.value
    made = [Typed(node.type, value)]
    return lambda env: made


def _descendants(base: Evaluate, key: str) -> Evaluate:
    def descend(item: Any, made: Items) -> None:
        if isinstance(item, dict):
            if key in item:
                made.append(item[key])
            for one in item.values():
                descend(one, made)
        elif isinstance(item, list):
            for one in item:
                descend(one, made)

    def descendants(env: Environment) -> Items:
        made: Items = []
        for item in base(env):
            descend(item, made)
        return made

    return descendants


def _bounds(first: Items, last: Items | None) -> tuple[int, int]:
    if len(first) != 1:
        raise PathFault("array subscript 'from' value must be singleton numeric")
    if last is not None and len(last) != 1:
        raise PathFault("array subscript 'to' value must be singleton numeric")
    start = _index(first[0])
    return start, start if last is None else _index(last[0])


def _index(item: Any) -> int:
    if isinstance(item, Typed):
        return arithmetic.array_index(_strictly_numeric(item))
    if not is_number(item):
        raise _wrong_type("NUMBER", item)
    if not -(2**63) <= item < 2**63:
        raise PathFault(f"cannot convert value {item} to long")
    return int(item)


def _double(item: Any) -> Typed:
    if isinstance(item, Typed):
        typed = item
    elif isinstance(item, str):
        typed = Typed(VarcharType(None), item)
    elif is_number(item):
        typed = _number(item)
    else:
        raise _wrong_type("NUMBER or TEXT", item)
    if is_numeric(typed.type):
        return Typed(DOUBLE, float(typed.value))
    if not is_text(typed.type):
        raise _wrong_type("NUMBER or TEXT", typed)
    try:
        return Typed(DOUBLE, _parse_double(typed.value))
    except ValueError:
        raise PathFault("") from None


def _parse_double(text: str) -> float:
    """Java's Double.parseDouble for the texts that occur."""
    bare = text.strip()
    if "_" in bare or bare.lower().lstrip("+-") in ("inf", "infinity", "nan"):
        if bare.lstrip("+-") in ("Infinity", "NaN"):
            return float(bare)
        raise ValueError(text)
    return float(bare[:-1] if bare[-1:] in ("d", "D", "f", "F") else bare)


def _type_name(item: Any) -> str:
    if not isinstance(item, Typed):
        return node_type(item).lower()
    if is_numeric(item.type):
        return "number"
    if is_text(item.type):
        return "string"
    return _TYPE_NAMES.get(item.type.base, "boolean")


def _text(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    if isinstance(item, Typed) and is_text(item.type):
        return str(item.value)
    return None


def _known(test: Test) -> Test:
    """A test whose faults are unknown."""

    def known(env: Environment) -> bool | None:
        try:
            return test(env)
        except PathFault:
            return None

    return known


def _all_of(left: Test, right: Test) -> Test:
    def both(env: Environment) -> bool | None:
        a = left(env)
        if a is False:
            return False
        b = right(env)
        if b is False:
            return False
        return None if a is None or b is None else True

    return both


def _any_of(left: Test, right: Test) -> Test:
    def either(env: Environment) -> bool | None:
        a = left(env)
        if a is True:
            return True
        b = right(env)
        if b is True:
            return True
        return None if a is None or b is None else False

    return either


def _compare_all(operator: str, lefts: Items, rights: Items, lax: bool) -> bool | None:
    """Whether some pair compares; collections and uncomparable pairs make it unknown."""
    if not lefts or not rights:
        return False
    left_null, left_scalar, left_other = _categories(lefts)
    right_null, right_scalar, right_other = _categories(rights)
    if (left_other and (right_other or right_scalar)) or (left_scalar and right_other):
        return None
    found = False
    if operator == "==":
        found = left_null and right_null
    elif operator == "<>":
        found = (left_null and (right_scalar or right_other)) or (right_null and (left_scalar or left_other))
    if found and lax:
        return True
    if not left_scalar or not right_scalar:
        return found
    try:
        a, b = ([one for one in map(typed_scalar, items) if one is not None] for items in (lefts, rights))
    except NotConvertible:
        return None
    for left in a:
        for right in b:
            result = arithmetic.compare(operator, left, right)
            if result is None:
                return None
            if result:
                found = True
                if lax:
                    return True
    return found


def _categories(items: Items) -> tuple[bool, bool, bool]:
    """Whether there is a null, a scalar, a collection."""
    null = any(item is None for item in items)
    other = any(isinstance(item, list | dict) for item in items)
    scalar = any(item is not None and not isinstance(item, list | dict) for item in items)
    return null, scalar, other
