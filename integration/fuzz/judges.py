"""The judges: no internal error, no foreign text, values of the announced types, the same rows whatever the rules, and
when a query comes again."""

from __future__ import annotations

import faulthandler
import json
import math
import os
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from integration.fuzz.queries import Queries
from integration.fuzz.shortcuts import shortcut_query
from integration.fuzz.values import fault
from integration.toolbox.inprocess import Answer, Engine, TooManyRows
from lodestar_server.plan.optimizer.optimizer import RULES
from lodestar_server.session import QueryContext
from lodestar_server.spi.errors import EXCEEDED_TIME_LIMIT, ErrorType, LodestarError

SECONDS = 20
"""A query of these tables that takes longer hangs: by the clock and, as the machine may be busy, of processor time."""
AT_MOST_SECONDS = 600
"""By the clock alone: a query that waits for itself takes no processor time."""
GRACE_SECONDS = 20
"""Between asking a query to stop and giving up on the process."""
REPEATED = 0.3
"""Of the queries whose rules are judged, those that are asked three times: the last time with a plan that was kept."""
MAX_ROWS = 20_000
"""An answer of more rows is left at that: to compare them takes longer than to make them."""
REFUSALS = frozenset(
    {
        "SYNTAX_ERROR",
        "TYPE_MISMATCH",
        "FUNCTION_NOT_FOUND",
        "COLUMN_NOT_FOUND",
        "NOT_SUPPORTED",
        "AMBIGUOUS_FUNCTION_CALL",
        "EXPRESSION_NOT_AGGREGATE",
        "INVALID_LITERAL",
    }
)
"""A generated query is meant to be well typed: these say that it was not, or that something is missing."""
MEANT = frozenset({"FUNCTION_IMPLEMENTATION_MISSING"})
"""Trino too calls it internal that a generic function is not there for some type."""
_FOREIGN = re.compile(
    r"DuckDB|HUGEINT|INT128|UINT|TRY_CAST|(?:Binder|Parser|Catalog|Conversion|Invalid Input|Internal) Error"
    r"|LINE \d+:|list_transform|struct_|trino_|TIMESTAMP_NS|BLOB|Python exception|Traceback"
)


class Finding(Exception):
    """A judge's objection: what, and the statements that show it."""

    def __init__(self, what: str, *statements: str) -> None:
        super().__init__(what)
        self.what, self.statements = what, statements


@dataclass(slots=True)
class Tally:
    """What became of the statements."""

    queries: int = 0
    statements: int = 0
    rows: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Court:
    """Runs queries on an engine and judges them. One thread."""

    engine: Engine
    tally: Tally = field(default_factory=Tally)

    def judge(self, random: Random) -> None:
        """Make a query and judge it. Raises: Finding."""
        self.tally.queries += 1
        choice = random.random()
        if choice > 0.9:
            self._judge_shortcut(random)
        elif choice < 0.6:
            self._judge_rules(random)
        elif choice < 0.8:
            self._judge_partition(random)
        else:
            self._judge_filter(random)

    # judges

    def _judge_rules(self, random: Random) -> None:
        made = Queries(random)
        sql = made.query()
        answer = self._run(sql)
        if answer is None or not made.stable or " LIMIT " in sql or "FETCH" in sql:
            return
        rule = random.choice([rule.name for rule in RULES] + [",".join(rule.name for rule in RULES)])
        other = self._run(sql, {"disabled_optimizer_rules": rule})
        if other is not None:
            self._compare(f"without {rule}", answer.rows, other.rows, sql)
        if random.random() < REPEATED:
            self._run(sql)
            again = self._run(sql)
            if again is not None:
                self._compare("again", answer.rows, again.rows, sql)

    def _judge_partition(self, random: Random) -> None:
        """A condition, its negation and its absence of a value divide the rows."""
        made = Queries(random)
        relation = made.relation()
        with made.expressions.within(made.scope(relation)):
            condition = made.predicate()
            items = ", ".join(one.text for one in relation.columns)
        whole = f"SELECT {items} FROM {relation.text}"
        parts = [f"{whole} WHERE {text}" for text in (condition, f"NOT ({condition})", f"({condition}) IS NULL")]
        if not made.stable:
            return
        answers = [self._run(sql) for sql in (whole, *parts)]
        if any(one is None for one in answers):
            return
        first, *rest = [one.rows for one in answers if one is not None]
        self._compare("partition", first, [row for rows in rest for row in rows], "\n".join([whole, *parts]))

    def _judge_filter(self, random: Random) -> None:
        """A condition keeps as many rows as it is true for, in a WITH query, twice negated, as a CASE."""
        made = Queries(random)
        relation = made.relation()
        with made.expressions.within(made.scope(relation)):
            condition = made.predicate()
        if not made.stable:
            return
        texts = [
            f"SELECT count(*) FROM {relation.text} WHERE {condition}",
            f"SELECT count_if({condition}) FROM {relation.text}",
            f"WITH w AS (SELECT ({condition}) AS c FROM {relation.text}) SELECT count(*) FROM w WHERE c",
            f"SELECT count(*) FROM {relation.text} WHERE NOT (NOT ({condition}))",
            f"SELECT count(*) FROM {relation.text} WHERE CASE WHEN {condition} THEN true ELSE false END",
        ]
        chosen = [texts[0], random.choice(texts[1:])]
        answers = [self._run(sql) for sql in chosen]
        if all(one is not None for one in answers):
            first, second = [one.rows for one in answers if one is not None]
            self._compare("filter", first, second, "\n".join(chosen))

    def _judge_shortcut(self, random: Random) -> None:
        """A call gives the same with a constant pattern as with one that is not known before."""
        sql = shortcut_query(random)
        answer = self._run(sql)
        if answer is not None:
            self.tally.compared["shortcut"] += 1
            if answer.rows:
                raise Finding(f"a shorter way goes elsewhere: {answer.rows[:2]}", sql)

    def _compare(self, what: str, one: list[Any], other: list[Any], sql: str) -> None:
        self.tally.compared[what.partition(" ")[0]] += 1
        if not same_rows(one, other):
            raise Finding(f"other rows {what}: {len(one)} and {len(other)}, {_first_difference(one, other)}", sql)

    # running

    def _run(self, sql: str, properties: dict[str, str] | None = None) -> Answer | None:
        """The answer; None for an error that a user may get. Raises: Finding."""
        self.tally.statements += 1
        context = self.engine.context(properties)
        watch = _Watch(context)
        try:
            answer = self.engine.run(sql, context, MAX_ROWS)
        except TooManyRows:
            self.tally.errors["too many rows"] += 1
            return None
        except LodestarError as error:
            self._judge_error(error, sql)
            return None
        except Exception as error:
            raise Finding(f"{type(error).__name__}: {error}", sql) from error
        finally:
            watch.stop()
        rows = answer.rows
        self.tally.rows += len(rows)
        for row in rows:
            for value, type_, name in zip(row, answer.types, answer.names, strict=True):
                wrong = fault(value, type_)
                if wrong is not None:
                    raise Finding(f"column {name}: {wrong}", sql)
        return answer

    def _judge_error(self, error: LodestarError, sql: str) -> None:
        name = error.code.name
        self.tally.errors[name] += 1
        if error.code is EXCEEDED_TIME_LIMIT:
            raise Finding(f"no answer in {SECONDS} s", sql)
        cause = "" if error.__cause__ is None else f" ({type(error.__cause__).__name__}: {error.__cause__})"
        # Some functions of Trino's have internal errors of their own: those carry our mark.
        if error.code.type is ErrorType.INTERNAL and name not in MEANT and "\x1f" not in cause:
            raise Finding(f"{name}: {error.message}{cause}", sql)
        if name != "SYNTAX_ERROR" and _FOREIGN.search(error.message):
            raise Finding(f"foreign text in {name}: {error.message}", sql)
        if name in REFUSALS:
            self.tally.refused.setdefault(
                re.sub(r"\W+", " ", f"{name} {error.message}")[:60], f"{error.message}\n{sql}"
            )


class _Watch:
    """Cancels a query that takes too long; leaves the process when that does not help."""

    def __init__(self, context: QueryContext) -> None:
        self._done = threading.Event()
        self._context = context
        self._started, self._used = time.monotonic(), time.process_time()
        self._wait(SECONDS)

    def stop(self) -> None:
        self._done.set()
        self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._judge)
        self._timer.daemon = True
        self._timer.start()

    def _judge(self) -> None:
        if self._done.is_set():
            return
        used = time.process_time() - self._used
        if used < SECONDS and time.monotonic() - self._started < AT_MOST_SECONDS:
            self._wait(1)
        else:
            self._cancel()

    def _cancel(self) -> None:
        self._context.cancellation.cancel(LodestarError(EXCEEDED_TIME_LIMIT, "hangs"))
        if not self._done.wait(GRACE_SECONDS):
            faulthandler.dump_traceback(all_threads=True)
            os._exit(HUNG)


HUNG = 99
"""Exit code of a process with a query that cannot be stopped."""


def same_rows(one: list[Any], other: list[Any]) -> bool:
    """Equal in any order; doubles to nine digits, for sums in another order."""
    if len(one) != len(other):
        return False
    if Counter(map(_key, one)) == Counter(map(_key, other)):
        return True
    return all(_close(a, b) for a, b in zip(sorted(one, key=_rounded), sorted(other, key=_rounded), strict=True))


_NEGATIVE_ZERO = re.compile(r"(?<![\w.])-0\.0(?![\w.])")


def _key(row: Any) -> str:
    # Which of two equal zeros an aggregate keeps is nobody's promise.
    return _NEGATIVE_ZERO.sub("0.0", json.dumps(row, sort_keys=True))


def _rounded(value: Any) -> str:
    return re.sub(r"-?\d+\.\d+(?:e[+-]?\d+)?", lambda match: f"{float(match[0]):.6g}", _key(value))


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[key], b[key]) for key in a)
    return bool(a == b)


def _first_difference(one: list[Any], other: list[Any]) -> str:
    left, right = Counter(map(_key, one)), Counter(map(_key, other))
    return f"only here {list((left - right).elements())[:2]}, only there {list((right - left).elements())[:2]}"


def elapsed(started: float) -> float:
    """Seconds since."""
    return time.monotonic() - started
