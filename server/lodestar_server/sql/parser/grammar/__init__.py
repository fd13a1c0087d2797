"""Why a text is not in the language, in Trino's words. Nothing here runs for a text that is."""

from __future__ import annotations

from functools import cache
from threading import Lock

from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.sql.parser.grammar.expectation import Expectation
from lodestar_server.sql.parser.grammar.network import build_network
from lodestar_server.sql.parser.grammar.notation import read_rules
from lodestar_server.sql.parser.grammar.prediction import Exhausted
from lodestar_server.sql.parser.grammar.recognizer import Program, Recognizer
from lodestar_server.sql.parser.grammar.rules import RULES
from lodestar_server.sql.parser.lexer import Tokens

# What is learned from one text serves the next, whoever sends it.
_LOCK = Lock()


def find_syntax_error(tokens: Tokens, rule: str, near: int) -> LodestarError | None:
    """The error Trino reports for a text, or None if the text is one of the rule.

    `near` is a token known to be close to the error. It is blamed, without a word about what was expected, where the
    search would take longer than an error message is worth: tens of thousands of tokens of lookahead.
    """
    with _LOCK:
        program = _program()
        program.predictor.begin_text()
        recognizer = Recognizer(program, tokens)
        try:
            failure = recognizer.find_failure(rule)
        except Exhausted:
            return _mismatch(tokens, near, near, "")
    if failure is None:
        return None
    if failure.message is not None:
        return LodestarError(SYNTAX_ERROR, failure.message, location=tokens.location(failure.token))
    expectation = Expectation(program.network, tokens, recognizer.looked_at)
    try:
        expectation.search(failure)
    except Exhausted:
        return _mismatch(tokens, failure.token, recognizer.looked_at, "")
    expected = ", ".join(sorted(expectation.candidates))
    return _mismatch(tokens, failure.token, expectation.furthest, f". Expecting: {expected}")


def _mismatch(tokens: Tokens, place: int, shown: int, explanation: str) -> LodestarError:
    text = tokens.texts[shown] or "<EOF>"
    return LodestarError(SYNTAX_ERROR, f"mismatched input '{text}'{explanation}", location=tokens.location(place))


@cache
def _program() -> Program:
    return Program(build_network(read_rules(RULES)))
