"""What Trino says it expected: from the place of an error, everything that would have fitted, as far as one can get.

The text is followed along every path at once, and what is asked for at the furthest token is the answer. Rules that
users know by a name (`<expression>`) answer with that name instead of their tokens.
"""

from __future__ import annotations

from lodestar_server.sql.parser.grammar.network import Network, StateKind
from lodestar_server.sql.parser.grammar.numbering import number_kinds, number_tokens
from lodestar_server.sql.parser.grammar.prediction import Exhausted
from lodestar_server.sql.parser.grammar.recognizer import Failure
from lodestar_server.sql.parser.keywords import KEYWORDS
from lodestar_server.sql.parser.lexer import END, SYMBOLS, Tokens

_NAMED_RULES = {
    "expression": "<expression>",
    "boolean_expression": "<expression>",
    "value_expression": "<expression>",
    "primary_expression": "<expression>",
    "predicate": "<predicate>",
    "identifier": "<identifier>",
    "string": "<string>",
    "query": "<query>",
    "type": "<type>",
}
_TOKEN_NAMES = {
    END: "<EOF>",
    "<>": "NEQ",
    "integer": "<integer>",
    "decimal": "DECIMAL_VALUE",
    "double": "DOUBLE_VALUE",
    "string": "STRING",
    "unicode string": "UNICODE_STRING",
    "dollar string": "DOLLAR_STRING",
    "binary": "BINARY_LITERAL",
    "identifier": "IDENTIFIER",
    "quoted identifier": "QUOTED_IDENTIFIER",
    "backquoted identifier": "BACKQUOTED_IDENTIFIER",
    "digit identifier": "DIGIT_IDENTIFIER",
}


# How many times the search may enter a rule, at about ten microseconds each.
_MAX_WORK = 200_000


def token_name(kind: str) -> str:
    """How Trino writes a kind of token."""
    name = _TOKEN_NAMES.get(kind)
    if name is not None:
        return name
    if kind in KEYWORDS or kind in SYMBOLS:
        return f"'{kind}'"
    raise ValueError(f"no kind of token: {kind}")


class Expectation:
    """One search, from one failure."""

    def __init__(self, network: Network, tokens: Tokens, looked_at: int) -> None:
        self._network = network
        self._kinds = tokens.kinds
        self._kind_numbers = number_kinds()
        self._token_numbers = number_tokens(tokens)
        # Tokens behind the last one that was looked at do not exist yet, and that one itself cannot be consumed.
        self._limit = looked_at
        self._named = {network.rule_index(rule): name for rule, name in _NAMED_RULES.items()}
        self._known: dict[tuple[int, int], tuple[int, ...]] = {}
        self._work = 0
        self.furthest = -1
        self.candidates: set[str] = set()

    def search(self, failure: Failure) -> None:
        """Find `furthest`, the token that nothing fits, and `candidates`, what would have. Raises: Exhausted."""
        state = failure.state
        start = self._network.starts[self._network.rules[state]]
        if self._is_reachable(state, start):
            # Standing at the beginning of a rule is standing in front of it, where the rule's name can be the answer.
            state = start
        ends: list[int] = list(self._follow(state, failure.start, False, 0))
        frame = failure.frame
        while ends and frame is not None:
            reached: list[int] = []
            for end in ends:
                reached += self._follow(frame.follow, end, False, 0)
            ends = _in_order_of_a_hash_set(reached)
            frame = frame.caller

    def _is_reachable(self, target: int, start: int) -> bool:
        pending, seen = [start], {start}
        while pending:
            state = pending.pop()
            if state == target:
                return True
            for move in self._network.moves[state]:
                if move.kinds is None and move.target not in seen:
                    seen.add(move.target)
                    pending.append(move.target)
        return False

    def _follow(self, start: int, place: int, suppressed: bool, precedence: int) -> tuple[int, ...]:
        """The tokens at which the rule of a state may have ended. What is met on the way is recorded, unless it is
        `suppressed` because the name of a rule around it already is.
        """
        question = (start, place)
        known = self._known.get(question)
        if known is not None:
            return known
        self._work += 1
        if self._work > _MAX_WORK:
            raise Exhausted
        network = self._network
        ends: dict[int, None] = {}
        pending = [(start, place, suppressed)]
        while pending:
            state, place, suppressed = pending.pop()
            kind = self._kinds[place]
            state_kind = network.kinds[state]
            if state_kind is StateKind.RULE_STOP:
                ends[place] = None
                continue
            if state_kind is StateKind.RULE_START:
                name = self._named.get(network.rules[state])
                if name is not None:
                    if not suppressed:
                        self._record(place, {name})
                    suppressed = True
            for move in network.moves[state]:
                if move.rule is not None:
                    for end in self._follow(move.target, place, suppressed, move.precedence):
                        # Trino means to ask whether the rule consumed nothing, but asks this.
                        stays = suppressed and self._token_numbers[end] == self._kind_numbers.get(kind)
                        pending.append((move.follow, end, stays))
                elif move.guard is not None:
                    if precedence < move.guard:
                        pending.append((move.target, place, suppressed))
                elif move.kinds is None:
                    pending.append((move.target, place, suppressed))
                elif kind in move.kinds and place < self._limit:
                    pending.append((move.target, place + 1, False))
                elif not suppressed:
                    self._record(place, {token_name(expected) for expected in move.kinds})
        known = self._known[question] = tuple(ends)
        return known

    def _record(self, place: int, names: set[str]) -> None:
        if place > self.furthest:
            self.furthest = place
            self.candidates = set()
        if place == self.furthest:
            self.candidates |= names


def _in_order_of_a_hash_set(values: list[int]) -> list[int]:
    """Distinct values in the order in which Java's HashSet of small integers gives them back."""
    distinct = list(dict.fromkeys(values))
    capacity = 16
    while len(distinct) > capacity * 3 // 4:
        capacity *= 2
    return sorted(distinct, key=lambda value: value % capacity)
