"""Why a text is not in the language, in Trino's words. Nothing here runs for a text that is."""

from __future__ import annotations

from functools import cache

from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.sql.parser.grammar.expectation import Expectation
from lodestar_server.sql.parser.grammar.network import build_network
from lodestar_server.sql.parser.grammar.notation import read_rules
from lodestar_server.sql.parser.grammar.recognizer import Program, Recognizer
from lodestar_server.sql.parser.grammar.rules import RULES
from lodestar_server.sql.parser.lexer import Tokens


def find_syntax_error(tokens: Tokens, rule: str) -> LodestarError | None:
    """The error Trino reports for a text, or None if the text is one of the rule."""
    program = _program()
    network = program.network
    recognizer = Recognizer(program, tokens)
    start = network.rule_index(rule)
    failure = recognizer.find_failure(start, exact=False)
    if failure is not None and recognizer.had_conflict:
        failure = recognizer.find_failure(start, exact=True)
    if failure is None:
        return None
    location = tokens.location(failure.token)
    if failure.message is not None:
        return LodestarError(SYNTAX_ERROR, failure.message, location=location)
    expectation = Expectation(network, tokens, recognizer.looked_at)
    expectation.search(failure)
    text = tokens.texts[expectation.furthest] or "<EOF>"
    expected = ", ".join(sorted(expectation.candidates))
    return LodestarError(SYNTAX_ERROR, f"mismatched input '{text}'. Expecting: {expected}", location=location)


@cache
def _program() -> Program:
    return Program(build_network(read_rules(RULES)))
