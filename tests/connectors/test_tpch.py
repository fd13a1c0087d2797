"""The suite over the tpch connector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from tests.connectors.behaviours import Behaviour
from tests.connectors.suite import ConnectorSuite
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.tpch.config import TpchConfig
from lodestar_server.plugins.connectors.tpch.connector import TpchConnector


class TestTpch(ConnectorSuite):
    supports: ClassVar = frozenset({Behaviour.ANALYZE})
    schema: ClassVar = "tiny"
    existing: ClassVar = ("tiny", "nation")

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        connector = TpchConnector(TpchConfig(), tmp_path)
        yield Harness(connector)
        connector.shutdown()
