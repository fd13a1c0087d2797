"""Which alternative of a decision a text takes, however far one must look: the ALL(*) method.

Prediction walks the network along all alternatives at once. It first forgets where the rule was called from (a stack
that runs empty may return to any caller), which lets every step be remembered; where that leaves two alternatives that
cannot be told apart, it starts again with the real stack. Where several alternatives fit to the end, the first wins.

The order and the shortcuts are those of the method, not ours to choose: where prediction gives up decides what Trino
says it expected.
Source: Parr, Harwell, Fisher, "Adaptive LL(*) parsing" (2014).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser.grammar.network import Network, StateKind
from lodestar_server.sql.parser.lexer import END

# Return addresses. A stack is a graph of them: one number stands for all the ways to have come to a state.
_ANYWHERE = 1 << 30
EMPTY_STACK = 0

# (state, alternative, stack, guard met on the way or 0, whether it left the rule of the decision, whether the filter of
# operators must spare it)
Configuration = tuple[int, int, int, int, bool, bool]

# How many remembered steps are too many; forgetting them costs time, nothing else.
_MAX_REMEMBERED = 20_000

# How many configurations one text may cost, at about two microseconds each.
_MAX_WORK = 2_000_000


class NoViableAlternative(Exception):
    """No alternative fits; `place` is the token that fits none."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class Exhausted(Exception):
    """The text needs more work than an error message is worth."""


class Stacks:
    """Every stack met so far, each of them once, so that equal stacks are equal numbers."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[tuple[int, int], ...], int] = {}
        self._frames: list[tuple[tuple[int, int], ...]] = []
        self._merged: dict[tuple[int, int, bool], int] = {}
        self._number(((_ANYWHERE, -1),))

    def __len__(self) -> int:
        return len(self._frames)

    def frames(self, stack: int) -> tuple[tuple[int, int], ...]:
        """The top return addresses and what is below each of them."""
        return self._frames[stack]

    def push(self, address: int, below: int) -> int:
        """The stack with an address on top."""
        return self._number(((address, below),))

    def _number(self, frames: tuple[tuple[int, int], ...]) -> int:
        number = self._numbers.get(frames)
        if number is None:
            number = self._numbers[frames] = len(self._frames)
            self._frames.append(frames)
        return number

    def merge(self, one: int, other: int, exact: bool) -> int:
        """Both ways. Unless stacks are exact, an empty one means any caller and swallows the other."""
        if one == other:
            return one
        if not exact and EMPTY_STACK in (one, other):
            return EMPTY_STACK
        question = (one, other, exact) if one < other else (other, one, exact)
        known = self._merged.get(question)
        if known is None:
            below = dict(self._frames[one])
            for address, stack in self._frames[other]:
                if address in below and address != _ANYWHERE:
                    stack = self.merge(below[address], stack, exact)
                below[address] = stack
            known = self._merged[question] = self._number(tuple(sorted(below.items())))
        return known


class _Configurations:
    """A set of configurations in which those that differ by their stack alone are one with both stacks."""

    __slots__ = ("_exact", "_members", "_stacks")

    def __init__(self, stacks: Stacks, exact: bool) -> None:
        self._stacks = stacks
        self._exact = exact
        self._members: dict[tuple[int, int, int], tuple[int, bool, bool]] = {}

    def add(self, configuration: Configuration) -> None:
        state, alternative, stack, guard, outside, spared = configuration
        key = (state, alternative, guard)
        known = self._members.get(key)
        if known is not None:
            stack = self._stacks.merge(known[0], stack, self._exact)
            outside = outside or known[1]
            spared = spared or known[2]
        self._members[key] = (stack, outside, spared)

    def members(self) -> list[Configuration]:
        return [
            (state, alternative, stack, guard, outside, spared)
            for (state, alternative, guard), (stack, outside, spared) in self._members.items()
        ]


@frozen
class Prediction:
    """An alternative, from 1; the last token that was looked at; whether more than that text decided."""

    alternative: int
    looked_at: int
    had_conflict: bool


@dataclass(slots=True)
class _Step:
    """What is known after some tokens: the configurations, and the alternative if that settles it."""

    configurations: list[Configuration]
    prediction: int = 0
    conflict: bool = False
    following: dict[str, _Step | None] = field(default_factory=dict)


class Predictor:
    """Predictions over one network. Its memory is shared by all texts; a prediction itself keeps nothing."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._kinds = network.kinds
        self._moves = network.moves
        self._only_free = [bool(moves) and all(move.kinds is None for move in moves) for moves in network.moves]
        self._is_stop = [kind is StateKind.RULE_STOP for kind in network.kinds]
        self.stacks = Stacks()
        self._outermost_returns = _list_outermost_returns(network)
        self._loop_returns = {loop: _list_loop_returns(network, loop) for loop in network.operator_loops}
        self._starts: dict[tuple[int, int], _Step] = {}
        self._steps: dict[tuple[int, frozenset[Configuration]], _Step] = {}
        self._exact_starts: dict[tuple[int, int, int], _Step] = {}
        self._exact_steps = 0
        # What the current text has cost so far, in configurations.
        self._work = 0

    def begin_text(self) -> None:
        """Start counting anew. What is remembered stays, within bounds."""
        self._work = 0
        if max(len(self._steps), self._exact_steps, len(self.stacks) // 10) > _MAX_REMEMBERED:
            self.stacks = Stacks()
            self._starts.clear()
            self._steps.clear()
            self._exact_starts.clear()
            self._exact_steps = 0

    def predict(
        self, decision: int, kinds: list[str], place: int, precedence: int, stack: int, exact: bool
    ) -> Prediction:
        """The alternative of a decision.

        `kinds` and `place` are the text, `precedence` and `stack` where the rule was called. Without `exact`, two
        alternatives that only the real stack could tell apart are not told apart: the first wins.
        Raises: NoViableAlternative, Exhausted.
        """
        is_operator_loop = decision in self._network.operator_loops
        key = (decision, precedence if is_operator_loop else -1)
        step = self._starts.get(key)
        if step is None:
            configurations = self._start(decision, EMPTY_STACK, precedence, False)
            if is_operator_loop:
                configurations = self._filter_operators(configurations, precedence, decision)
            step = self._starts[key] = _Step(configurations)
        index = place
        while True:
            kind = kinds[index]
            if kind in step.following:
                following = step.following[kind]
            else:
                following = step.following[kind] = self._follow(decision, step, kind)
            if following is None:
                # Depends on the precedence even where the steps do not, so it is not to be remembered.
                return Prediction(self._finished(step.configurations, index, precedence), index, True)
            if following.conflict and exact:
                return self._predict_exactly(decision, kinds, place, precedence, stack, index)
            if following.prediction:
                return Prediction(following.prediction, index, following.conflict)
            step = following
            if kind != END:
                index += 1

    def _predict_exactly(
        self, decision: int, kinds: list[str], place: int, precedence: int, stack: int, looked_at: int
    ) -> Prediction:
        key = (decision, precedence, stack)
        step = self._exact_starts.get(key)
        if step is None:
            step = self._exact_starts[key] = _Step(self._start(decision, stack, precedence, True))
        index = place
        while True:
            kind = kinds[index]
            looked_at = max(looked_at, index)
            if kind in step.following:
                following = step.following[kind]
            else:
                following = self._follow_exactly(decision, step.configurations, kind)
                if self._exact_steps < _MAX_REMEMBERED:
                    self._exact_steps += 1
                    step.following[kind] = following
            if following is None:
                return Prediction(self._finished(step.configurations, index, precedence), looked_at, True)
            if following.prediction:
                return Prediction(following.prediction, looked_at, True)
            step = following
            if kind != END:
                index += 1

    def _follow_exactly(self, decision: int, configurations: list[Configuration], kind: str) -> _Step | None:
        reached = self._reach(decision, configurations, kind, True)
        return _Step(reached, _only_alternative(reached) or _only_viable_alternative(reached)) if reached else None

    def _finished(self, configurations: list[Configuration], index: int, precedence: int) -> int:
        """The first alternative that had got to the end of the decision's rule when nothing fitted any more, guards
        permitting if any does.
        """
        finished = [
            (bool(guard) and guard < precedence, alternative)
            for state, alternative, stack, guard, outside, _ in configurations
            if outside or (self._is_stop[state] and self.stacks.frames(stack)[-1][0] == _ANYWHERE)
        ]
        if not finished:
            raise NoViableAlternative(index)
        return min(finished)[1]

    # without a stack, remembered

    def _follow(self, decision: int, step: _Step, kind: str) -> _Step | None:
        reached = self._reach(decision, step.configurations, kind, False)
        if not reached:
            return None
        key = (decision, frozenset(reached))
        known = self._steps.get(key)
        if known is not None:
            return known
        following = _Step(reached)
        alternative = _only_alternative(reached)
        if alternative:
            following.prediction = alternative
        elif self._is_conflict(reached):
            following.prediction = min(configuration[1] for configuration in reached)
            following.conflict = True
        self._steps[key] = following
        return following

    def _is_conflict(self, configurations: list[Configuration]) -> bool:
        """Whether looking further without a stack cannot help."""
        if all(self._is_stop[configuration[0]] for configuration in configurations):
            return True
        if not any(len(alternatives) > 1 for alternatives in _alternatives_by_place(configurations)):
            return False
        by_state: dict[int, set[int]] = {}
        for configuration in configurations:
            by_state.setdefault(configuration[0], set()).add(configuration[1])
        return all(len(alternatives) > 1 for alternatives in by_state.values())

    # steps

    def _start(self, decision: int, stack: int, precedence: int, exact: bool) -> list[Configuration]:
        configurations = _Configurations(self.stacks, exact)
        for place, move in enumerate(self._moves[decision]):
            start = (move.target, place + 1, stack, 0, False, False)
            self._close(start, configurations, set(), decision, precedence, exact, collects=True, ends=False)
        return configurations.members()

    def _filter_operators(
        self, configurations: list[Configuration], precedence: int, decision: int
    ) -> list[Configuration]:
        """Drop operators that bind too loosely, and ways out of the loop that only lead to the same operators."""
        kept = _Configurations(self.stacks, False)
        entered: dict[int, int] = {}
        for state, alternative, stack, guard, outside, spared in configurations:
            if alternative == 1 and (not guard or guard >= precedence):
                entered[state] = stack
                kept.add((state, alternative, stack, 0, outside, spared))
        for configuration in configurations:
            state, alternative, stack, _, _, spared = configuration
            if alternative != 1 and (spared or entered.get(state) != stack):
                kept.add(configuration)
        return kept.members()

    def _reach(self, decision: int, configurations: list[Configuration], kind: str, exact: bool) -> list[Configuration]:
        """Everything that a token leads to."""
        self._work += len(configurations)
        if self._work > _MAX_WORK:
            raise Exhausted
        ends = kind == END
        stopped: list[Configuration] = []
        moved = _Configurations(self.stacks, exact)
        for configuration in configurations:
            state = configuration[0]
            if self._is_stop[state]:
                if exact or ends:
                    stopped.append(configuration)
                continue
            for move in self._moves[state]:
                if move.kinds is not None and kind in move.kinds:
                    moved.add((move.target, *configuration[1:]))
        intermediate = moved.members()
        reached = intermediate
        if stopped or ends or (len(intermediate) > 1 and not _only_alternative(intermediate)):
            closed = _Configurations(self.stacks, exact)
            busy: set[Configuration] = set()
            for configuration in intermediate:
                self._close(configuration, closed, busy, decision, 0, exact, collects=False, ends=ends)
            reached = closed.members()
        if ends:
            reached = [configuration for configuration in reached if self._is_stop[configuration[0]]]
        if stopped and not (exact and any(self._is_stop[configuration[0]] for configuration in reached)):
            everything = _Configurations(self.stacks, exact)
            for configuration in (*reached, *stopped):
                everything.add(configuration)
            reached = everything.members()
        return reached

    def _close(
        self,
        start: Configuration,
        found: _Configurations,
        busy: set[Configuration],
        decision: int,
        precedence: int,
        exact: bool,
        *,
        collects: bool,
        ends: bool,
    ) -> None:
        """Everything a configuration leads to without a token, into `found`.

        `collects` says that guards met in the rule of the decision itself count; `ends` that the text is at its end,
        which may be matched any number of times.
        """
        moves_of, is_stop, only_free, stacks = self._moves, self._is_stop, self._only_free, self.stacks
        filtered_rule = self._network.rules[decision] if decision in self._network.operator_loops else -1
        pending: list[tuple[Configuration, int]] = [(start, 0 if collects else -1)]
        seen: set[tuple[Configuration, int]] = set()
        while pending:
            item = pending.pop()
            if item in seen:
                continue
            seen.add(item)
            configuration, depth = item
            state, alternative, stack, guard, outside, spared = configuration
            self._work += 1
            if is_stop[state]:
                if stack != EMPTY_STACK:
                    for address, below in stacks.frames(stack):
                        if address == _ANYWHERE:
                            if exact:
                                found.add((state, alternative, EMPTY_STACK, guard, outside, spared))
                            else:
                                self._leave(configuration, busy, pending, filtered_rule)
                        else:
                            pending.append(((address, alternative, below, guard, outside, spared), max(depth - 1, -1)))
                    continue
                if exact:
                    found.add(configuration)
                else:
                    if not moves_of[state]:
                        found.add(configuration)
                    self._leave(configuration, busy, pending, filtered_rule)
                continue
            if not only_free[state]:
                found.add(configuration)
            moves = moves_of[state]
            if stack != EMPTY_STACK and state in self._network.operator_loops and self._returns_to_loop(state, stack):
                moves = moves[1:]
            for move in moves:
                if move.kinds is not None:
                    if ends and END in move.kinds and (following := (move.target, *configuration[1:])) not in busy:
                        busy.add(following)
                        pending.append((following, depth))
                elif move.rule is not None:
                    pushed = stacks.push(move.follow, stack)
                    pending.append(
                        ((move.target, alternative, pushed, guard, outside, spared), depth + 1 if depth >= 0 else depth)
                    )
                elif move.guard is not None and depth == 0:
                    if not exact:
                        pending.append(((move.target, alternative, stack, move.guard, outside, spared), depth))
                    elif move.guard >= precedence:
                        pending.append(((move.target, alternative, stack, guard, outside, spared), depth))
                else:
                    pending.append(((move.target, alternative, stack, guard, outside, spared), depth))

    def _leave(
        self,
        configuration: Configuration,
        busy: set[Configuration],
        pending: list[tuple[Configuration, int]],
        filtered_rule: int,
    ) -> None:
        """Return from a rule to every place that calls it."""
        state, alternative, stack, guard, _, spared = configuration
        rule = self._network.rules[state]
        for move in self._moves[state]:
            outermost = rule == filtered_rule and (state, move.target) in self._outermost_returns
            following = (move.target, alternative, stack, guard, True, spared or outermost)
            if following not in busy:
                busy.add(following)
                pending.append((following, -1))

    def _returns_to_loop(self, loop: int, stack: int) -> bool:
        """Whether every way back from an operator loop leads into that loop again: going round it here, too, would only
        find the same operators twice.
        """
        returns = self._loop_returns[loop]
        return all(address in returns for address, _ in self.stacks.frames(stack))


def _list_outermost_returns(network: Network) -> set[tuple[int, int]]:
    """The returns from left-recursive rules that were called from outside, as pairs of (rule's end, return address)."""
    recursive = {network.rules[loop] for loop in network.operator_loops}
    seen: set[tuple[int, int]] = set()
    outermost: set[tuple[int, int]] = set()
    for moves in network.moves:
        for move in moves:
            if move.rule in recursive and move.rule is not None:
                pair = (network.stops[move.rule], move.follow)
                if pair not in seen and not move.precedence:
                    outermost.add(pair)
                seen.add(pair)
    return outermost


def _list_loop_returns(network: Network, loop: int) -> frozenset[int]:
    """The return addresses inside a left-recursive rule from which nothing but its operator loop can be reached."""
    block_end = network.block_ends[network.moves[loop][0].target]

    def only_target(state: int) -> int:
        moves = network.moves[state]
        is_free = len(moves) == 1 and moves[0].kinds is None and moves[0].rule is None and moves[0].guard is None
        return moves[0].target if is_free else -1

    found = set()
    for moves in network.moves:
        for move in moves:
            address = move.follow
            if move.rule is None or network.rules[address] != network.rules[loop]:
                continue
            target = only_target(address)
            if target < 0:
                continue
            ends_prefix = network.kinds[address] is StateKind.BLOCK_END and target == loop
            ends_operator = block_end in (address, target)
            ends_inner = network.kinds[target] is StateKind.BLOCK_END and only_target(target) == loop
            if ends_prefix or ends_operator or ends_inner:
                found.add(address)
    return frozenset(found)


def _only_alternative(configurations: Iterable[Configuration]) -> int:
    """The alternative all configurations belong to, or 0."""
    found = 0
    for configuration in configurations:
        if not found:
            found = configuration[1]
        elif configuration[1] != found:
            return 0
    return found


def _alternatives_by_place(configurations: Iterable[Configuration]) -> list[set[int]]:
    places: dict[tuple[int, int], set[int]] = {}
    for configuration in configurations:
        places.setdefault((configuration[0], configuration[2]), set()).add(configuration[1])
    return list(places.values())


def _only_viable_alternative(configurations: Iterable[Configuration]) -> int:
    """The alternative that wins wherever several have come to the same place, if it is always the same; or 0."""
    winners = {min(alternatives) for alternatives in _alternatives_by_place(configurations)}
    return winners.pop() if len(winners) == 1 else 0
