"""A plugin that skips the tests which `sqlalchemy_lodestar.requirements` names.

A plugin of its own, because SQLAlchemy's has a hook of the same name.
"""

from __future__ import annotations

import re

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    from sqlalchemy.testing import config

    from sqlalchemy_lodestar.requirements import find_exclusion, modifies_rows

    modifies = modifies_rows(config.db)
    for item in items:
        # "test_suite.py::JSONTest_lodestar+http_476::test_x[a]" is JSONTest::test_x[a]
        name = re.sub(r"_lodestar\+\w+(?=::)", "", item.nodeid).partition("::")[2]
        reason = find_exclusion(name, modifies)
        if reason is not None:
            item.add_marker(pytest.mark.skip(reason=reason))
