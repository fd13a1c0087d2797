"""What Trino says of a text that is not in the language, and what an explanation may cost."""

from __future__ import annotations

import time

import pytest

from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.sql.parser import parse_statement

# Text, line, column, message; recorded from Trino 476.
CASES = [
    ("SELECT DISTINCT", 1, 16, "mismatched input '<EOF>'. Expecting: '*', <expression>"),
    (
        "SELECT `name` FROM nation",
        1,
        8,
        "backquoted identifiers are not supported; use double quotes to quote identifiers",
    ),
    ("SELECT\n  1,\n  2 +* 3", 3, 6, "mismatched input '*'. Expecting: <expression>"),
    (
        "SELECT\n\t1,\n\t\t  name nation FROM FROM x",
        3,
        22,
        "mismatched input 'FROM'. Expecting: '(', 'JSON_TABLE', 'LATERAL', 'TABLE', 'UNNEST', <identifier>",
    ),
    (
        "SELECT ALTER FROM (VALUES 1) AS t (x)",
        1,
        8,
        "mismatched input 'ALTER'. Expecting: '*', 'ALL', 'DISTINCT', <expression>",
    ),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), CASES)
def test_a_refused_text_is_explained(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(LodestarError) as caught:
        parse_statement(text)
    error = caught.value
    assert error.code is SYNTAX_ERROR
    assert error.location is not None
    assert (error.location.line, error.location.column, error.message) == (line, column, message)


# Forms that make a walk with lookahead go over the text again at every token, if nothing bounds it.
LONG_FORMS = {
    "open parentheses": "SELECT " + "(" * 3_000,
    "open parentheses before a row": "SELECT * FROM " + "(" * 3_000 + "t",
    "a long list": "SELECT " + "a, " * 40_000 + "FROM",
    "arrows": "SELECT " + "x -> " * 3_000,
    "joins without conditions": "SELECT * FROM t " + "JOIN t " * 3_000,
    "brackets": "SELECT " + "ARRAY[" * 3_000,
    "two keywords at the end": "SELECT " + "a + " * 40_000 + "FROM FROM",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG_FORMS)
def test_the_explanation_of_a_long_text_is_bounded(name: str) -> None:
    started = time.process_time()
    with pytest.raises(LodestarError) as caught:
        parse_statement(LONG_FORMS[name])
    assert caught.value.code is SYNTAX_ERROR
    # Not a matter of speed: without the bound these take minutes.
    assert time.process_time() - started < 60
