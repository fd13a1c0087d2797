"""What Java prints: facts seen in the official client's output."""

import pytest

from lodestar.cli.formats.java import float_text, in_hash_order, string_hash


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-1.5, "-1.5"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (0.00012345, "1.2345E-4"),
        (1e-7, "1.0E-7"),
        (123456.789, "123456.789"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (16777216.0, "1.6777216E7"),
        (-123456789.5, "-1.234567895E8"),
        (1e22, "1.0E22"),
        (2e23, "2.0E23"),
        (1e300, "1.0E300"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (5e-324, "4.9E-324"),
        (1e-323, "9.9E-324"),
        (3.4028235e38, "3.4028235E38"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_floats(value, text):
    assert float_text(value) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [("", 0), ("a", 97), ("hello", 99162322), ("\U0001f600", 1772899), ("polygenelubricants", 0x80000000)],
)
def test_hash_codes_of_strings(text, code):
    assert string_hash(text) == code


@pytest.mark.parametrize(
    ("keys", "kind", "ordered"),
    [
        ([10, 1, 100, 17, 33, 3], "integer", [1, 17, 33, 3, 100, 10]),
        ([1.0, 2.5, 1e10], "double", [1.0, 2.5, 1e10]),
        (["hello", "world", "foo", "bar", "baz", "qux"], "varchar", ["bar", "world", "qux", "foo", "baz", "hello"]),
        (list("hgfedcba"), "varchar", list("abcdefgh")),
        (list("nopqrstuvwxyz"), "varchar", list("nopqrstuvwxyz")),
        (["2020-01-01", "2021-01-01"], "date", ["2021-01-01", "2020-01-01"]),
    ],
)
def test_order_of_maps(keys, kind, ordered):
    assert [key for key, _ in in_hash_order(dict.fromkeys(keys), kind)] == ordered
