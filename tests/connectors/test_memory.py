"""The suite over the memory connector."""

from __future__ import annotations

from typing import ClassVar

import pytest
from tests.connectors.behaviours import Behaviour, Keeps
from tests.connectors.suite import ConnectorSuite
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.memory.config import MemoryConfig
from lodestar_server.plugins.connectors.memory.connector import MemoryConnector


class TestMemory(ConnectorSuite):
    supports: ClassVar = frozenset(Behaviour) - {
        Behaviour.REPLACE_TABLE,
        Behaviour.SET_PROPERTIES,
        Behaviour.DROP_COLUMN,
        Behaviour.SET_COLUMN_TYPE,
        Behaviour.ADD_FIELD,
        Behaviour.CREATE_MATERIALIZED_VIEW,
        Behaviour.VERSIONS,
        Behaviour.ANALYZE,
    }
    keeps: ClassVar = frozenset(Keeps)
    views_are_tables: ClassVar = True

    @pytest.fixture
    def harness(self) -> Harness:
        return Harness(MemoryConnector(MemoryConfig()))
