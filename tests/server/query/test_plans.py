"""Rules that a session switches off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.plan.optimizer.optimizer import RULES
from lodestar_server.spi.errors import LodestarError

QUERY = "SELECT name FROM tpch.tiny.nation WHERE regionkey = 1 AND name > 'B' ORDER BY 1 LIMIT 3"


def _with_disabled(engine: LocalEngine, names: str) -> LocalEngine:
    engine.session = replace(engine.session, system_properties={"disabled_optimizer_rules": names})
    return engine


@pytest.mark.parametrize("names", [rule.name for rule in RULES] + [", ".join(rule.name for rule in RULES)])
def test_a_rule_changes_no_rows(engine: LocalEngine, names: str) -> None:
    assert _with_disabled(engine, names).run(QUERY).rows == ['["BRAZIL"]', '["CANADA"]', '["PERU"]']


def test_a_rule_that_is_not_there_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(LodestarError, match="There is no optimizer rule 'nosuch'"):
        _with_disabled(engine, "nosuch").run(QUERY)
