"""Views of Hive and Spark, whose text is HiveQL.

Two ways, as in Trino: the old one (`hive.hive-views.legacy-translation`) changes quotes and nothing else, whatever the
rest means; the other one takes only texts of which every word means the same in both languages, and refuses the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lodestar_server.plugins.connectors.hive.types import TimestampPrecision, from_hive_type
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA, HIVE_VIEW_TRANSLATION_ERROR
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.plugins.toolkit.metastore.views import MARK
from lodestar_server.spi.connector import ViewColumn, ViewDefinition
from lodestar_server.spi.errors import LodestarError

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<text>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*)
    | (?P<word>[^\W\d]\w*)
    | (?P<mark><=>|==|<>|!=|<=|>=|\|\||[-+*(),.<>=])
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([01][0-7]{2})|(.))", re.DOTALL)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_SAME_WORDS = re.compile(
    "all|and|as|between|case|cast|date|distinct|else|exists|from|having|if|in|is|join|like|not|on|or|select|then|union"
    "|when|where|with"
)
"""Words before a parenthesis that open no call of a function that is Hive's own."""
_SAME_FUNCTIONS = re.compile("abs|coalesce|count|day|length|lower|max|min|month|nullif|sum|upper|year")
_OTHER_FUNCTIONS = {"nvl": "coalesce", "ucase": "upper", "lcase": "lower"}
_CAST_TYPES = {"double": "double", "float": "real", "date": "date"}
"""Other casts round, or write numbers, in another way."""
_OTHER_WORDS = re.compile(
    "anti|any|cluster|cube|distribute|div|grouping|ilike|interval|lateral|limit|map|order|over|pivot|qualify|reduce"
    "|regexp|rlike|rollup|semi|some|sort|tablesample|transform|using|values|window"
)
"""Words that mean something else, or nothing, in the other language. Others are names."""


def is_hive_view(table: Table) -> bool:
    """A view that neither Trino nor we have made."""
    return table.is_view and MARK not in table.parameters


def hive_view(
    table: Table, catalog: str, *, legacy: bool, as_invoker: bool, precision: TimestampPrecision
) -> ViewDefinition:
    """Raises: HIVE_INVALID_METADATA without a text, HIVE_VIEW_TRANSLATION_ERROR."""
    text = table.view_expanded_text or table.view_original_text
    if not text:
        raise LodestarError(HIVE_INVALID_METADATA, f"No view expanded text: {table.name}")
    if legacy:
        sql = legacy_translation(text)
    else:
        try:
            sql = translation(text)
        except ValueError as reason:
            raise LodestarError(
                HIVE_VIEW_TRANSLATION_ERROR, f"Failed to translate Hive view '{table.name}': {reason}"
            ) from None
    columns = tuple(
        ViewColumn(column.name, from_hive_type(column.type, precision), column.comment)
        for column in (*table.columns, *table.partition_columns)
    )
    owner = None if as_invoker else table.owner
    return ViewDefinition(sql, catalog, table.name.schema, columns, table.parameters.get("comment"), owner, as_invoker)


def legacy_translation(text: str) -> str:
    """Names in backquotes and texts in either quote become Trino's. Raises: HIVE_VIEW_TRANSLATION_ERROR."""
    made = []
    at = 0
    while at < len(text):
        quote = text[at]
        if quote not in "`'\"":
            made.append(quote)
            at += 1
            continue
        pattern = r"`(?:[^`]|``)*`" if quote == "`" else rf"{quote}(?:[^{quote}\\]|\\.)*{quote}"
        found = re.compile(pattern, re.DOTALL).match(text, at)
        if found is None:
            what = "identifier" if quote == "`" else "string"
            raise LodestarError(
                HIVE_VIEW_TRANSLATION_ERROR,
                f"Error translating Hive view to Trino: unexpected end of input in {what}",
            )
        made.append(_name(found[0]) if quote == "`" else _literal(found[0]))
        at = found.end()
    return "".join(made)


def translation(text: str) -> str:
    """The same query for Trino. Raises: ValueError for anything that may mean something else there."""
    return "".join(_translated(list(_tokens(text))))


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        yield kind, " " if kind == "space" else found[0]


def _translated(tokens: list[tuple[str, str]]) -> Iterator[str]:
    solid = [(place, kind, text) for place, (kind, text) in enumerate(tokens) if kind != "space"]
    following = {place: text for (place, _, _), (_, _, text) in pairwise(solid)}
    previous = {place: text for (_, _, text), (place, _, _) in pairwise(solid)}
    casts = 0
    for place, (kind, text) in enumerate(tokens):
        match kind:
            case "name":
                if following.get(place) == "(":
                    raise ValueError(f"function {text}")
                yield _name(text)
            case "text":
                yield _literal(text)
            case "number":
                yield _number(text)
            case "mark":
                if text == "<=>":
                    raise ValueError("operator <=>")
                yield "=" if text == "==" else text
            case "word":
                word = text.lower()
                called = following.get(place) == "("
                part = "." in (previous.get(place), following.get(place))
                if word == "cast" and called:
                    casts += 1
                if word == "like":
                    _check_pattern(following.get(place, ""))
                if casts and previous.get(place, "").lower() == "as" and following.get(place) == ")":
                    casts -= 1
                    yield _cast_type(word)
                else:
                    yield text if part and not called else _word(word, text, called=called)
            case "space":
                yield text
            case _:
                raise ValueError(f"'{text}'")


def _word(word: str, text: str, *, called: bool) -> str:
    if _OTHER_WORDS.fullmatch(word):
        raise ValueError(word.upper())
    if not called or _SAME_WORDS.fullmatch(word):
        return text
    if _SAME_FUNCTIONS.fullmatch(word):
        return word
    if word not in _OTHER_FUNCTIONS:
        raise ValueError(f"function {word}")
    return _OTHER_FUNCTIONS[word]


def _check_pattern(text: str) -> None:
    """A backslash escapes in Hive, and in Trino only where ESCAPE says so."""
    if text[:1] not in ("'", '"') or "\\" in text:
        raise ValueError("LIKE with a pattern that may have an escape")


def _cast_type(word: str) -> str:
    if word not in _CAST_TYPES:
        raise ValueError(f"CAST to {word}")
    return _CAST_TYPES[word]


def _number(text: str) -> str:
    if not re.fullmatch(r"\d+|\d+\.\d+", text):
        raise ValueError(f"number {text}")
    return text


def _name(quoted: str) -> str:
    inside = quoted[1:-1].replace("``", "`").replace('"', '""')
    return f'"{inside}"'


def _literal(quoted: str) -> str:
    inside = _ESCAPE.sub(_unescaped, quoted[1:-1]).replace("'", "''")
    return f"'{inside}'"


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is not None:
        return chr(int(found[1], 16))
    if found[2] is not None:
        return chr(int(found[2], 8))
    return _ESCAPED.get(found[3], found[3])
