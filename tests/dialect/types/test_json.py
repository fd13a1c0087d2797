"""JSON: paths, and the difference between JSON's null and SQL's."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, null, select

from sqlalchemy_lodestar import JSON
from sqlalchemy_lodestar.types.json import json_path


@pytest.mark.parametrize(
    ("steps", "path"),
    [((), "$"), (("a", 1), '$["a"][1]'), (('q"uote', "é\U0001f600"), '$["q\\"uote"]["é\U0001f600"]')],
)
def test_paths(steps, path):
    assert json_path(steps) == path


def test_nulls(memory_engine):
    made = Table(
        "json_nulls",
        MetaData(),
        Column("id", Integer),
        Column("j", JSON),
        Column("n", JSON(none_as_null=True)),
    )
    made.create(memory_engine)
    try:
        with memory_engine.begin() as connection:
            connection.execute(insert(made), [{"id": 1, "j": None, "n": None}, {"id": 2, "j": null(), "n": {"é": 1}}])
            nulls = select(made.c.id, made.c.j.is_(null()), made.c.n.is_(null())).order_by(made.c.id)
            assert connection.execute(nulls).all() == [(1, False, True), (2, True, False)]
            assert connection.execute(select(made.c.j, made.c.n).order_by(made.c.id)).all() == [
                (None, None),
                (None, {"é": 1}),
            ]
    finally:
        made.drop(memory_engine)
