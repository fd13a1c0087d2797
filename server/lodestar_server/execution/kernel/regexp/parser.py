"""Trino's regular expressions: Joni with Java's syntax.

Shorthands are ASCII, properties and POSIX names Unicode; `.` excludes the line feed only; errors are those of Joni.
Source: answers of Trino 476.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from lodestar_server.execution.kernel.regexp import classes, pieces
from lodestar_server.execution.kernel.regexp.pieces import Piece
from lodestar_server.spi.values import frozen

_MAX_REPEAT = 100_000
_WORD = "[0-9A-Za-z_]"
_BOUNDARY = f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))"
_NO_BOUNDARY = f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))"
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_FLAGS = "imsx"
_UNCLOSED = "end pattern with unmatched parenthesis"


class PatternError(ValueError):
    """Not a regular expression; the text is the message for the user."""


@frozen
class Pattern:
    """`re2` for DuckDB, None where it has to be Python. `optional` are groups that may take no part in a match.

    `ends`: `$` also stands before a line feed that ends the text, which `re2` does not say.
    """

    re2: str | None
    regex: str
    nullable: bool
    group_count: int
    names: dict[str, int]
    optional: frozenset[int]
    ends: bool


@dataclass(slots=True)
class _Parser:
    text: str
    position: int = 0
    group_count: int = 0
    names: dict[str, int] = field(default_factory=dict)
    optional: set[int] = field(default_factory=set)
    references: list[int | str] = field(default_factory=list)
    flags: frozenset[str] = frozenset()
    ends: bool = False

    # Reading

    @property
    def more(self) -> bool:
        return self.position < len(self.text)

    def looking_at(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def accept(self, text: str) -> bool:
        if not self.looking_at(text):
            return False
        self.position += len(text)
        return True

    def take(self, otherwise: str) -> str:
        if not self.more:
            self.fail(otherwise)
        self.position += 1
        return self.text[self.position - 1]

    def fail(self, message: str) -> NoReturn:
        raise PatternError(message)

    # Grammar

    def whole(self) -> Piece:
        made = self.alternatives()
        if self.more:
            self.fail("unmatched close parenthesis")
        for reference in self.references:
            if isinstance(reference, str):
                if reference not in self.names:
                    self.fail(f"undefined name <{reference}> reference")
            elif not 1 <= reference <= self.group_count:
                self.fail("invalid backref number/name")
        return made

    def alternatives(self) -> Piece:
        """Branches up to the end or a closing parenthesis; flags set inside end there."""
        outer = self.flags
        branches = [self.branch()]
        while self.accept("|"):
            branches.append(self.branch())
        self.flags = outer
        if len(branches) > 1:
            self.optional.update(*(branch.groups for branch in branches))
        return pieces.choice(branches)

    def branch(self) -> Piece:
        parts: list[Piece] = []
        while True:
            self.skip_ignored()
            if not self.more or self.text[self.position] in "|)":
                break
            if self.looking_at("(?") and self.set_flags():
                # The flag holds for the rest of the group, branches of it included.
                rest = self.rest_of_group()
                parts.append(rest)
                break
            parts.append(self.quantified())
        return pieces.sequence(parts) if parts else pieces.EMPTY

    def rest_of_group(self) -> Piece:
        inner = [self.branch()]
        while self.accept("|"):
            inner.append(self.branch())
        if len(inner) > 1:
            self.optional.update(*(branch.groups for branch in inner))
        return self.flagged(pieces.choice(inner))

    def flagged(self, inner: Piece) -> Piece:
        """A group in which letters match without case, or with."""
        opening = "(?i:" if "i" in self.flags else "(?-i:"
        return pieces.group(opening, inner, re2_opening=opening)

    def skip_ignored(self) -> None:
        while True:
            if self.looking_at("(?#"):
                end = self.text.find(")", self.position)
                if end < 0:
                    self.fail("end pattern in group")
                self.position = end + 1
            elif "x" in self.flags and self.more and self.text[self.position] in " \t\n\r\f\v":
                self.position += 1
            elif "x" in self.flags and self.looking_at("#"):
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end + 1
            else:
                return

    def set_flags(self) -> bool:
        """`(?i-s)`; false, with nothing read, for any other group."""
        end = self.position + 2
        while end < len(self.text) and self.text[end] in _FLAGS + "-":
            end += 1
        if end == self.position + 2 or self.text[end : end + 1] != ")":
            return False
        self.change_flags(self.text[self.position + 2 : end])
        self.position = end + 1
        return True

    def change_flags(self, letters: str) -> None:
        on, _, off = letters.partition("-")
        self.flags = (self.flags | frozenset(on)) - frozenset(off)

    def quantified(self) -> Piece:
        made = self.atom()
        while True:
            self.skip_ignored()
            limits = self.quantifier()
            if limits is None:
                return made
            low, high = limits
            mode = "?" if self.accept("?") else "+" if self.accept("+") else ""
            if low == 0:
                self.optional.update(made.groups)
            made = pieces.repeated(made, low, high, mode)

    def quantifier(self) -> tuple[int, int | None] | None:
        for mark, limits in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.accept(mark):
                return limits
        if not self.looking_at("{"):
            return None
        end = self.text.find("}", self.position)
        low, comma, high = self.text[self.position + 1 : end].partition(",") if end >= 0 else ("", "", "")
        if not _is_number(low) or not (high == "" or _is_number(high)):
            return None
        self.position = end + 1
        least = int(low)
        most = None if comma and not high else int(high or low)
        if least > _MAX_REPEAT or (most or 0) > _MAX_REPEAT:
            self.fail("too big number for repeat range")
        if most is not None and most < least:
            self.fail("upper is smaller than lower in repeat range")
        return least, most

    def atom(self) -> Piece:
        character = self.take("")
        match character:
            case "(":
                return self.parenthesis()
            case "[":
                negated, inside = self.brackets()
                mark = "^" if negated else ""
                re2 = None if inside.re2 is None else f"[{mark}{inside.re2}]"
                return pieces.one_of(re2, f"[{mark}{inside.regex}]")
            case ".":
                return pieces.one_of("(?s:.)", "(?s:.)") if "s" in self.flags else pieces.one_of(r"[^\n]", r"[^\n]")
            case "^":
                if "m" in self.flags:
                    return pieces.assertion("(?m:^)", r"(?:(?<=\n)(?!\Z)|\A)")
                return pieces.assertion(r"\A", r"\A")
            case "$":
                if "m" in self.flags:
                    return pieces.assertion("(?m:$)", r"(?=\n|\Z)")
                self.ends = True
                return pieces.assertion(r"\z", r"(?=\n?\Z)")
            case "*" | "+" | "?":
                self.fail("target of repeat operator is not specified")
            case "\\":
                return self.escape()
        return pieces.literal(character)

    # Groups

    def parenthesis(self) -> Piece:
        if not self.accept("?"):
            return self.capturing(None)
        for opening in (":", "=", "!", "<=", "<!", ">"):
            if self.accept(opening):
                return self.special(opening)
        if self.looking_at("<"):
            return self.named()
        letters = ""
        while self.more and self.text[self.position] in _FLAGS + "-":
            letters += self.take("")
        if not self.more:
            self.fail("end pattern in group")
        if not letters or not self.accept(":"):
            self.fail("undefined group option")
        outer = self.flags
        self.change_flags(letters)
        inner = self.flagged(self.alternatives())
        self.flags = outer
        self.close()
        return inner

    def capturing(self, name: str | None) -> Piece:
        self.group_count += 1
        number = self.group_count
        if name is not None:
            if name in self.names:
                self.fail(f"multiplex defined name <{name}>")
            self.names[name] = number
        inner = self.alternatives()
        self.close()
        made = pieces.group("(", inner, re2_opening="(")
        return Piece(made.re2, made.regex, made.nullable, made.width, made.groups | {number}, made.repeats)

    def named(self) -> Piece:
        end = self.text.find(">", self.position)
        if end < 0:
            self.fail(_UNCLOSED)
        name = self.text[self.position + 1 : end]
        if not name:
            self.fail("group name is empty")
        if not (name[0].isalpha() or name[0] == "_") or not all(one.isalnum() or one == "_" for one in name):
            self.fail(f"invalid group name <{name}>")
        self.position = end + 1
        return self.capturing(name)

    def special(self, opening: str) -> Piece:
        start = self.position
        inner = self.alternatives()
        self.close()
        match opening:
            case ":":
                return pieces.plain(inner)
            case ">":
                return pieces.group("(?>", inner)
            case "<=" | "<!":
                self.check_width(start, inner)
        self.optional.update(inner.groups)
        return pieces.lookaround(f"(?{opening}", inner)

    def check_width(self, start: int, inner: Piece) -> None:
        """Looking behind needs to know how far: branches may differ, but only the outermost."""
        if inner.width is not None:
            return
        branches = _Parser(self.text[: self.position - 1], start, flags=self.flags)
        branches.group_count = self.group_count
        found = [branches.branch()]
        while branches.accept("|"):
            found.append(branches.branch())
        if any(branch.width is None for branch in found):
            self.fail("invalid pattern in look-behind")

    def close(self) -> None:
        if not self.accept(")"):
            self.fail(_UNCLOSED)

    # Escapes

    def escape(self) -> Piece:
        letter = self.take("end pattern at escape")
        match letter:
            case "b" | "B":
                boundary = _BOUNDARY if letter == "b" else _NO_BOUNDARY
                return pieces.assertion(f"\\{letter}", boundary)
            case "A":
                return pieces.assertion(r"\A", r"\A")
            case "z":
                return pieces.assertion(r"\z", r"\Z")
            case "Z":
                self.ends = True
                return pieces.assertion(r"\z", r"(?=\n?\Z)")
            case "G":
                return pieces.assertion(None, r"\G")
            case "Q":
                return self.verbatim()
            case "k":
                return self.named_reference()
            case "p" | "P" | "d" | "D" | "w" | "W" | "s" | "S":
                item = self.class_escape(letter)
                re2 = None if item.re2 is None else f"[{item.re2}]"
                return pieces.one_of(re2, f"[{item.regex}]")
        if letter in "123456789":
            return self.numbered_reference(letter)
        return pieces.literal(self.character_escape(letter))

    def numbered_reference(self, first: str) -> Piece:
        """A group's number; more than one digit for a group that there is not yet is an octal code."""
        digits = first
        while self.more and _is_number(self.text[self.position]):
            digits += self.take("")
        if len(digits) > 1 and int(digits) > self.group_count and first in "1234567":
            octal = digits[:3].rstrip("89") if digits[1] in "01234567" else first
            self.position -= len(digits) - len(octal)
            return pieces.literal(chr(int(octal, 8)))
        self.references.append(int(digits))
        return Piece(None, f"(?:\\{digits})", True, None)

    def verbatim(self) -> Piece:
        end = self.text.find("\\E", self.position)
        stop = len(self.text) if end < 0 else end
        text = self.text[self.position : stop]
        self.position = stop if end < 0 else end + 2
        # A quantifier behind it belongs to the last character.
        if len(text) > 1:
            return pieces.sequence([pieces.literal(text[:-1]), self.behind(pieces.literal(text[-1]))])
        return pieces.literal(text)

    def behind(self, made: Piece) -> Piece:
        limits = self.quantifier()
        if limits is None:
            return made
        mode = "?" if self.accept("?") else "+" if self.accept("+") else ""
        return pieces.repeated(made, *limits, mode)

    def named_reference(self) -> Piece:
        end = self.text.find(">", self.position)
        if not self.accept("<") or end < 0:
            self.fail("invalid backref number/name")
        name = self.text[self.position : end]
        self.position = end + 1
        if _is_number(name):
            self.references.append(int(name))
            return Piece(None, f"(?:\\{name})", True, None)
        self.references.append(name)
        number = self.names.get(name)
        if number is None:
            self.fail(f"undefined name <{name}> reference")
        return Piece(None, f"(?:\\{number})", True, None)

    def class_escape(self, letter: str) -> classes.Item:
        if letter not in "pP":
            return classes.shorthand(letter)
        if self.accept("{"):
            end = self.text.find("}", self.position)
            name = self.text[self.position : end if end >= 0 else len(self.text)]
        else:
            # Without braces the name is one letter.
            end = self.position
            name = self.take("invalid character property name {" + letter + "}")
        item = None if end < 0 else classes.has_property(name, negated=letter == "P")
        if item is None:
            self.fail(f"invalid character property name <{name}>")
        self.position = end + 1
        return item

    def character_escape(self, letter: str) -> str:
        """The character of an escape that stands for one."""
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        match letter:
            case "x":
                return self.hexadecimal()
            case "u":
                return chr(int(self.digits(4, "too short digits"), 16))
            case "c":
                return chr(ord(self.take("end pattern at control")) & 0x1F)
            case "0":
                octal = ""
                while len(octal) < 2 and self.more and self.text[self.position] in "01234567":
                    octal += self.take("")
                return chr(int(octal or "0", 8))
        return letter

    def digits(self, count: int, message: str) -> str:
        found = self.text[self.position : self.position + count]
        if len(found) < count or not all(one in "0123456789abcdefABCDEF" for one in found):
            self.fail(message)
        self.position += count
        return found

    def hexadecimal(self) -> str:
        if self.accept("{"):
            end = self.text.find("}", self.position)
            found = self.text[self.position : end]
            try:
                character = chr(int(found, 16))
            except (ValueError, OverflowError):
                self.fail("invalid code point value")
            self.position = end + 1
            return character
        value = bytes([self.one_byte()])
        # Bytes beyond ASCII are those of UTF-8.
        while value[0] >= 0x80 and not _decodes(value) and self.accept("\\x"):
            value += bytes([self.one_byte()])
        if not _decodes(value):
            self.fail("too short multibyte string")
        return value.decode()

    def one_byte(self) -> int:
        found = ""
        while len(found) < 2 and self.more and self.text[self.position] in "0123456789abcdefABCDEF":
            found += self.take("")
        return int(found or "0", 16)

    # Bracketed classes

    def brackets(self) -> tuple[bool, classes.Item]:
        """After `[`: whether it is negated, and the inside."""
        negated = self.accept("^")
        parts: list[list[classes.Item]] = [[]]
        first = True
        last = "\0"
        while True:
            if not self.more:
                self.fail("premature end of char-class")
            if self.looking_at("]") and not (first and "]" in self.text[self.position + 1 :]):
                self.position += 1
                break
            if self.accept("&&"):
                parts.append([])
                continue
            item, last = self.class_item(last)
            parts[-1].append(item)
            first = False
        if not parts[0] and len(parts) == 1:
            self.fail("empty char-class")
        return negated, _intersection([_union(part) for part in parts if part])

    def class_item(self, last: str) -> tuple[classes.Item, str]:
        """A character, a range or a class, and the last single character.

        A dash behind a class begins a range, too: at the last single character before.
        """
        nested = self.looking_at("[") and not self.looking_at("[:")
        item = self.class_atom()
        last = item.single or last
        if nested or not self.dash_of_range():
            return item, last
        self.position += 1
        nested = self.looking_at("[") and not self.looking_at("[:")
        end = self.class_atom()
        if nested:
            # What was begun is forgotten.
            return (end if item.single is not None else _union([item, end])), last
        if end.single is None:
            self.fail("char-class value at end of range")
        if end.single < last:
            self.fail("empty range in char class")
        made = classes.span(last, end.single)
        if self.dash_of_range():
            # Behind a range it is passed over.
            self.position += 1
        return (made if item.single is not None else _union([item, made])), last

    def dash_of_range(self) -> bool:
        """A dash that is not the last of its class."""
        return self.looking_at("-") and self.text[self.position + 1 : self.position + 2] not in ("]", "", "&")

    def class_atom(self) -> classes.Item:
        if self.accept("[:"):
            end = self.text.find(":]", self.position)
            if end >= 0:
                name = self.text[self.position : end]
                item = classes.posix(name.removeprefix("^"), negated=name.startswith("^"))
                if item is None:
                    self.fail("invalid POSIX bracket type")
                self.position = end + 2
                return item
            self.position -= 1
            return self.nested_class()
        if self.accept("["):
            return self.nested_class()
        character = self.take("premature end of char-class")
        if character != "\\":
            return classes.character(character)
        letter = self.take("end pattern at escape")
        if letter in "dDwWsS" or (letter in "pP" and self.looking_at("{")):
            return self.class_escape(letter)
        return classes.character("\b" if letter == "b" else self.character_escape(letter))

    def nested_class(self) -> classes.Item:
        negated, inside = self.brackets()
        if not negated:
            return classes.Item(inside.re2, f"[{inside.regex}]")
        return classes.Item(None, f"[^{inside.regex}]")


def _union(items: list[classes.Item]) -> classes.Item:
    texts = [item.re2 for item in items]
    re2 = None if None in texts else "".join(text for text in texts if text is not None)
    return classes.Item(re2, "".join(item.regex for item in items))


def _intersection(sets: list[classes.Item]) -> classes.Item:
    if len(sets) == 1:
        return sets[0]
    return classes.Item(None, "&&".join(f"[{one.regex}]" for one in sets))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=1024)
def parse_pattern(text: str) -> Pattern:
    """Read a pattern. Raises: PatternError."""
    parser = _Parser(text)
    made = parser.whole()
    return Pattern(
        made.re2, made.regex, made.nullable, parser.group_count, parser.names, frozenset(parser.optional), parser.ends
    )
