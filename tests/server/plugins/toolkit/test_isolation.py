"""Isolation levels."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.toolkit.isolation import LEVELS, check_isolation
from lodestar_server.spi.errors import LodestarError


@pytest.mark.parametrize("requested", LEVELS)
def test_levels(requested: str) -> None:
    check_isolation("SERIALIZABLE", requested)
    if requested == "READ UNCOMMITTED":
        check_isolation("READ UNCOMMITTED", requested)
        return
    with pytest.raises(LodestarError) as caught:
        check_isolation("READ UNCOMMITTED", requested)
    assert caught.value.code.name == "UNSUPPORTED_ISOLATION_LEVEL"
    assert caught.value.message == (
        f"Connector supported isolation level READ UNCOMMITTED does not meet requested isolation level {requested}"
    )
