import pytest

from lodestar.cli.sql.context import Wanted, find_place, written_name


@pytest.mark.parametrize(
    ("text", "prefix", "qualifiers", "wanted"),
    [
        ("|", "", (), Wanted.NOTHING),
        ("sel|", "sel", (), Wanted.NOTHING),
        ("select |", "", (), Wanted.EXPRESSION),
        ("select na|me from nation", "na", (), Wanted.EXPRESSION),
        ("select * from |", "", (), Wanted.RELATION),
        ("select * from a, na|", "na", (), Wanted.RELATION),
        ("select a, na| from t", "na", (), Wanted.EXPRESSION),
        ("select * from tpch.ti|", "ti", ("tpch",), Wanted.RELATION),
        ("select * from tpch.tiny.|", "", ("tpch", "tiny"), Wanted.RELATION),
        ("select n.| from nation n", "", ("n",), Wanted.EXPRESSION),
        ("use tp|", "tp", (), Wanted.SCHEMA),
        ("use tpch.|", "", ("tpch",), Wanted.SCHEMA),
        ("show schemas from |", "", (), Wanted.CATALOG),
        ("show tables from |", "", (), Wanted.SCHEMA),
        ("show columns from |", "", (), Wanted.RELATION),
        ("describe |", "", (), Wanted.RELATION),
        ("drop table if exists |", "", (), Wanted.RELATION),
        ("select 1; select * from na|", "na", (), Wanted.RELATION),
        ("select 'na|", "na", (), Wanted.EXPRESSION),
        ("select 'x'|", "", (), Wanted.NOTHING),
        ('select * from "My |', "My ", (), Wanted.RELATION),
    ],
)
def test_place(text, prefix, qualifiers, wanted):
    cursor = text.index("|")
    place = find_place(text.replace("|", ""), cursor)
    assert (place.prefix, place.qualifiers, place.wanted) == (prefix, qualifiers, wanted)
    assert place.quoted is ('"' in text)


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("select | from nation", {"nation": ("nation",)}),
        ("select | from tpch.tiny.nation n, region as r", {"n": ("tpch", "tiny", "nation"), "r": ("region",)}),
        ("select | from a join b on a.x = b.x where 1=1", {"a": ("a",), "b": ("b",)}),
        ("update t set | = 1", {"t": ("t",)}),
        ('select | from "My Table" x', {"x": ("My Table",)}),
        ("select 1 from other; select | from mine; select 1 from third", {"mine": ("mine",)}),
    ],
)
def test_relations(text, relations):
    assert find_place(text.replace("|", ""), text.index("|")).relations == relations


@pytest.mark.parametrize(
    ("name", "written"), [("a_1", "a_1"), ("A", '"A"'), ("select", '"select"'), ('a"b', '"a""b"'), ("1a", '"1a"')]
)
def test_written_name(name, written):
    assert written_name(name) == written
