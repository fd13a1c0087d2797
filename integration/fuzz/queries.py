"""Random queries: relations, joins, grouping, windows, set operations, WITH, subqueries correlated or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from integration.fuzz.expressions import Column, Expressions, Scope
from integration.fuzz.literals import COMMON, literal
from integration.fuzz.tables import TABLES
from lodestar_server.spi.types import BIGINT, BOOLEAN, DATE, INTEGER, VARCHAR, ArrayType, RowType, Type

DEPTH = 3
"""Of an expression in the SELECT list."""


@dataclass(frozen=True, slots=True)
class Relation:
    """The text after FROM, and the columns that it brings."""

    text: str
    columns: tuple[Column, ...]


@dataclass(slots=True)
class Queries:
    """Makes queries; one of these per query."""

    random: Random
    expressions: Expressions = field(init=False)
    _aliases: int = 0
    _levels: int = 0
    _shared: dict[str, Relation] = field(default_factory=dict)
    _definitions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.expressions = Expressions(self.random)

    @property
    def stable(self) -> bool:
        """The rows do not depend on anything but the text."""
        return self.expressions.stable

    # relations

    def relation(self, joins: int = 2) -> Relation:
        """A table, VALUES, an unnested array, a derived table, or a join of some."""
        one = self._single()
        while joins and self.random.random() < 0.35:
            joins -= 1
            one = self._joined(one, self._single())
        return one

    def _alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    def _single(self) -> Relation:
        choice = self.random.random()
        if choice < 0.6:
            return self.table()
        if choice < 0.7:
            return self._values()
        if choice < 0.78:
            return self._unnested()
        if choice < 0.86 and self._shared:
            name = self.random.choice(list(self._shared))
            return self._renamed(name, self._shared[name].columns)
        if self._levels >= 2:
            return self.table()
        types = [self.random.choice(COMMON) for _ in range(self.random.choice((1, 2, 3)))]
        return self._derived(types)

    def table(self) -> Relation:
        """A table under an alias."""
        name = self.random.choice(list(TABLES))
        return self._renamed(name, TABLES[name])

    def _renamed(self, text: str, columns: Sequence[Column]) -> Relation:
        alias = self._alias()
        return Relation(f"{text} {alias}", tuple(Column(f"{alias}.{one.text}", one.type) for one in columns))

    def _listed(self, text: str, types: Sequence[Type]) -> Relation:
        alias = self._alias()
        names = [f"c{place}" for place in range(len(types))]
        columns = tuple(Column(f"{alias}.{name}", one) for name, one in zip(names, types, strict=True))
        return Relation(f"{text} {alias} ({', '.join(names)})", columns)

    def _values(self) -> Relation:
        types = [BIGINT, *(self.expressions.any_type() for _ in range(self.random.choice((0, 1, 2))))]
        rows = []
        for _ in range(self.random.choice((1, 2, 4))):
            rows.append(f"({', '.join(literal(self.random, one) or 'NULL' for one in types)})")
        return self._listed(f"(VALUES {', '.join(rows)})", types)

    def _unnested(self) -> Relation:
        if self.random.random() < 0.5:
            return self._listed(f"UNNEST(sequence(1, {self.random.randrange(1, 9)}))", [BIGINT])
        words = ", ".join(literal(self.random, VARCHAR) or "''" for _ in range(3))
        return self._listed(f"UNNEST(ARRAY[{words}], ARRAY[1, 2]) WITH ORDINALITY", [VARCHAR, INTEGER, BIGINT])

    def _unnested_of(self, left: Relation, column: Column) -> Relation:
        """A relation beside the elements of one of its arrays."""
        assert isinstance(column.type, ArrayType)
        element = column.type.element
        types = [one.type for one in element.fields] if isinstance(element, RowType) else [element]
        how = self.random.choice(("CROSS JOIN {}", "LEFT JOIN {} ON true"))
        made = self._listed(f"UNNEST({column.text}) WITH ORDINALITY", [*types, BIGINT])
        return Relation(f"{left.text} {how.format(made.text)}", (*left.columns, *made.columns))

    def _derived(self, types: Sequence[Type]) -> Relation:
        return self._listed(f"({self.select(types)})", types)

    def _joined(self, left: Relation, right: Relation) -> Relation:
        kind = self.random.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"))
        columns = (*left.columns, *right.columns)
        arrays = [one for one in left.columns if isinstance(one.type, ArrayType)]
        if arrays and self.random.random() < 0.3:
            return self._unnested_of(left, self.random.choice(arrays))
        if kind == "CROSS JOIN" or "UNNEST" in right.text:  # which may be joined on nothing but true
            return Relation(f"{left.text} CROSS JOIN {right.text}", columns)
        keys = [(a, b) for a in left.columns for b in right.columns if a.type == b.type and a.type.comparable]
        if keys and (kind == "FULL JOIN" or self.random.random() < 0.8):
            a, b = self.random.choice(keys)
            condition = f"{a.text} = {b.text}"
            if kind != "FULL JOIN" and self.random.random() < 0.3:
                with self.expressions.within(Scope(columns)):
                    condition += f" AND {self.expressions.of(BOOLEAN, 1)}"
        elif kind == "FULL JOIN":
            return Relation(f"{left.text} CROSS JOIN {right.text}", columns)
        else:
            with self.expressions.within(Scope(columns)):
                condition = self.expressions.of(BOOLEAN, 1)
        return Relation(f"{left.text} {kind} {right.text} ON {condition}", columns)

    # queries

    def scope(self, relation: Relation, outer: Sequence[Column] = ()) -> Scope:
        """What expressions over a relation see."""
        may_nest = self._levels < 2
        return Scope((*relation.columns, *outer), self._subquery(relation.columns) if may_nest else None)

    def _subquery(self, outer: Sequence[Column]):  # type: ignore[no-untyped-def]
        def make(type_: Type) -> str:
            # One row, so that it may stand for a value; correlated by equality, as Trino can undo it.
            self._levels += 1
            relation = self.table()
            keys = [(a, b) for a in relation.columns for b in outer if a.type == b.type and a.type.comparable]
            with self.expressions.within(Scope(relation.columns)):
                value = self.expressions.of(type_, 1)
            where = ""
            if keys and self.random.random() < 0.5:
                a, b = self.random.choice(keys)
                where = f" WHERE {a.text} = {b.text}"
            self._levels -= 1
            if not type_.orderable:
                self.expressions.stable = False  # which row comes first is nobody's promise
                return f"SELECT {value} FROM {relation.text}{where} LIMIT 1"
            return f"SELECT max({value}) FROM {relation.text}{where}"

        return make

    def select(self, types: Sequence[Type]) -> str:
        """A query of these types."""
        self._levels += 1
        try:
            choice = self.random.random()
            if choice < 0.12 and all(one.comparable for one in types):
                word = self.random.choice(("UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"))
                made = f"({self._plain(types)}) {word} ({self._plain(types)})"
                if self.random.random() < 0.25:
                    made = f"({made}) {self.random.choice(('UNION', 'INTERSECT', 'EXCEPT ALL'))} ({self._plain(types)})"
                return made
            if choice < 0.35:
                return self._grouped(types)
            return self._plain(types)
        finally:
            self._levels -= 1

    def _plain(self, types: Sequence[Type]) -> str:
        relation = self.relation()
        with self.expressions.within(self.scope(relation)):
            items = [self.expressions.of(one, 2) for one in types]
            where = f" WHERE {self.predicate()}" if self.random.random() < 0.5 else ""
        distinct = "DISTINCT " if self.random.random() < 0.1 and all(one.comparable for one in types) else ""
        return f"SELECT {distinct}{', '.join(items)} FROM {relation.text}{where}"

    def _grouped(self, types: Sequence[Type]) -> str:
        relation = self.relation(1)
        with self.expressions.within(self.scope(relation)):
            keys = [self.expressions.of(one, 1) if one.comparable else None for one in types]
            items = [
                f"max({self.expressions.of(one, 1)})"
                if one.orderable and (key is None or self.random.random() < 0.5)
                else key
                for key, one in zip(keys, types, strict=True)
            ]
        used = [place for place, (item, key) in enumerate(zip(items, keys, strict=True), 1) if item is key]
        if any(item is None for item in items):
            return self._plain(types)
        group = f" GROUP BY {', '.join(map(str, used))}" if used else ""
        return f"SELECT {', '.join(item or 'NULL' for item in items)} FROM {relation.text}{group}"

    def predicate(self) -> str:
        """A condition; now and then one that a connector can take over."""
        made = self.expressions.of(BOOLEAN, 2)
        columns = [one for one in self.expressions.scope.columns if one.type in (BIGINT, INTEGER, DATE, VARCHAR)]
        if columns and self.random.random() < 0.5:
            made = f"{made} {self.random.choice(('AND', 'AND', 'OR'))} {self.simple_term(self.random.choice(columns))}"
        return made

    def simple_term(self, column: Column) -> str:
        """A column against constants."""
        values = [literal(self.random, column.type) or "NULL" for _ in range(3)]
        return self.random.choice(
            (
                f"{column.text} = {values[0]}",
                f"{column.text} <> {values[0]}",
                f"{column.text} >= {values[0]}",
                f"{column.text} BETWEEN {values[0]} AND {values[1]}",
                f"{column.text} IN ({', '.join(values)})",
                f"NOT {column.text} IN ({', '.join(values)})",
                f"({column.text} = {values[0]} OR {column.text} > {values[1]})",
                f"{column.text} IS NULL",
            )
        )

    def query(self) -> str:
        """Any query, as a user's statement."""
        with_ = ""
        if self.random.random() < 0.15:
            types = [self.random.choice(COMMON) for _ in range(2)]
            text = self.select(types)
            name = f"w{self._aliases}"
            self._shared[name] = Relation(name, tuple(Column(f"c{place}", one) for place, one in enumerate(types)))
            with_ = f"WITH {name} (c0, c1) AS ({text}) "
        choice = self.random.random()
        if choice < 0.45:
            return with_ + self._expressions_query()
        if choice < 0.65:
            return with_ + self._aggregate_query()
        if choice < 0.75:
            return with_ + self._window_query()
        types = [self.random.choice(COMMON) for _ in range(self.random.choice((1, 2, 3)))]
        return with_ + self._ordered(self.select(types), len(types))

    def _expressions_query(self) -> str:
        relation = self.relation()
        with self.expressions.within(self.scope(relation)):
            items = []
            for _ in range(self.random.choice((1, 1, 2, 3))):
                if self.random.random() < 0.5:
                    items.append(self.expressions.anything(DEPTH))
                else:
                    items.append(self.expressions.of(self.expressions.any_type(), DEPTH))
            where = f" WHERE {self.predicate()}" if self.random.random() < 0.4 else ""
        return f"SELECT {', '.join(items)} FROM {relation.text}{where}"

    def _aggregate_query(self) -> str:
        relation = self.relation(1)
        with self.expressions.within(Scope(relation.columns)):
            made = [self.expressions.aggregate(2) for _ in range(self.random.choice((1, 2, 3)))]
            keys = [one.text for one in relation.columns if one.type.comparable]
            group = having = ""
            chosen = self.random.sample(keys, min(len(keys), self.random.choice((0, 1, 1, 2))))
            if chosen:
                how = self.random.choice(("{}", "{}", "ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())"))
                group = f" GROUP BY {how.format(', '.join(chosen))}"
                if self.random.random() < 0.2:
                    having = f" HAVING {self.random.choice(('count(*) > 1', 'count(*) BETWEEN 1 AND 3'))}"
            where = f" WHERE {self.predicate()}" if self.random.random() < 0.3 else ""
        return f"SELECT {', '.join([*chosen, *made])} FROM {relation.text}{where}{group}{having}"

    def _window_query(self) -> str:
        relation = self.relation(1)
        with self.expressions.within(Scope(relation.columns)):
            made = [self.expressions.window(1) for _ in range(self.random.choice((1, 2)))]
        return f"SELECT {relation.columns[0].text}, {', '.join(made)} FROM {relation.text}"

    def _ordered(self, text: str, count: int) -> str:
        if self.random.random() < 0.4:
            text = f"SELECT * FROM ({text}) o" if text.startswith("(") else text
            text += f" ORDER BY {', '.join(str(place) for place in range(1, count + 1))}"
            if self.random.random() < 0.5:
                text += self.random.choice((" LIMIT 3", " OFFSET 1 LIMIT 2", " FETCH FIRST 2 ROWS WITH TIES"))
        return text
