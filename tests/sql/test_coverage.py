"""Every function of the catalogue is called by some script."""

from __future__ import annotations

import re

from lodestar_server.functions.registry import list_entries
from tests.sql.script import read_script
from tests.sql.test_scripts import SCRIPTS

NOT_CALLED = {
    "$at_timezone": "the operator AT TIME ZONE",
    "$bucket": "called by the name that a catalog has for it",
    "current_date": "written without parentheses",
    "table_changes": "a table function of Iceberg tables",
}


def _called() -> set[str]:
    texts = (step.sql for path in SCRIPTS for step in read_script(path))
    return {name.lower() for text in texts for name in re.findall(r'(\w+)"?\s*\(', text)}


def test_every_function_is_called() -> None:
    names = {entry.name.lower() for entry in list_entries()}
    assert sorted(names - _called() - NOT_CALLED.keys()) == []


def test_a_reason_is_given_only_where_one_is_needed() -> None:
    called = _called()
    assert [name for name in NOT_CALLED if name in called] == []
