"""Texts in the language of the session, as a Trino 476 gave them."""

from dataclasses import replace

import pytest

_QUERY = (
    "SELECT format_datetime(timestamp '2024-03-05 01:02:03', 'EEEE MMMM'), "
    "date_format(timestamp '2024-03-05 01:02:03', '%W %M'), format('%,d', 1234567), format('%,.2f', 1234.5), "
    "format_number(1234567)"
)


@pytest.mark.parametrize(
    ("locale", "row"),
    [
        ("en_US", '["Tuesday March","Tuesday March","1,234,567","1,234.50","1.23M"]'),
        ("de", '["Dienstag März","Dienstag März","1.234.567","1.234,50","1.23M"]'),
        ("fr_FR", '["mardi mars","mardi mars","1\u202f234\u202f567","1\u202f234,50","1.23M"]'),
        ("ja", '["火曜日 3月","火曜日 3月","1,234,567","1,234.50","1.23M"]'),
        ("tr", '["Salı Mart","Salı Mart","1.234.567","1.234,50","1.23M"]'),
        ("", '["Tue Mar","Tue Mar","1,234,567","1,234.50","1.23M"]'),
        ("xx_YY", '["Tuesday March","Tuesday March","1,234,567","1,234.50","1.23M"]'),
    ],
)
def test_names_and_marks(engine, locale, row):
    engine.session = replace(engine.session, locale=locale)
    assert engine.run(_QUERY).rows == [row]


def test_names_are_read_in_the_language_too(engine):
    engine.session = replace(engine.session, locale="de")
    query = "SELECT CAST(parse_datetime('5 März 2024', 'd MMMM yyyy') AS date), date_parse('Dezember 2023', '%M %Y')"
    assert engine.run(query).rows == ['["2024-03-05","2023-12-01 00:00:00.000"]']


def test_digits_need_no_language(engine):
    engine.session = replace(engine.session, locale="de")
    assert engine.run("SELECT format_datetime(timestamp '2024-03-05 01:02:03', 'yyyy-MM-dd')").rows == [
        '["2024-03-05"]'
    ]
