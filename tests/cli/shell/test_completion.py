import pytest

from lodestar.cli.shell.completion import candidates
from lodestar.cli.sql.context import find_place
from lodestar.session import ClientSession


class Names:
    """A small server."""

    def catalogs(self):
        return ["tpch", "memory", "My Lake"]

    def schemas(self, catalog):
        return {"tpch": ["sf1", "tiny"], "memory": ["default"]}.get(catalog, [])

    def tables(self, catalog, schema):
        return ["nation", "region", "order"] if (catalog, schema) == ("tpch", "tiny") else []

    def columns(self, catalog, schema, table):
        return ["nationkey", "name"] if (catalog, schema, table) == ("tpch", "tiny", "nation") else []

    def functions(self):
        return ["nan", "now", "nullif"]


SESSION = ClientSession(user="ann", catalog="tpch", schema="tiny")


def texts(text, session=SESSION, first=False):
    place = find_place(text.replace("|", ""), text.index("|"))
    return [candidate.text for candidate in candidates(place, Names(), session, first=first)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select * from na|", ["nation", "natural"]),
        ("select * from |", ['nation', '"order"', "region", "sf1", "tiny", '"My Lake"', "memory", "tpch"]),
        ("select * from ti|", ["tiny", "ties", "time", "timestamp"]),
        ("select * from TI|", ["tiny", "TIES", "TIME", "TIMESTAMP"]),
        ("select * from tpch.|", ["sf1", "tiny"]),
        ("select * from tpch.tiny.r|", ["region"]),
        ("select * from tiny.r|", ["region"]),
        ('select * from "My |', ['"My Lake"']),
        ("use me|", ["memory", "merge", "measures"]),
        ("use tpch.t|", ["tiny"]),
        ("select na| from nation", ["name", "nationkey", "nation", "nan", "natural"]),
        ("select n.| from nation n", ["name", "nationkey"]),
        ("select | from tpch.tiny.nation x", ["name", "nationkey", "x"]),
        ("select 'na|", ["nan", "natural"]),
        ("select 'na'|", []),
    ],
)  # fmt: skip
def test_candidates(text, expected):
    assert sorted(texts(text)) == sorted(expected)


def test_better_candidates_come_first():
    assert texts("select na| from nation")[:2] == ["name", "nationkey"]
    assert texts("select * from na|")[0] == "nation"


def test_commands_begin_the_input_only():
    assert "exit" in texts("ex|", first=True)
    assert "exit" not in texts("select ex|")


def test_without_a_schema_catalogs_are_offered():
    assert texts("select * from t|", ClientSession(user="ann"))[0] == "tpch"
