"""Path text to path tree.

Trino reads paths with an ANTLR parser and shows that parser's own messages, so this one keeps account of what they are
made of: the set of tokens that may follow, and the place where an expression could have gone on (`_blamed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from lodestar_server.functions.jsonpath import tokens as words
from lodestar_server.functions.jsonpath import tree
from lodestar_server.functions.jsonpath.tokens import END, IDENTIFIER, KEYWORDS, NAMED_VARIABLE, STRING, Token
from lodestar_server.spi.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, DecimalType, VarcharType

MAX_DEPTH = 150
"""Parentheses, filters and subscripts inside of each other."""
MAX_CHAIN = 1000
"""Operators and accessors of a path in all: each is a level of its tree."""

T = TypeVar("T")

_Kinds = frozenset[str]
_NUMBERS = (words.DECIMAL, words.DOUBLE, words.INTEGER)
_FIRST: _Kinds = frozenset(
    ("+", "-", "(", "$", "@", "false", "last", "null", "true", STRING, NAMED_VARIABLE, *_NUMBERS)
)
_PREDICATE_FIRST = _FIRST | {"!", "exists"}
_MULTIPLYING = ("*", "/", "%")
_ADDING = ("+", "-")
_ACCESSORS = (".", "..", "[", "?")
_GOING_ON: _Kinds = frozenset((*_MULTIPLYING, *_ADDING, *_ACCESSORS))
_COMPARISONS = ("==", "<>", "!=", "<", ">", "<=", ">=")
_COMBINING: _Kinds = frozenset(("&&", "||"))
_AFTER_OPERAND: _Kinds = frozenset((*_COMPARISONS, "like_regex", "starts"))
_ONLY_IN_PREDICATES: _Kinds = frozenset((*_COMPARISONS, "&&", "||", "!", "exists", "like_regex", "starts", "is"))
_METHODS = {method.value: method for method in tree.MethodName}


class PathSyntaxError(ValueError):
    """A text that is no path. `line` from 1, `column` from 0 within the text; line 0 when there is no place to name."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@lru_cache(maxsize=1024)
def parse_path(text: str) -> tree.JsonPath:
    """The tree of a path. Raises: PathSyntaxError."""
    return _Parser(text).path()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = words.read_tokens(text)
        self._place = 0
        self._depth = 0
        self._length = 0
        # Where a negative number began that may yet turn out to be the negation of a path.
        self._minus: int | None = None
        # What could have stood where the last expression ended: mismatches behind it are explained by that.
        self._blamed: _Kinds | None = None

    # faults

    @property
    def _token(self) -> Token:
        return self._tokens[self._place]

    @property
    def _kind(self) -> str:
        return self._tokens[self._place].kind

    def _next_kind(self, ahead: int = 1) -> str:
        return self._tokens[min(self._place + ahead, len(self._tokens) - 1)].kind

    def _fault(self, message: str, token: Token) -> PathSyntaxError:
        before = self._text[: token.offset]
        return PathSyntaxError(message, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1))

    def _mismatch(self, expected: Iterable[str]) -> PathSyntaxError:
        token = self._token
        return self._fault(f"mismatched input '{token.text}' expecting {_shown(expected)}", token)

    def _no_way(self, start: int, place: int) -> PathSyntaxError:
        offending = self._tokens[place]
        end = offending.offset + (0 if offending.kind == END else len(offending.text))
        text = self._text[self._tokens[start].offset : end]
        self._place = place
        return self._fault(f"no viable alternative at input '{text or END}'", offending)

    def _one_of(self, expected: _Kinds) -> None:
        """Refuse the token where a choice has to be made and nothing fits."""
        if self._kind in expected:
            self._blamed = None
            return
        if self._next_kind() in expected:
            message = f"extraneous input '{self._token.text}' expecting {_shown(expected)}"
            raise self._fault(message, self._token)
        raise self._mismatch(expected)

    def _expect(self, kind: str, following: _Kinds) -> None:
        """Go past a token; `following` is what may come behind it."""
        if self._kind == kind:
            if kind != END:
                self._place += 1
            return
        token = self._token
        if self._next_kind() == kind and token.kind != END:
            raise self._fault(f"extraneous input '{token.text}' expecting {_shown((kind,))}", token)
        if token.kind in following:
            raise self._fault(f"missing {words.shown(kind)} at '{token.text}'", token)
        raise self._mismatch((kind,) if self._blamed is None else self._blamed)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise PathSyntaxError("stack overflow while parsing JSON path", 0, 0)

    def _chain(self) -> None:
        self._length += 1
        if self._length > MAX_CHAIN:
            raise PathSyntaxError("stack overflow while parsing JSON path", 0, 0)

    # paths

    def path(self) -> tree.JsonPath:
        if self._kind not in ("lax", "strict"):
            modes = "{'lax', 'strict'}"
            token = self._token
            if self._next_kind() in ("lax", "strict"):
                raise self._fault(f"extraneous input '{token.text}' expecting {modes}", token)
            if token.kind in _FIRST:
                raise self._fault(f"missing {modes} at '{token.text}'", token)
            raise self._mismatch(("lax", "strict"))
        lax = self._kind == "lax"
        self._place += 1
        root = self._expression(frozenset((END,)))
        self._expect(END, frozenset())
        return tree.JsonPath(lax, root)

    def _expression(self, after: _Kinds) -> tree.Node:
        outer, self._minus = self._minus, None
        try:
            node = self._sum(after)
            if self._minus is not None and self._kind not in after:
                raise self._no_way(self._minus, self._place)
            return node
        except PathSyntaxError as fault:
            if self._minus is None or fault.line == 0:
                raise
            raise self._no_way(self._minus, self._place) from None
        finally:
            self._minus = outer

    def _looked_through(self, start: int, read: Callable[[], T]) -> T:
        """Read a part that has to be read whole before it is known what it is: a fault is one of the whole part."""
        try:
            return read()
        except PathSyntaxError as fault:
            if fault.line == 0 or self._place == start:
                raise
            raise self._no_way(start, self._place) from None

    def _sum(self, after: _Kinds) -> tree.Node:
        left = self._product(after)
        while self._kind in _ADDING:
            operator = self._token.kind
            self._place += 1
            self._chain()
            left = tree.Arithmetic(operator, left, self._product(after))
        return left

    def _product(self, after: _Kinds) -> tree.Node:
        left = self._signed(after)
        while self._kind in _MULTIPLYING:
            operator = self._token.kind
            self._place += 1
            self._chain()
            left = tree.Arithmetic(operator, left, self._signed(after))
        return left

    def _signed(self, after: _Kinds) -> tree.Node:
        self._one_of(_FIRST)
        kind = self._kind
        if kind == "-" and self._next_kind() in _NUMBERS and self._minus is None:
            self._minus = self._place
        if kind not in _ADDING or (kind == "-" and self._next_kind() in _NUMBERS):
            return self._accessors(after)
        if kind == "-" and self._next_kind() not in _FIRST:
            raise self._no_way(self._place, self._place + 1)
        self._place += 1
        self._enter()
        base = self._signed(after)
        self._depth -= 1
        return tree.Signed(kind == "-", base)

    def _accessors(self, after: _Kinds) -> tree.Node:
        node = self._primary(after)
        following = _GOING_ON | after
        while True:
            kind = self._kind
            if kind in _ACCESSORS:
                self._blamed = None
            if kind == ".":
                node = self._member(node, following)
            elif kind == "..":
                node = tree.Descendant(node, self._key())
            elif kind == "[":
                node = self._elements(node, following)
            elif kind == "?":
                self._place += 1
                self._enter()
                self._expect("(", _PREDICATE_FIRST)
                predicate = self._predicate(frozenset((")",)))
                self._expect(")", following)
                self._depth -= 1
                node = tree.Filter(node, predicate)
            else:
                if self._blamed is None:
                    self._blamed = following
                return node
            self._chain()

    def _key(self) -> str:
        """The name behind `.` or `..`."""
        kind = self._next_kind()
        if kind == IDENTIFIER or kind in KEYWORDS or kind == "-":
            self._place += 2
            return self._tokens[self._place - 1].text
        if kind == STRING:
            self._place += 2
            return _unquoted(self._tokens[self._place - 1])
        raise self._no_way(self._place, self._place + 1)

    def _member(self, base: tree.Node, following: _Kinds) -> tree.Node:
        method = _METHODS.get(self._next_kind())
        if method is not None and self._next_kind(2) == "(":
            self._place += 3
            template = None
            if method is tree.MethodName.DATETIME:
                self._one_of(frozenset((")", STRING)))
                if self._kind == STRING:
                    template = _unquoted(self._token)
                    self._place += 1
            else:
                self._blamed = None
            self._expect(")", following)
            return tree.Method(base, method, template)
        if self._next_kind() == "*":
            self._place += 2
            return tree.Member(base, None)
        return tree.Member(base, self._key())

    def _elements(self, base: tree.Node, following: _Kinds) -> tree.Node:
        kind = self._next_kind()
        if kind == "*":
            self._place += 2
            self._blamed = None
            self._expect("]", following)
            return tree.Elements(base, ())
        if kind not in _FIRST:
            raise self._no_way(self._place, self._place + 1)
        self._enter()
        subscripts: list[tuple[tree.Node, tree.Node | None]] = []
        while not subscripts or self._kind == ",":
            self._place += 1
            start = self._looked_through(self._place, lambda: self._expression(frozenset((",", "]", "to"))))
            end = None
            if self._kind == "to":
                self._place += 1
                end = self._expression(frozenset((",", "]")))
            subscripts.append((start, end))
            if len(subscripts) > 1 and self._kind not in (",", "]"):
                message = f"extraneous input '{self._token.text}' expecting {{',', ']'}}"
                raise self._fault(message, self._token)
            self._one_of(frozenset((",", "]")))
        self._place += 1
        self._depth -= 1
        return tree.Elements(base, tuple(subscripts))

    def _primary(self, after: _Kinds) -> tree.Node:
        token = self._token
        self._place += 1
        self._blamed = None
        match token.kind:
            case "(":
                self._enter()
                inner = self._expression(frozenset((")",)))
                self._expect(")", _GOING_ON | after)
                self._depth -= 1
                return inner
            case "$":
                return tree.Context()
            case "@":
                return tree.CurrentItem()
            case "last":
                return tree.Last()
            case "null":
                return tree.NullLiteral()
            case "true" | "false":
                return tree.Literal(BOOLEAN, token.kind == "true")
            case words.NAMED_VARIABLE:
                return tree.Variable(token.text[1:])
            case words.STRING:
                text = _unquoted(token)
                return tree.Literal(VarcharType(len(text)), text)
            case "-":
                number = self._token
                self._place += 1
                return _number(number.kind, "-" + number.text)
        return _number(token.kind, token.text)

    # predicates

    def _predicate(self, after: _Kinds) -> tree.Predicate:
        left = self._conjunction(after)
        while self._kind == "||":
            self._place += 1
            self._chain()
            left = tree.Disjunction(left, self._conjunction(after))
        return left

    def _conjunction(self, after: _Kinds) -> tree.Predicate:
        left = self._simple(after)
        while self._kind == "&&":
            self._place += 1
            self._chain()
            left = tree.Conjunction(left, self._simple(after))
        if self._blamed is None:
            self._blamed = after | _COMBINING
        return left

    def _simple(self, after: _Kinds) -> tree.Predicate:
        self._one_of(_PREDICATE_FIRST)
        if self._kind == "!":
            self._place += 1
            self._one_of(frozenset(("(", "exists")))
            return tree.Negation(self._delimited(after))
        if self._kind == "exists" or (self._kind == "(" and self._holds_predicate()):
            if self._kind == "exists":
                return self._delimited(after)
            predicate = self._looked_through(self._place, lambda: self._delimited(after))
            if self._kind == "is":
                self._place += 1
                self._expect("unknown", after | _COMBINING)
                return tree.IsUnknown(predicate)
            return predicate
        return self._comparison(after)

    def _holds_predicate(self) -> bool:
        """Whether the parentheses that open here are around a predicate rather than around a path."""
        depth = filters = 0
        opened: list[bool] = []
        for place in range(self._place, len(self._tokens)):
            token, before = self._tokens[place], self._tokens[place - 1].kind
            if token.kind == "(":
                is_filter = before == "?"
                opened.append(is_filter)
                filters += is_filter
                depth += 1
            elif token.kind == ")":
                depth -= 1
                filters -= opened.pop()
                if depth == 0:
                    return False
            elif token.kind in _ONLY_IN_PREDICATES and filters == 0 and before not in (".", ".."):
                return True
        return False

    def _delimited(self, after: _Kinds) -> tree.Predicate:
        following = after | _COMBINING
        self._enter()
        if self._kind == "exists":
            self._place += 1
            self._expect("(", _FIRST)
            path = self._expression(frozenset((")",)))
            self._expect(")", following)
            self._depth -= 1
            return tree.Exists(path)
        self._expect("(", _PREDICATE_FIRST)
        predicate = self._predicate(frozenset((")",)))
        self._expect(")", following | {"is"})
        self._depth -= 1
        return predicate

    def _comparison(self, after: _Kinds) -> tree.Predicate:
        start = self._place
        left = self._looked_through(start, lambda: self._expression(_AFTER_OPERAND))
        kind = self._kind
        if kind not in _AFTER_OPERAND:
            raise self._no_way(start, self._place)
        self._place += 1
        following = after | _COMBINING
        if self._blamed == _GOING_ON | _AFTER_OPERAND:
            self._blamed = _GOING_ON | {kind}
        if kind == "like_regex":
            self._expect(STRING, following | {"flag"})
            pattern = _unquoted(self._tokens[self._place - 1])
            flags = None
            if self._kind == "flag":
                self._place += 1
                self._expect(STRING, following)
                flags = _unquoted(self._tokens[self._place - 1])
            return tree.LikeRegex(left, pattern, flags)
        if kind == "starts":
            self._expect("with", frozenset((STRING, NAMED_VARIABLE)))
            self._one_of(frozenset((STRING, NAMED_VARIABLE)))
            return tree.StartsWith(left, self._primary(frozenset()))
        right = self._expression(following)
        return tree.Comparison("<>" if kind == "!=" else kind, left, right)


def _shown(kinds: Iterable[str]) -> str:
    names = [words.shown(kind) for kind in sorted(kinds, key=words.ORDER.__getitem__)]
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}"


def _unquoted(token: Token) -> str:
    return token.text[1:-1].replace('""', '"')


def _number(kind: str, text: str) -> tree.Literal:
    if kind == words.DOUBLE:
        return tree.Literal(DOUBLE, float(text))
    if kind == words.INTEGER:
        value = int(text)
        if not -(2**63) <= value < 2**63:
            raise PathSyntaxError(f"Invalid numeric literal: {text}", 0, 0)
        return tree.Literal(INTEGER if -(2**31) <= value < 2**31 else BIGINT, value)
    integral, _, fraction = text.lstrip("-").partition(".")
    precision = max(len(integral.lstrip("0")) + len(fraction), 1)
    if precision > 38:
        raise PathSyntaxError(f"Invalid numeric literal: {text}", 0, 0)
    return tree.Literal(DecimalType(precision, len(fraction)), text)
