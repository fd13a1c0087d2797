import pytest

from lodestar_server.spi.types.text import parse_type


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("decimal(10, 2)", "decimal(10,2)"),
        ('row(a bigint, "b c" varchar(3))', "row(a bigint, b c varchar(3))"),
        ("row(bigint, timestamp(6) with time zone)", "row(bigint, timestamp(6) with time zone)"),
        ("map(varchar, array(row(x double)))", "map(varchar, array(row(x double)))"),
        ("interval year to month", "interval year to month"),
        ("time", "time(3)"),
    ],
)
def test_type_text_reads_display_and_wire_forms(text, display):
    assert parse_type(text).display == display


def test_signature_text_quotes_names_and_reads_back():
    type_ = parse_type('row(a bigint, "b c" varchar(3))')
    assert type_.signature_text == 'row("a" bigint,"b c" varchar(3))'
    assert parse_type(type_.signature_text) == type_
