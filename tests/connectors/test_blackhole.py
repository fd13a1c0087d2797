"""The suite over the blackhole connector."""

from __future__ import annotations

from typing import ClassVar

import pytest
from tests.connectors.behaviours import Behaviour
from tests.connectors.suite import ConnectorSuite
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.blackhole.connector import BlackholeConnector


class TestBlackhole(ConnectorSuite):
    supports: ClassVar = frozenset(
        {
            Behaviour.CREATE_SCHEMA,
            Behaviour.CREATE_TABLE,
            Behaviour.CREATE_TABLE_WITH_DATA,
            Behaviour.REPLACE_TABLE,
            Behaviour.DROP_TABLE,
            Behaviour.TRUNCATE,
            Behaviour.RENAME_TABLE,
            Behaviour.ADD_COLUMN,
            Behaviour.DROP_COLUMN,
            Behaviour.RENAME_COLUMN,
            Behaviour.SET_COLUMN_TYPE,
            Behaviour.INSERT,
            Behaviour.CREATE_VIEW,
            Behaviour.ANALYZE,
        }
    )

    @pytest.fixture
    def harness(self) -> Harness:
        return Harness(BlackholeConnector())
