"""Iceberg tables among engines: types in every file format, deletes of both kinds, changes of schema and partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from integration.lake.interchange.engines import Engine, OfSpark, Peers, Refused
from integration.lake.interchange.hive import Storage, cells
from integration.lake.interchange.kinds import BIGINT, ICEBERG, VARCHAR, Type, told
from integration.lake.interchange.matrix import Matrix

FORMATS = ("parquet", "orc", "avro")
_MERGE_ON_READ = ", ".join(f"'write.{one}.mode' = 'merge-on-read'" for one in ("delete", "update", "merge"))
Rows = dict[int, tuple[Any, ...]]


def storages(*, everything: bool) -> Iterator[Storage]:
    """Tables of all kinds of values, plain and partitioned by transforms."""
    for form in FORMATS if everything else FORMATS[:1]:
        table = f"USING iceberg TBLPROPERTIES ('format-version' = '2', 'write.format.default' = '{form}')"
        yield Storage(f"ice_{form}", f"format = '{form.upper()}'", table, ICEBERG)
        by = "bucket(id, 4)", "truncate(varchar, 2)", "month(date)", "hour(timestamp)"
        of_spark = "bucket(4, id), truncate(2, `varchar`), months(`date`), hours(`timestamp`)"
        yield Storage(
            f"ice_{form}_parts",
            f"format = '{form.upper()}', partitioning = ARRAY[{', '.join(repr(one) for one in by)}]",
            table.replace("USING iceberg", f"USING iceberg PARTITIONED BY ({of_spark})"),
            ICEBERG,
        )


def run(peers: Peers, matrix: Matrix, *, everything: bool) -> list[str]:
    """What went wrong beyond the matrix, a line each."""
    for storage in storages(everything=everything):
        for writer in peers.on_iceberg:
            cells(peers.on_iceberg, matrix, storage, writer)
    faults: list[str] = []
    for form in FORMATS if everything else FORMATS[:1]:
        for creator in peers.on_iceberg:
            faults += _Story(peers, form, creator).run(_CHANGES, "rows")
            faults += _Story(peers, form, creator).run(_EVOLUTION, "schema")
    return faults


@dataclass(frozen=True, slots=True)
class Step:
    """A statement in both dialects (`{t}` is the table) and what it makes of the rows.

    `equality`: Spark writes a delete by equality of this id instead, whoever's turn it is.
    """

    trino: str
    change: Callable[[Rows], Rows]
    spark: str | None = None
    columns: tuple[tuple[str, Type], ...] | None = None
    equality: int | None = None


def _without(wanted: Callable[[int], bool]) -> Callable[[Rows], Rows]:
    return lambda rows: {id_: row for id_, row in rows.items() if not wanted(id_)}


def _with(**more: tuple[Any, ...]) -> Callable[[Rows], Rows]:
    return lambda rows: {**rows, **{int(name[1:]): row for name, row in more.items()}}


_ID_V = (("id", BIGINT), ("v", VARCHAR))
_MERGE = (
    "MERGE INTO {t} AS t USING (SELECT id, v FROM {t} WHERE id IN (1, 2, 4)) AS s ON t.id = s.id"
    " WHEN MATCHED AND s.id = 4 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 'merged'"
)
_CHANGES: Sequence[Step] = (
    Step("DELETE FROM {t} WHERE id % 5 = 0", _without(lambda id_: id_ % 5 == 0)),
    Step(
        "UPDATE {t} SET v = 'changed' WHERE id IN (3, 8)",
        lambda rows: {id_: ("changed",) if id_ in (3, 8) else row for id_, row in rows.items()},
    ),
    Step("DELETE FROM {t} WHERE id = 3", _without(lambda id_: id_ == 3)),
    Step(
        _MERGE,
        lambda rows: {id_: ("merged",) if id_ in (1, 2) else row for id_, row in rows.items() if id_ != 4},
    ),
    Step("", _without(lambda id_: id_ == 7), equality=7),
    # What comes after a delete by equality is not deleted by it.
    Step("INSERT INTO {t} VALUES (7, 'again'), (40, NULL)", _with(_7=("again",), _40=(None,))),
    Step("", _without(lambda id_: id_ == 11), equality=11),
    Step("DELETE FROM {t} WHERE v IS NULL", lambda rows: {id_: row for id_, row in rows.items() if row[0] is not None}),
    Step(
        "UPDATE {t} SET v = 'z' WHERE id = 7",
        lambda rows: {id_: ("z",) if id_ == 7 else row for id_, row in rows.items()},
    ),
)


def _widened(rows: Rows) -> Rows:
    return {id_: (*row, None) for id_, row in rows.items()}


_EVOLUTION: Sequence[Step] = (
    Step("ALTER TABLE {t} ADD COLUMN c integer", _widened, "ALTER TABLE {t} ADD COLUMN c int", (*_ID_V, ("c", BIGINT))),
    Step("INSERT INTO {t} VALUES (50, 'with c', 5)", _with(_50=("with c", 5))),
    Step(
        "ALTER TABLE {t} RENAME COLUMN v TO w", lambda rows: rows, None, (("id", BIGINT), ("w", VARCHAR), ("c", BIGINT))
    ),
    Step(
        "ALTER TABLE {t} ALTER COLUMN c SET DATA TYPE bigint",
        lambda rows: rows,
        "ALTER TABLE {t} ALTER COLUMN c TYPE bigint",
    ),
    Step("INSERT INTO {t} VALUES (51, 'wide', 5000000000)", _with(_51=("wide", 5_000_000_000))),
    Step(
        "ALTER TABLE {t} SET PROPERTIES partitioning = ARRAY['bucket(id, 2)']",
        lambda rows: rows,
        "ALTER TABLE {t} ADD PARTITION FIELD bucket(2, id)",
    ),
    Step("INSERT INTO {t} VALUES (52, 'in a bucket', NULL)", _with(_52=("in a bucket", None))),
    Step("DELETE FROM {t} WHERE id IN (2, 50)", _without(lambda id_: id_ in (2, 50))),
    Step(
        "ALTER TABLE {t} DROP COLUMN w",
        lambda rows: {id_: row[1:] for id_, row in rows.items()},
        None,
        (("id", BIGINT), ("c", BIGINT)),
    ),
    # A new column of an old name does not show the old one's values.
    Step(
        "ALTER TABLE {t} ADD COLUMN w varchar",
        _widened,
        "ALTER TABLE {t} ADD COLUMN w string",
        (("id", BIGINT), ("c", BIGINT), ("w", VARCHAR)),
    ),
    Step("INSERT INTO {t} VALUES (53, 1, 'new')", _with(_53=(1, "new"))),
)


class _Story:
    """A table that engines change in turn; after each step all of them see the same rows."""

    def __init__(self, peers: Peers, form: str, creator: Engine) -> None:
        self._peers = peers
        self._form = form
        self._creator = creator
        # The next one's turn: whoever has created the table does not make its first change.
        engines = peers.on_iceberg
        first = [one.name for one in engines].index(creator.name) + 1
        self._engines = [*engines[first:], *engines[:first]]

    def run(self, steps: Sequence[Step], what: str) -> list[str]:
        """Differences."""
        table = f"ice_{what}_{self._form}_{self._creator.name}"
        name = f"ice.x.{table}"
        columns = "id int, v string" if isinstance(self._creator, OfSpark) else "id integer, v varchar"
        options = f"format = '{self._form.upper()}', format_version = 2"
        if isinstance(self._creator, OfSpark):
            properties = f"'format-version' = '2', 'write.format.default' = '{self._form}', {_MERGE_ON_READ}"
            self._creator.run(f"CREATE TABLE {name} ({columns}) USING iceberg TBLPROPERTIES ({properties})")
        else:
            self._creator.run(f"CREATE TABLE {name} ({columns}) WITH ({options})")
            self._peers.spark.run(f"ALTER TABLE {name} SET TBLPROPERTIES ({_MERGE_ON_READ})")
        rows: Rows = {id_: (f"v{id_}",) for id_ in range(1, 21)}
        self._creator.run(f"INSERT INTO {name} VALUES " + ", ".join(f"({id_}, 'v{id_}')" for id_ in rows))
        shown = _ID_V
        faults: list[str] = []
        for number, step in enumerate(steps):
            engine = self._engines[number % len(self._engines)]
            where = f"{table}, step {number} by {engine.name}"
            try:
                if step.equality is not None:
                    self._peers.spark.process.delete_by_equality(name, "id", step.equality)
                else:
                    text = step.spark if step.spark and isinstance(engine, OfSpark) else step.trino
                    engine.run(text.format(t=name))
            except Refused as reason:
                return [*faults, f"{where}: refused {reason}"]
            rows = step.change(rows)
            shown = step.columns or shown
            right = sorted([told(BIGINT, id_), *map(_told, row)] for id_, row in rows.items())
            for reader in self._engines:
                try:
                    found = sorted(reader.read(table, shown))
                except Refused as reason:
                    faults.append(f"{where}, read by {reader.name}: refused {reason}")
                    continue
                if found != right:
                    faults.append(f"{where}, read by {reader.name}: {found} instead of {right}")
        return faults


def _told(value: Any) -> str:
    return told(VARCHAR if isinstance(value, str) else BIGINT, value)
