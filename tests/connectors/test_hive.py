"""The suite over the hive connector, once per format that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from tests.connectors.behaviours import Behaviour, Keeps
from tests.connectors.suite import ConnectorSuite
from tests.fakes.harness import Harness
from tests.fakes.hive import hive


class TestHiveParquet(ConnectorSuite):
    supports: ClassVar = frozenset(
        {
            Behaviour.CREATE_SCHEMA,
            Behaviour.DROP_SCHEMA,
            Behaviour.RENAME_SCHEMA,
            Behaviour.CREATE_TABLE,
            Behaviour.CREATE_TABLE_WITH_DATA,
            Behaviour.DROP_TABLE,
            Behaviour.RENAME_TABLE,
            Behaviour.COMMENT_ON_TABLE,
            Behaviour.COMMENT_ON_COLUMN,
            Behaviour.ADD_COLUMN,
            Behaviour.DROP_COLUMN,
            Behaviour.RENAME_COLUMN,
            Behaviour.INSERT,
            Behaviour.CREATE_VIEW,
            Behaviour.RENAME_VIEW,
            Behaviour.ANALYZE,
        }
    )
    keeps: ClassVar = frozenset({Keeps.ROWS, Keeps.TABLE_COMMENTS})
    properties: ClassVar[dict[str, Any]] = {"format": "PARQUET"}

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        made = hive(tmp_path)
        yield made
        made.connector.shutdown()


class TestHiveOrc(TestHiveParquet):
    properties: ClassVar[dict[str, Any]] = {"format": "ORC"}
