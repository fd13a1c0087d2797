"""What can come next, one token far: enough for most decisions, and for noticing early that nothing fits."""

from __future__ import annotations

from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.grammar.network import Network


@frozen
class Next:
    """What may come at a state within its rule: tokens, the end of the rule, a guard of an operator loop."""

    tokens: frozenset[str]
    ends: bool
    guarded: bool


class Lookahead:
    """Answers about a network, worked out when first asked for."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._nexts: dict[int, Next] = {}
        self._alternatives: dict[int, list[frozenset[str]] | None] = {}

    def next(self, state: int) -> Next:
        """What may come at a state, operators of any precedence included."""
        known = self._nexts.get(state)
        if known is None:
            known = self._nexts[state] = self._walk(state)
        return known

    def _walk(self, start: int) -> Next:
        network = self._network
        stop = network.stops[network.rules[start]]
        tokens: set[str] = set()
        guarded = False
        pending, seen = [start], {start}
        while pending:
            for move in network.moves[pending.pop()]:
                following = move.target
                if move.kinds is not None:
                    tokens |= move.kinds
                    continue
                if move.rule is not None:
                    called = self.next(move.target)
                    tokens |= called.tokens
                    if not called.ends:
                        continue
                    following = move.follow
                guarded = guarded or move.guard is not None
                if following not in seen:
                    seen.add(following)
                    if following != stop:
                        pending.append(following)
        return Next(frozenset(tokens), start == stop or stop in seen, guarded)

    def alternatives(self, decision: int) -> list[frozenset[str]] | None:
        """The tokens that choose each alternative of a decision, or None if one token cannot tell.

        One token cannot tell either whether the operators behind an alternative are allowed by the precedence.
        """
        if decision not in self._alternatives:
            self._alternatives[decision] = self._disjoint_alternatives(decision)
        return self._alternatives[decision]

    def _disjoint_alternatives(self, decision: int) -> list[frozenset[str]] | None:
        looks: list[frozenset[str]] = []
        seen: set[str] = set()
        for move in self._network.moves[decision]:
            tokens = self._tokens_anywhere(move.target)
            if tokens is None or not tokens.isdisjoint(seen):
                return None
            seen |= tokens
            looks.append(frozenset(tokens))
        return looks

    def _tokens_anywhere(self, start: int) -> set[str] | None:
        """The tokens that may come at a state, in whatever place its rule is called; None beyond a guard."""
        network = self._network
        tokens: set[str] = set()
        pending, seen = [start], {start}
        while pending:
            state = pending.pop()
            here = self.next(state)
            if here.guarded:
                return None
            tokens |= here.tokens
            if here.ends:
                for move in network.moves[network.stops[network.rules[state]]]:
                    if move.target not in seen:
                        seen.add(move.target)
                        pending.append(move.target)
        return tokens or None
