"""The rules as a network of states: what prediction walks.

The network is the one the ALL(*) parsing method prescribes (Parr, Harwell, Fisher 2014), state for state, because
which states are reached at the same time decides where an ambiguity ends, and with it where an error is reported.
A rule that starts with itself becomes its other alternatives, followed by a loop of operators guarded by precedence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.grammar.notation import Call, Choice, Match, Part, Repeat, Rule, Sequence, match_of


class StateKind(Enum):
    """What a state is in the structure of its rule."""

    BASIC = "basic"
    RULE_START = "rule start"
    RULE_STOP = "rule stop"
    BLOCK_START = "block start"
    BLOCK_END = "block end"
    STAR_BLOCK_START = "star block start"
    STAR_LOOP_ENTRY = "star loop entry"
    STAR_LOOP_BACK = "star loop back"
    PLUS_BLOCK_START = "plus block start"
    PLUS_LOOP_BACK = "plus loop back"
    LOOP_END = "loop end"


@frozen
class Move:
    """A transition. Exactly one of these: it consumes a token of `kinds`; it enters `rule`, at `precedence`, and
    `follow` is where that returns; it is allowed at `guard` and below; or none of them, and it costs nothing.
    """

    target: int
    kinds: frozenset[str] | None = None
    rule: int | None = None
    precedence: int = 0
    follow: int = -1
    guard: int | None = None


@dataclass(slots=True)
class Network:
    """States are numbers; `kinds`, `rules` and `moves` say what each is."""

    rule_names: list[str]
    kinds: list[StateKind]
    rules: list[int]
    moves: list[list[Move]]
    starts: list[int]
    stops: list[int]
    # Loop entries that repeat the operators of a left-recursive rule.
    operator_loops: set[int]
    # Where a loop returns to, by its entry; where a block ends, by its start.
    loop_backs: dict[int, int]
    block_ends: dict[int, int]

    def rule_index(self, name: str) -> int:
        """The number of a rule."""
        return self.rule_names.index(name)


@frozen
class _Guard:
    """An operator alternative is allowed while the precedence is at most this."""

    precedence: int


@frozen
class _Nothing:
    """The empty action in front of the first operand, which separates it from the start of its block."""


@frozen
class _RecursiveCall:
    """A rule calling itself as an operand."""

    rule: str
    precedence: int


_Element = Part | _Guard | _Nothing | _RecursiveCall
_Handle = tuple[int, int]


def build_network(rules: list[Rule]) -> Network:
    """The network of these rules."""
    return _Builder(rules).build()


class _Builder:
    def __init__(self, rules: list[Rule]) -> None:
        names = [rule.name for rule in rules]
        self._rules = rules
        self._index = {name: place for place, name in enumerate(names)}
        self._network = Network(names, [], [], [], [], [], set(), {}, {})
        self._rule = 0

    def build(self) -> Network:
        network = self._network
        for place in range(len(self._rules)):
            self._rule = place
            network.starts.append(self._state(StateKind.RULE_START))
            network.stops.append(self._state(StateKind.RULE_STOP))
        for place, rule in enumerate(self._rules):
            self._rule = place
            left, right = self._rule_body(rule)
            self._free(network.starts[place], left)
            self._free(right, network.stops[place])
        for moves in list(network.moves):
            for move in moves:
                if move.rule is not None:
                    self._free(network.stops[move.rule], move.follow)
        return network

    # rules

    def _rule_body(self, rule: Rule) -> _Handle:
        if not any(self._starts_with(alternative, rule.name) for alternative in rule.alternatives):
            token = match_of(rule.alternatives)
            if token is not None:
                return self._sequence([token])
            return self._block([list(alternative.parts) for alternative in rule.alternatives])
        operands, operators = _split_left_recursion(rule)
        operands[0].insert(0, _Nothing())
        loop = self._star(operators)
        self._network.operator_loops.add(loop[0])
        return self._link([self._block(operands), loop])

    def _starts_with(self, alternative: Sequence, name: str) -> bool:
        return bool(alternative.parts) and alternative.parts[0] == Call(name)

    # elements

    def _element(self, element: _Element) -> _Handle:
        if isinstance(element, Choice):
            alternatives: list[list[_Element]] = [list(alternative.parts) for alternative in element.alternatives]
            if element.optional:
                return self._optional(alternatives)
            return self._block(alternatives)
        if isinstance(element, Repeat):
            body: list[list[_Element]] = [list(alternative.parts) for alternative in element.body]
            return self._plus(body) if element.at_least_once else self._star(body)
        left, right = self._state(StateKind.BASIC), self._state(StateKind.BASIC)
        move = Move(right)
        if isinstance(element, Match):
            move = Move(right, kinds=element.kinds)
        elif isinstance(element, Call | _RecursiveCall):
            index = self._index[element.rule]
            precedence = element.precedence if isinstance(element, _RecursiveCall) else 0
            move = Move(self._network.starts[index], rule=index, precedence=precedence, follow=right)
        elif isinstance(element, _Guard):
            move = Move(right, guard=element.precedence)
        self._network.moves[left].append(move)
        return left, right

    def _sequence(self, elements: Iterable[_Element]) -> _Handle:
        return self._link([self._element(element) for element in elements])

    def _link(self, handles: list[_Handle]) -> _Handle:
        network = self._network
        for (left, right), (following, _) in pairwise(handles):
            moves = network.moves[left]
            simple = network.kinds[left] is network.kinds[right] is StateKind.BASIC and len(moves) == 1
            # A single step needs no state between itself and the next element.
            if simple and moves[0].rule is not None and moves[0].follow == right:
                moves[0] = replace(moves[0], follow=following)
            elif simple and moves[0].rule is None and moves[0].target == right:
                moves[0] = replace(moves[0], target=following)
            else:
                self._free(right, following)
        return handles[0][0], handles[-1][1]

    # blocks

    def _block(self, alternatives: list[list[_Element]]) -> _Handle:
        if len(alternatives) == 1:
            return self._sequence(alternatives[0])
        return self._alternatives(StateKind.BLOCK_START, alternatives)

    def _alternatives(self, kind: StateKind, alternatives: list[list[_Element]]) -> _Handle:
        handles = [self._sequence(alternative) for alternative in alternatives]
        start, end = self._state(kind), self._state(StateKind.BLOCK_END)
        self._network.block_ends[start] = end
        for left, right in handles:
            self._free(start, left)
            self._free(right, end)
            self._shorten_tail(left)
        return start, end

    def _optional(self, alternatives: list[list[_Element]]) -> _Handle:
        start, end = self._alternatives(StateKind.BLOCK_START, alternatives)
        self._free(start, end)
        return start, end

    def _star(self, alternatives: list[list[_Element]]) -> _Handle:
        start, end = self._alternatives(StateKind.STAR_BLOCK_START, alternatives)
        entry, after = self._state(StateKind.STAR_LOOP_ENTRY), self._state(StateKind.LOOP_END)
        back = self._state(StateKind.STAR_LOOP_BACK)
        self._network.loop_backs[entry] = back
        self._free(entry, start)
        self._free(entry, after)
        self._free(end, back)
        self._free(back, entry)
        return entry, after

    def _plus(self, alternatives: list[list[_Element]]) -> _Handle:
        start, end = self._alternatives(StateKind.PLUS_BLOCK_START, alternatives)
        back, after = self._state(StateKind.PLUS_LOOP_BACK), self._state(StateKind.LOOP_END)
        self._free(end, back)
        self._free(back, start)
        self._free(back, after)
        return start, after

    def _shorten_tail(self, start: int) -> None:
        """Let the last step of an alternative lead to the block's end directly, where no rule is called before it."""
        network = self._network
        ends = (StateKind.BLOCK_END, StateKind.PLUS_LOOP_BACK, StateKind.STAR_LOOP_BACK)
        pending, seen = [start], {start}
        while pending:
            state = pending.pop()
            moves = network.moves[state]
            if network.kinds[state] is StateKind.BASIC and len(moves) == 1:
                move = moves[0]
                following = move.target if move.rule is None else move.follow
                after = network.moves[following]
                if network.kinds[following] is StateKind.BASIC and len(after) == 1 and _is_free(after[0]):
                    if network.kinds[after[0].target] in ends:
                        end = after[0].target
                        moves[0] = replace(move, target=end) if move.rule is None else replace(move, follow=end)
            for move in moves:
                if move.target not in seen:
                    seen.add(move.target)
                    pending.append(move.target)

    # states

    def _state(self, kind: StateKind) -> int:
        network = self._network
        network.kinds.append(kind)
        network.rules.append(self._rule)
        network.moves.append([])
        return len(network.kinds) - 1

    def _free(self, source: int, target: int) -> None:
        moves = self._network.moves[source]
        if not any(move.target == target and _is_free(move) for move in moves):
            moves.append(Move(target))


def _is_free(move: Move) -> bool:
    return move.kinds is None and move.rule is None and move.guard is None


def _split_left_recursion(rule: Rule) -> tuple[list[list[_Element]], list[list[_Element]]]:
    """The operands and the guarded operators of a rule that starts with itself; the earlier, the tighter."""
    operands: list[list[_Element]] = []
    binary: list[list[_Element]] = []
    suffixes: list[list[_Element]] = []
    itself = Call(rule.name)
    for place, alternative in enumerate(rule.alternatives):
        precedence = len(rule.alternatives) - place
        parts: list[_Element] = list(alternative.parts)
        if parts[0] != itself:
            if parts[-1] == itself:
                parts[-1] = _RecursiveCall(rule.name, precedence)
            operands.append(parts)
        elif parts[-1] == itself:
            binary.append([_Guard(precedence), *parts[1:-1], _RecursiveCall(rule.name, precedence + 1)])
        else:
            suffixes.append([_Guard(precedence), *parts[1:]])
    return operands, binary + suffixes
