"""Every form of every rule: accepted, written back by the formatter, and the same tree when read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestar_server.sql.parser import (
    format_expression,
    format_statement,
    parse_expression,
    parse_statement,
    parse_type,
)

# Trino writes these in ways that Trino does not read: lists of table arguments without parentheses, a merge from a
# table with the word TABLE; USE it does not write at all.
_NOT_READ_BACK = ("PARTITION BY (c, d) PRUNE", "PARTITION BY ()", "USE a", "MERGE INTO t USING u")

_FOLDER = Path(__file__).parent / "corpus_texts"


def _texts(name: str) -> list[str]:
    return (_FOLDER / f"{name}.sql").read_text().splitlines()


@pytest.mark.parametrize("name", ["queries", "statements"])
def test_statements_survive_the_formatter(name: str) -> None:
    texts = _texts(name)
    assert texts
    for text in texts:
        if any(part in text for part in _NOT_READ_BACK):
            continue
        written = format_statement(parse_statement(text))
        assert format_statement(parse_statement(written)) == written, text


def test_expressions_survive_the_formatter() -> None:
    for text in _texts("expressions"):
        written = format_expression(parse_expression(text))
        assert format_expression(parse_expression(written)) == written, text


def test_types_are_read() -> None:
    for text in _texts("types"):
        assert parse_type(text) is not None, text
