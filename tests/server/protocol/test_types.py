import orjson
import pytest

from lodestar_server.protocol.types import render_columns, type_signature, wire_type
from lodestar_server.spi.types import BIGINT, ArrayType, RowField, RowType, Type
from lodestar_server.spi.types.text import parse_type


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a", "a"),
        ("A", "A"),
        ("a_1", "a_1"),
        ("zone", "zone"),
        ("date", "date"),
        ("select", '"select"'),
        ("Order", '"Order"'),
        ("_a", '"_a"'),
        ("1a", '"1a"'),
        ("a b", '"a b"'),
        ('a"b', '"a""b"'),
        ("día", '"día"'),
    ],
)
def test_row_fields_are_quoted_when_they_must_be(name, shown):
    assert wire_type(RowType((RowField(name, BIGINT),))) == f"row({shown} bigint)"


@pytest.mark.parametrize(
    "text", ["array(map(varchar, decimal(3,1)))", "row(a time(3), b row(c date))", "qdigest(double)"]
)
def test_arguments_are_always_a_list(text):
    def walk(signature):
        assert isinstance(signature["arguments"], list)
        for argument in signature["arguments"]:
            if argument["kind"] == "TYPE":
                walk(argument["value"])
            elif argument["kind"] == "NAMED_TYPE":
                walk(argument["value"]["typeSignature"])

    walk(orjson.loads(orjson.dumps(type_signature(parse_type(text)))))


def test_types_nest_deeper_than_the_encoder_goes():
    deep: Type = BIGINT
    for _ in range(400):
        deep = ArrayType(deep)
    found = render_columns((("a", deep),), True)
    assert found.count(b'"rawType":"array"') == 400
    assert found.count(b'"rawType":"bigint"') == 1


def test_columns_keep_their_names():
    found = orjson.loads(render_columns((("", BIGINT), ('a"b', BIGINT), ("", BIGINT)), True))
    assert [column["name"] for column in found] == ["", 'a"b', ""]
