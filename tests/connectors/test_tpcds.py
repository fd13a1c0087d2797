"""The suite over the tpcds connector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from tests.connectors.suite import ConnectorSuite
from tests.fakes.harness import Harness

from lodestar_server.plugins.connectors.tpcds.config import TpcdsConfig
from lodestar_server.plugins.connectors.tpcds.connector import TpcdsConnector


class TestTpcds(ConnectorSuite):
    supports: ClassVar = frozenset()
    schema: ClassVar = "tiny"
    existing: ClassVar = ("tiny", "store")

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        connector = TpcdsConnector(TpcdsConfig(), tmp_path)
        yield Harness(connector)
        connector.shutdown()
