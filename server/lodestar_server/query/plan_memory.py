"""Plans of queries that come again: kept with what was asked about the catalogs, used as long as all answers stay.

A dashboard sends the same texts all day. From the second time on a query's plan is written down together with each
question that analyzer and optimizer asked (is there such a table, which columns may this user see, what can the
connector filter) and its answer. The third time the questions are asked again, which takes a fraction of planning;
where one is answered in another way, or raises, everything is planned anew. So nobody has to tell this memory that a
table was changed, a view replaced or a grant revoked, here or by another engine.

What depends on the moment (now(), the age of a materialized view) or on what cannot be asked again is not kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, cast

from lodestar_server import ir
from lodestar_server.execution.kernel.engine import Kernel
from lodestar_server.execution.kernel.lowering.statement import LoweredStatement, RowFormat
from lodestar_server.ir.walk import walk
from lodestar_server.metadata.facade import Metadata
from lodestar_server.query.statement import StatementContext
from lodestar_server.session import QueryContext, Session
from lodestar_server.session.lineage import Lineage
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import TimeType, TimeTzType
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.parser import ast

MAX_TEXTS = 256
MAX_PLANS = 128
MAX_PLANS_OF_A_TEXT = 32
"""Of several users, or with several parameters."""
_STEADY = frozenset(
    [
        "apply_filter",
        "apply_limit",
        "check_can_execute_function",
        "check_selected",
        "column_handles",
        "find_catalog",
        "find_language_functions",
        "find_materialized_view",
        "find_table",
        "find_view",
        "hidden",
        "may_execute_function",
        "may_select",
        "schema_exists",
        "table_metadata",
    ]
)
"""Questions that may be asked again: they change nothing, and their answers are values."""
_ATTRIBUTES = frozenset(["function_schema"])
"""Set for the life of a server."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Make = Callable[[StatementContext, ast.Query | BoundQuery], BoundQuery]


@dataclass(slots=True)
class Planned:
    """An optimized query and, once it has run, its text for the kernel."""

    bound: BoundQuery
    _lowered: dict[RowFormat, LoweredStatement] = field(default_factory=dict)

    def lowered(self, kernel: Kernel, context: QueryContext, rows: RowFormat) -> LoweredStatement:
        """The kernel's statement for rows in a format. Raises: LodestarError."""
        found = self._lowered.get(rows)
        if found is None:
            found = self._lowered[rows] = kernel.lower(self.bound.plan, context, rows)
        return found


@frozen
class _Question:
    name: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    answer: Any

    def still_holds(self, metadata: Metadata) -> bool:
        return bool(getattr(metadata, self.name)(*self.arguments, **self.named) == self.answer)


@frozen
class _Kept:
    session: Session
    zone: str
    parameters: tuple[ast.Expression, ...]
    questions: tuple[_Question, ...]
    lineage: Lineage
    planned: Planned

    @property
    def asker(self) -> tuple[object, ...]:
        """For whom it was made."""
        return self.session, self.zone, self.parameters

    def fits(self, statement: StatementContext, session: Session) -> bool:
        """Planning it now would give the same plan; `session`: what is lasting of the statement's."""
        if self.zone != statement.query.time_zone or self.parameters != statement.parameters:
            return False
        if self.session != session:
            return False
        try:
            return all(one.still_holds(statement.metadata) for one in self.questions)
        except LodestarError:
            return False  # planning will say it in its own way


@dataclass(slots=True)
class _Text:
    tree: ast.Query
    """Held, so that no other tree gets its identity."""
    kept: list[_Kept] = field(default_factory=list)


class PlanMemory:
    """The plans of a server; those of the texts least recently sent are forgotten first. Thread-safe.

    `used` is how often a plan was used again.
    """

    def __init__(self) -> None:
        self.used = 0
        self._lock = threading.Lock()
        self._texts: OrderedDict[int, _Text] = OrderedDict()

    def planned(self, statement: StatementContext, query: ast.Query, make: Make) -> Planned:
        """The plan of a query whose text always has the same tree. Raises: see `make`."""
        text, is_new = self._text(query)
        if is_new:
            return Planned(make(statement, query))
        session = _lasting(statement.session)
        for one in text.kept:
            if one.fits(statement, session):
                self.used += 1
                statement.plans.append(one.planned.bound.plan)
                statement.query.lineage = one.lineage
                return one.planned
        witness = _Witness.of(statement)
        warnings = len(statement.query.warnings)
        planned = Planned(make(witness, query))
        if witness.is_lasting and len(statement.query.warnings) == warnings:
            self._keep(text, witness.kept(planned))
        return planned

    def _text(self, query: ast.Query) -> tuple[_Text, bool]:
        with self._lock:
            found = self._texts.get(id(query))
            if found is not None:
                self._texts.move_to_end(id(query))
                return found, False
            made = self._texts[id(query)] = _Text(query)
            while len(self._texts) > MAX_TEXTS:
                self._texts.popitem(last=False)
            return made, True

    def _keep(self, text: _Text, made: _Kept) -> None:
        with self._lock:
            # What was kept for the same session does not hold any more.
            others = [one for one in text.kept if one.asker != made.asker]
            text.kept = [*others, made][-MAX_PLANS_OF_A_TEXT:]
            surplus = sum(len(one.kept) for one in self._texts.values()) - MAX_PLANS
            for one in self._texts.values():
                if surplus <= 0:
                    break
                dropped, one.kept = one.kept[:surplus], one.kept[surplus:]
                surplus -= len(dropped)


class _Witness(StatementContext):
    """A statement that writes down what its planning asks."""

    @classmethod
    def of(cls, statement: StatementContext) -> _Witness:
        made = cls(**{one.name: getattr(statement, one.name) for one in fields(statement)})
        made.asked = _Asked(statement.metadata)
        made.metadata = cast(Metadata, made.asked)
        made.analyses = []
        return made

    asked: _Asked
    analyses: list[Analysis]

    def new_analysis(self, *, describing: bool = False) -> Analysis:
        made = StatementContext.new_analysis(self, describing=describing)
        self.analyses.append(made)
        return made

    def evaluate(self, expression: ir.Expression) -> ir.Constant:
        self.asked.is_lasting &= all(map(_is_lasting, walk(expression)))
        return StatementContext.evaluate(self, expression)

    @property
    def is_lasting(self) -> bool:
        """Planning has asked for nothing that another moment answers in another way."""
        return self.asked.is_lasting and not any(one.clock.was_read for one in self.analyses)

    def kept(self, planned: Planned) -> _Kept:
        questions = tuple(self.asked.questions)
        return _Kept(
            _lasting(self.session), self.query.time_zone, self.parameters, questions, self.query.lineage, planned
        )


class _Asked:
    """`Metadata` that writes down what it is asked, and what it answers."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._known: set[object] = set()
        self.questions: list[_Question] = []
        self.is_lasting = True

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._metadata, name)
        if name not in _STEADY:
            self.is_lasting &= name in _ATTRIBUTES
            return value

        def ask(*arguments: Any, **named: Any) -> Any:
            answer = value(*arguments, **named)
            if not self._is_known(name, arguments, named):
                self.questions.append(_Question(name, arguments, named, answer))
            return answer

        return ask

    def _is_known(self, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
        key = (name, arguments, *named.items())
        try:
            is_known = key in self._known
            self._known.add(key)
        except TypeError:  # something in it is not for keys
            return False
        return is_known


def _is_lasting(part: ir.Expression) -> bool:
    """A step of a constant's computation that gives the same at any time: times of day know the day of the query."""
    if isinstance(part.type, TimeType | TimeTzType):
        return False
    return isinstance(part, ir.Constant | ir.Cast) or (isinstance(part, ir.Call) and part.function.name == "json_parse")


def _lasting(session: Session) -> Session:
    """What of a session may have a say in plans."""
    return replace(
        session,
        query_id="",
        start=_EPOCH,
        transaction_id=None,
        prepared_statements={},
        client_info=None,
        trace_token=None,
        user_agent=None,
        remote_address=None,
        resource_estimates={},
    )
