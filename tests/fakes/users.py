"""Several users of one engine, each with a session of his own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lodestar_server.session import Session
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.session import Identity
from tests.fakes.sink import LocalEngine


class Users:
    """Sessions of several users of one engine."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._sessions: dict[str, Session] = {}

    def run(self, user: str, sql: str) -> list[str]:
        """The rows of a statement."""
        first = replace(self._engine.session, identity=Identity(user), original_identity=Identity(user), roles={})
        self._engine.session = self._sessions.get(user, first)
        try:
            return self._engine.run(sql).rows
        finally:
            self._sessions[user] = self._engine.session

    def refusal(self, user: str, sql: str) -> str:
        """The words with which a statement is refused."""
        with pytest.raises(LodestarError) as raised:
            self.run(user, sql)
        assert raised.value.code.name == "PERMISSION_DENIED"
        return raised.value.message.removeprefix("Access Denied: ")
