"""Walks the network along a text as Trino's parser walks its rules, up to the place where that one gives up.

What it finds out about an error is what Trino builds its message from: the state it was in, the rules it was in, and
the token from which it was looking ahead.
"""

from __future__ import annotations

from enum import IntEnum

from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.grammar.lookahead import Lookahead
from lodestar_server.sql.parser.grammar.network import Network, StateKind
from lodestar_server.sql.parser.grammar.prediction import EMPTY_STACK, NoViableAlternative, Predictor
from lodestar_server.sql.parser.lexer import BACKQUOTED_IDENTIFIER, DIGIT_IDENTIFIER, END, QUOTED_IDENTIFIER, Tokens

_BAD_NAMES = {
    BACKQUOTED_IDENTIFIER: "backquoted identifiers are not supported; use double quotes to quote identifiers",
    DIGIT_IDENTIFIER: "identifiers must not start with a digit; surround the identifier with double quotes",
}


class Frame:
    """A call of a rule: where it returns, and the caller's own frame and precedence."""

    __slots__ = ("caller", "follow", "precedence", "stack")

    def __init__(self, follow: int, caller: Frame | None, precedence: int) -> None:
        self.follow = follow
        self.caller = caller
        self.precedence = precedence
        # The return addresses from here down, in the numbers of prediction; worked out when first asked for.
        self.stack = -1


@frozen
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


class _Does(IntEnum):
    """What a state does."""

    STOP = 0
    MATCH = 1
    CALL = 2
    DECIDE = 3
    SYNCHRONIZE = 4
    PASS = 5


@frozen
class _Decision:
    """A state at which the text decides: `tokens` and `ends` are what may come, checked before anything else."""

    decision: int
    tokens: frozenset[str]
    ends: bool
    looks_further: bool
    targets: tuple[int, ...]
    # Where one token is enough: by kind, or by (precedence, kind) in the loop of operators.
    known: dict[str | tuple[int, str], int]
    is_operator_loop: bool


class Program:
    """A network prepared for walking, with what walks have learned."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.lookahead = Lookahead(network)
        self.predictor = Predictor(network)
        self.identifier = network.rule_index("identifier")
        self.does = [int(self._what(state)) for state in range(len(network.kinds))]
        self._decisions: dict[int, _Decision] = {}

    def _what(self, state: int) -> _Does:
        kind = self.network.kinds[state]
        moves = self.network.moves[state]
        if kind is StateKind.RULE_STOP:
            return _Does.STOP
        if kind in (StateKind.STAR_LOOP_BACK, StateKind.PLUS_LOOP_BACK) or len(moves) > 1:
            return _Does.DECIDE
        if kind is StateKind.PLUS_BLOCK_START:
            return _Does.SYNCHRONIZE
        if moves and moves[0].kinds is not None:
            return _Does.MATCH
        return _Does.CALL if moves and moves[0].rule is not None else _Does.PASS

    def decision(self, state: int) -> _Decision:
        """What there is to know about a state that decides or synchronizes."""
        known = self._decisions.get(state)
        if known is None:
            known = self._decisions[state] = self._describe(state)
        return known

    def _describe(self, state: int) -> _Decision:
        network = self.network
        kind = network.kinds[state]
        decision = network.moves[state][0].target if kind is StateKind.STAR_LOOP_BACK else state
        targets = []
        for move in network.moves[decision]:
            is_repeated = network.kinds[move.target] is StateKind.PLUS_BLOCK_START
            targets.append(network.moves[move.target][0].target if is_repeated else move.target)
        following = self.lookahead.next(state)
        known: dict[str | tuple[int, str], int] = {}
        is_operator_loop = decision in network.operator_loops
        looks = self.lookahead.alternatives(decision) if len(targets) > 1 else None
        if looks is not None:
            for target, look in zip(targets, looks, strict=True):
                known.update(dict.fromkeys(look, target))
        looks_further = kind not in (StateKind.STAR_LOOP_BACK, StateKind.PLUS_LOOP_BACK)
        return _Decision(
            decision, following.tokens, following.ends, looks_further, tuple(targets), known, is_operator_loop
        )


class Recognizer:
    """One walk along one text."""

    def __init__(self, program: Program, tokens: Tokens) -> None:
        self._program = program
        self._kinds = tokens.kinds
        self._texts = tokens.texts
        self._end = tokens.kinds.index(END)
        # The last token anybody has looked at, which bounds what the explanation may look at.
        self.looked_at = 0
        # Whether anything would have been decided by the rules around it.
        self._had_conflict = False

    def find_failure(self, rule: str) -> Failure | None:
        """Where the text stops being a text of a rule, or None if it is one. Raises: Exhausted.

        Ambiguities that only the rules around could settle are first settled in favour of the first alternative, as
        Trino does; only if the text fails then, it is walked again with the rules around.
        """
        start = self._program.network.rule_index(rule)
        failure = self._walk(start, exact=False)
        return self._walk(start, exact=True) if failure is not None and self._had_conflict else failure

    def _walk(self, rule: int, exact: bool) -> Failure | None:
        program, kinds = self._program, self._kinds
        network, does = program.network, program.does
        moves_of, identifier = network.moves, program.identifier
        state = network.starts[rule]
        frame: Frame | None = None
        precedence = place = 0
        # The last decision that passed because its rule might end there: errors behind it are blamed on it.
        blamed: tuple[int, Frame | None] | None = None
        while True:
            action = does[state]
            if action == 5:
                state = moves_of[state][0].target
            elif action == 3 or action == 4:
                described = program.decision(state)
                kind = kinds[place]
                if kind in described.tokens:
                    blamed = None
                elif not described.ends:
                    if described.looks_further:
                        self._look_at(place + 1)
                    return Failure(place, place, state, frame)
                elif blamed is None:
                    blamed = (state, frame)
                if action == 4:
                    state = described.targets[0]
                    continue
                key = (precedence, kind) if described.is_operator_loop else kind
                target = described.known.get(key, -1)
                if target < 0:
                    try:
                        target = self._choose(described, place, precedence, frame, exact)
                    except NoViableAlternative as error:
                        self._look_at(error.place)
                        return Failure(error.place, place, state, frame)
                state = target
            elif action == 2:
                move = moves_of[state][0]
                frame = Frame(move.follow, frame, precedence)
                precedence = move.precedence
                state = move.target
            elif action == 1:
                move = moves_of[state][0]
                if move.kinds is None or kinds[place] not in move.kinds:
                    if blamed is not None:
                        return Failure(place, place, blamed[0], blamed[1])
                    return Failure(place, place, state, frame)
                if place < self._end:
                    place += 1
                    if place > self.looked_at:
                        self.looked_at = place
                state = move.target
            else:
                if network.rules[state] == identifier:
                    bad = self._bad_name(place - 1)
                    if bad is not None:
                        return bad
                if frame is None:
                    return None
                state, precedence = frame.follow, frame.precedence
                frame = frame.caller

    def _look_at(self, place: int) -> None:
        self.looked_at = max(self.looked_at, min(place, self._end))

    def _choose(self, described: _Decision, place: int, precedence: int, frame: Frame | None, exact: bool) -> int:
        """The state a decision leads to. Raises: NoViableAlternative."""
        decision = described.decision
        if self._program.lookahead.alternatives(decision) is not None:
            # The table of single tokens has no entry: what may be left out is left out, a choice must be made.
            kind = self._program.network.kinds[decision]
            last = described.targets[-1]
            if kind is StateKind.BLOCK_START and last != self._program.network.block_ends[decision]:
                raise NoViableAlternative(place)
            return last
        stack = self._stack_of(frame) if exact else EMPTY_STACK
        prediction = self._program.predictor.predict(decision, self._kinds, place, precedence, stack, exact)
        self._look_at(prediction.looked_at)
        target = described.targets[prediction.alternative - 1]
        if prediction.had_conflict:
            self._had_conflict = True
        elif prediction.looked_at == place:
            kind_here = self._kinds[place]
            described.known[(precedence, kind_here) if described.is_operator_loop else kind_here] = target
        return target

    def _stack_of(self, frame: Frame | None) -> int:
        pending = []
        while frame is not None and frame.stack < 0:
            pending.append(frame)
            frame = frame.caller
        stack = EMPTY_STACK if frame is None else frame.stack
        for below in reversed(pending):
            stack = below.stack = self._program.predictor.stacks.push(below.follow, stack)
        return stack

    def _bad_name(self, place: int) -> Failure | None:
        message = _BAD_NAMES.get(self._kinds[place])
        if message is None and self._kinds[place] == QUOTED_IDENTIFIER and len(self._texts[place]) == 2:
            message = "Zero-length delimited identifier not allowed"
        return None if message is None else Failure(place, message=message)
