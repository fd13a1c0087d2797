"""The place in the tokens, and the small things every part of the grammar is made of: names, strings, lists.

The parser only decides whether a text is Trino's and what it says. When it is not, it raises `Refusal` without a word:
what Trino would say about it is worked out by `grammar/`, which nobody pays for until a text is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from lodestar_server.spi.errors import SYNTAX_ERROR, Location, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import IDENTIFIER, NAME_KINDS, QUOTED_IDENTIFIER, STRING, UNICODE_STRING, Tokens
from lodestar_server.sql.parser.strings import decode_unicode_string, unquote

T = TypeVar("T")

# Trino overflows its stack between 600 and 1,000 parentheses.
MAX_NESTING = 700

# How deep a tree may be: operators that lean left are read by a loop, but whoever walks the tree goes down them. Trino
# overflows its stack between 2,000 and 5,000 additions.
MAX_TREE_DEPTH = 4_000

# Python counts frames, not bytes, and calls between Python functions use no C stack: this only has to be above what the
# deepest tree costs those who walk it recursively, at five frames a level.
_RECURSION_LIMIT = 20_000
if sys.getrecursionlimit() < _RECURSION_LIMIT:
    sys.setrecursionlimit(_RECURSION_LIMIT)


class Refusal(Exception):
    """The text is not in the language."""


class TooLarge(Exception):
    """The text is nested too deeply."""


class Cursor:
    """Tokens and the index of the current one. A part of the grammar is a method: called at its first token, it leaves
    `pos` after its last and returns a node, or raises `Refusal`.
    """

    __slots__ = ("_refused", "depth", "folds", "kinds", "parameters", "pos", "texts", "tokens")

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.pos = 0
        self.depth = 0
        # Operators read by a loop so far: with the nesting, they bound the depth of the tree.
        self.folds = 0
        self.parameters: list[ast.Parameter] = []
        self._refused: set[tuple[int, str]] = set()

    # places

    def at(self, index: int) -> Location:
        """The place of a token."""
        return self.tokens.location(index)

    def fault(self, message: str, location: Location) -> LodestarError:
        """An error Trino raises about a text its grammar accepts."""
        return LodestarError(SYNTAX_ERROR, message, location=location)

    # nesting

    def enter(self) -> None:
        """Go one level down; `depth` is lowered again by whoever entered."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise TooLarge

    def check_tree(self, tree: ast.Node) -> None:
        """Refuse a tree too deep to be walked. Raises: TooLarge."""
        if self.folds <= MAX_TREE_DEPTH // 4:
            return
        pending = [(tree, 1)]
        while pending:
            node, depth = pending.pop()
            if depth > MAX_TREE_DEPTH:
                raise TooLarge
            for child in ast.children(node):
                pending.append((child, depth + 1))

    def attempt(self, part: Callable[[], T]) -> T | None:
        """What `part` returns, or None with everything as before if it refuses.

        A part that refused a place is not asked again there: without that, parts that try two readings of what is
        nested in them would double the work at every level.
        """
        pos, depth, parameters = self.pos, self.depth, len(self.parameters)
        question = (pos, part.__qualname__)
        if question in self._refused:
            return None
        try:
            return part()
        except Refusal:
            self._refused.add(question)
            self.pos, self.depth = pos, depth
            del self.parameters[parameters:]
            return None

    # tokens

    def refuse(self) -> NoReturn:
        """The text is not in the language."""
        raise Refusal

    def accept(self, kind: str) -> bool:
        """Whether the current token is of this kind; if so it is consumed."""
        if self.kinds[self.pos] == kind:
            self.pos += 1
            return True
        return False

    def accept_all(self, *kinds: str) -> bool:
        """Whether the next tokens are of these kinds; if so they are consumed."""
        pos = self.pos
        for kind in kinds:
            if self.kinds[pos] != kind:
                return False
            pos += 1
        self.pos = pos
        return True

    def expect(self, *kinds: str) -> None:
        """Consume tokens of exactly these kinds."""
        for kind in kinds:
            if self.kinds[self.pos] != kind:
                raise Refusal
            self.pos += 1

    def expect_one_of(self, *kinds: str) -> str:
        """Consume a token of one of these kinds and say which."""
        kind = self.kinds[self.pos]
        if kind not in kinds:
            raise Refusal
        self.pos += 1
        return kind

    def looking_at(self, *kinds: str) -> bool:
        """Whether the next tokens are of these kinds."""
        pos = self.pos
        return tuple(self.kinds[pos : pos + len(kinds)]) == kinds

    def comma_separated(self, part: Callable[[], T]) -> tuple[T, ...]:
        """One or more parts with commas between."""
        first = part()
        if self.kinds[self.pos] != ",":
            return (first,)
        parts = [first]
        while self.kinds[self.pos] == ",":
            self.pos += 1
            parts.append(part())
        return tuple(parts)

    def parenthesized(self, part: Callable[[], T]) -> tuple[T, ...]:
        """One or more parts with commas between, in parentheses."""
        self.expect("(")
        parts = self.comma_separated(part)
        self.expect(")")
        return parts

    # names

    def at_name(self, offset: int = 0) -> bool:
        """Whether the token `offset` places ahead may be a name."""
        return self.kinds[self.pos + offset] in NAME_KINDS

    def identifier(self) -> ast.Identifier:
        """A name."""
        pos = self.pos
        kind = self.kinds[pos]
        if kind is IDENTIFIER or kind in NAME_KINDS:
            self.pos = pos + 1
            text = self.texts[pos]
            if kind is QUOTED_IDENTIFIER:
                if len(text) == 2:
                    raise Refusal
                return ast.Identifier(unquote(text), True, at=self.tokens.location(pos))
            return ast.Identifier(text, False, at=self.tokens.location(pos))
        raise Refusal

    def identifier_if_present(self) -> ast.Identifier | None:
        """A name, or nothing."""
        return self.identifier() if self.kinds[self.pos] in NAME_KINDS else None

    def qualified_name(self) -> ast.QualifiedName:
        """Names with dots between."""
        parts = [self.identifier()]
        while self.kinds[self.pos] == ".":
            self.pos += 1
            parts.append(self.identifier())
        return ast.QualifiedName.of(parts)

    def column_aliases(self) -> tuple[ast.Identifier, ...]:
        """Names in parentheses."""
        return self.parenthesized(self.identifier)

    # strings

    def string(self) -> ast.StringLiteral:
        """A string literal, plain or with Unicode escapes."""
        pos = self.pos
        kind = self.kinds[pos]
        if kind == STRING:
            self.pos = pos + 1
            return ast.StringLiteral(unquote(self.texts[pos]), at=self.at(pos))
        if kind != UNICODE_STRING:
            raise Refusal
        self.pos = pos + 1
        escape = "\\"
        if self.accept("UESCAPE"):
            if self.kinds[self.pos] != STRING:
                raise Refusal
            escape = unquote(self.texts[self.pos])
            self.pos += 1
        location = self.at(pos)
        return ast.StringLiteral(decode_unicode_string(self.texts[pos], escape, location), at=location)

    def string_value(self) -> str:
        """The value of a string literal."""
        return self.string().value

    # the parts that call each other across the modules

    def statement(self) -> ast.Statement:
        """Any statement."""
        raise NotImplementedError

    def root_query(self) -> ast.Query:
        """A query that may start with inline functions."""
        raise NotImplementedError

    def query(self) -> ast.Query:
        """A query that may start with WITH."""
        raise NotImplementedError

    def expression(self) -> ast.Expression:
        """Any expression."""
        raise NotImplementedError

    def value_expression(self) -> ast.Expression:
        """An expression without NOT, AND, OR and predicates at its top."""
        raise NotImplementedError

    def type(self) -> ast.DataType:
        """A type name."""
        raise NotImplementedError
