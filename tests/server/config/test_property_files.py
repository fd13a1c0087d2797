import pytest

from lodestar_server.config.property_files import parse_properties


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a=b", {"a": "b"}),
        ("  a = b c  ", {"a": "b c"}),
        ("a:b", {"a": "b"}),
        ("a b", {"a": "b"}),
        ("a", {"a": ""}),
        ("# a=b\n! c=d\n\n", {}),
        ("a=b # c", {"a": "b # c"}),
        ("a=b\\\n   c\nd=e", {"a": "bc", "d": "e"}),
        ("a=b\\\\\nd=e", {"a": "b\\", "d": "e"}),
        ("a=\\u00fc\\t\\=", {"a": "ü\t="}),
        ("a\\ b=c", {"a b": "c"}),
        ("a=${ENV:X}=y", {"a": "${ENV:X}=y"}),
        ("a=b\\", {"a": "b"}),
    ],
)
def test_java_property_files(text, entries):
    found, faults = parse_properties(text, "f")
    assert ({entry.key: entry.value for entry in found}, faults) == (entries, [])


def test_lines_are_those_where_a_property_begins():
    found, _ = parse_properties("# x\na=1\\\n2\n\nb=3", "f")
    assert [(entry.key, entry.line) for entry in found] == [("a", 2), ("b", 5)]


def test_faults_have_their_lines():
    _, faults = parse_properties("a=1\nb=\\u12\na=2", "f.properties")
    assert [str(fault) for fault in faults] == [
        "f.properties:2: Malformed \\uxxxx encoding",
        "f.properties:3: a: is already set in line 1",
    ]
