"""The tables of what the compliance suite may ask."""

from __future__ import annotations

import re

import pytest
import sqlalchemy
from sqlalchemy.testing.requirements import SuiteRequirements

from sqlalchemy_lodestar.requirements import (
    CLOSED,
    EXCLUDED_TESTS,
    EXCLUDED_WITHOUT_UPDATES,
    OPEN,
    Requirements,
    find_exclusion,
)


def test_nothing_is_open_and_closed():
    assert not set(OPEN) & set(CLOSED)
    assert len(set(OPEN)) == len(OPEN)


@pytest.mark.skipif(sqlalchemy.__version__.startswith("2.0."), reason="the tables are those of SQLAlchemy 2.1")
def test_every_name_is_a_requirement_of_the_suite():
    assert [name for name in (*OPEN, *CLOSED) if not hasattr(SuiteRequirements, name)] == []


def test_requirements_say_what_the_tables_say():
    asked = Requirements()
    assert all(getattr(asked, name).enabled for name in OPEN)
    assert not any(getattr(asked, name).enabled for name in CLOSED)


@pytest.mark.parametrize(
    ("name", "modifies", "excluded"),
    [
        ("UnicodeSchemaTest::test_reflect", True, True),
        ("UnicodeSchemaTest::test_insert", True, False),
        ("PercentSchemaNamesTest::test_single_roundtrip", False, True),
        ("PercentSchemaNamesTest::test_single_roundtrip", True, False),
    ],
)
def test_excluded_tests(name, modifies, excluded):
    assert (find_exclusion(name, modifies) is not None) is excluded


def test_patterns_are_patterns():
    for pattern in (*EXCLUDED_TESTS, *EXCLUDED_WITHOUT_UPDATES):
        re.compile(pattern)
