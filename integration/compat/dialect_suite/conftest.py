"""SQLAlchemy's plugin for pytest, with this dialect."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import registry

registry.register("lodestar", "sqlalchemy_lodestar.dialect", "LodestarDialect")
registry.register("lodestar.asyncio", "sqlalchemy_lodestar.dialect", "LodestarAsyncDialect")
pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402, F403
