"""Walks the network along a text as Trino's parser walks its rules, up to the place where that one gives up.

What it finds out about an error is what Trino builds its message from: the state it was in, the rules it was in, and
the token from which it was looking ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

from lodestar_server.sql.parser.grammar.lookahead import Lookahead
from lodestar_server.sql.parser.grammar.network import Network, StateKind
from lodestar_server.sql.parser.grammar.prediction import EMPTY_STACK, NoViableAlternative, Predictor
from lodestar_server.sql.parser.lexer import BACKQUOTED_IDENTIFIER, DIGIT_IDENTIFIER, END, QUOTED_IDENTIFIER, Tokens

_BAD_NAMES = {
    BACKQUOTED_IDENTIFIER: "backquoted identifiers are not supported; use double quotes to quote identifiers",
    DIGIT_IDENTIFIER: "identifiers must not start with a digit; surround the identifier with double quotes",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A call of a rule: where it returns, and the caller's own frame, precedence and stack."""

    follow: int
    caller: Frame | None
    precedence: int
    stack: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a text is no longer in the language.

    `token` is the offending one; the explanation starts from `start`, in `state`, in the rules of `frame`. `message` is
    set when the token is a name Trino has a word about.
    """

    token: int
    start: int = 0
    state: int = 0
    frame: Frame | None = None
    message: str | None = None


class Recognizer:
    """One walk along one text."""

    def __init__(self, network: Network, lookahead: Lookahead, predictor: Predictor, tokens: Tokens) -> None:
        self._network = network
        self._lookahead = lookahead
        self._predictor = predictor
        self._kinds = tokens.kinds
        self._texts = tokens.texts
        # The last token anybody has looked at, which bounds what the explanation may look at.
        self.looked_at = 0

    def find_failure(self, rule: int, exact: bool) -> Failure | None:
        """Where the text stops being a text of a rule, or None if it is one. Without `exact`, ambiguities that only the
        rules around could settle are settled in favour of the first alternative; Trino tries that first.
        """
        network, kinds = self._network, self._kinds
        identifier = network.rule_index("identifier")
        state = network.starts[rule]
        frame: Frame | None = None
        precedence, stack, place = 0, EMPTY_STACK, 0
        # The last decision that passed because its rule might end there: errors behind it are blamed on it.
        blamed: tuple[int, Frame | None] | None = None
        self.looked_at = max(self.looked_at, 0)
        while True:
            kind = network.kinds[state]
            moves = network.moves[state]
            if kind is StateKind.RULE_STOP:
                if network.rules[state] == identifier:
                    bad = self._bad_name(place - 1)
                    if bad is not None:
                        return bad
                if frame is None:
                    return None
                state, precedence, stack = frame.follow, frame.precedence, frame.stack
                frame = frame.caller
                continue
            if kind in _SYNCHRONIZED and (len(moves) > 1 or kind in _ALWAYS_SYNCHRONIZED):
                following = self._lookahead.next(state)
                if kinds[place] in following.tokens:
                    blamed = None
                elif following.ends:
                    if blamed is None:
                        blamed = (state, frame)
                else:
                    if kind not in _LOOP_BACKS:
                        self._look_at(place + 1)
                    return Failure(place, place, state, frame)
            if kind is StateKind.STAR_LOOP_BACK:
                decision, blamed_state = moves[0].target, state
            else:
                decision = blamed_state = state
            moves = network.moves[decision]
            if len(moves) > 1:
                try:
                    alternative = self._choose(decision, place, precedence, stack, exact)
                except NoViableAlternative as error:
                    return Failure(error.place, place, blamed_state, frame)
                state = moves[alternative - 1].target
                if network.kinds[state] is StateKind.PLUS_BLOCK_START:
                    state = network.moves[state][0].target
                continue
            move = moves[0]
            if move.kinds is not None:
                if kinds[place] not in move.kinds:
                    if blamed is not None:
                        return Failure(place, place, blamed[0], blamed[1])
                    return Failure(place, place, state, frame)
                if kinds[place] != END:
                    place += 1
                    self._look_at(place)
                state = move.target
            elif move.rule is not None:
                frame = Frame(move.follow, frame, precedence, stack)
                stack = self._predictor.stacks.push(move.follow, stack)
                precedence = move.precedence
                state = move.target
            else:
                state = move.target

    def _look_at(self, place: int) -> None:
        self.looked_at = max(self.looked_at, min(place, self._end))

    @property
    def _end(self) -> int:
        return self._kinds.index(END, max(0, len(self._kinds) - 8))

    def _choose(self, decision: int, place: int, precedence: int, stack: int, exact: bool) -> int:
        looks = self._lookahead.alternatives(decision)
        if looks is not None:
            return self._choose_by_one_token(decision, looks, place)
        try:
            alternative, looked_at = self._predictor.predict(decision, self._kinds, place, precedence, stack, exact)
        except NoViableAlternative as error:
            self._look_at(error.place)
            raise
        self._look_at(looked_at)
        return alternative

    def _choose_by_one_token(self, decision: int, looks: list[frozenset[str]], place: int) -> int:
        kind = self._kinds[place]
        for alternative, look in enumerate(looks, 1):
            if kind in look:
                return alternative
        # What may be left out is left out: only a choice that must be made fails here.
        last = self._network.moves[decision][-1].target
        if self._network.kinds[decision] is not StateKind.BLOCK_START:
            return len(looks)
        if last == self._network.block_ends[decision]:
            return len(looks)
        raise NoViableAlternative(place)

    def _bad_name(self, place: int) -> Failure | None:
        message = _BAD_NAMES.get(self._kinds[place])
        if message is None and self._kinds[place] == QUOTED_IDENTIFIER and len(self._texts[place]) == 2:
            message = "Zero-length delimited identifier not allowed"
        return None if message is None else Failure(place, message=message)


_LOOP_BACKS = (StateKind.STAR_LOOP_BACK, StateKind.PLUS_LOOP_BACK)
_ALWAYS_SYNCHRONIZED = (*_LOOP_BACKS, StateKind.PLUS_BLOCK_START)
_SYNCHRONIZED = frozenset(
    {StateKind.BLOCK_START, StateKind.STAR_BLOCK_START, StateKind.STAR_LOOP_ENTRY, *_ALWAYS_SYNCHRONIZED}
)
