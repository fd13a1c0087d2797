"""Rules behind an HTTP address: a real server that answers, refuses, hangs up, or is not there."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest
from tests.fakes.scripted_http import DROP, Answer, answer, scripted

from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.security.opening import FileSecurity, FileSecurityConfig, catalog_security
from lodestar_server.plugins.toolkit.security.rules_file import RulesError
from lodestar_server.plugins.toolkit.security.rules_source import read_source
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import ConfigurationError
from lodestar_server.spi.properties import Duration
from lodestar_server.spi.session import Identity

ALICE = Identity("alice")


def test_what_a_server_answers_are_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # not asked
    with closing(scripted([answer(body=b'{"a": {"schemas": []}}')])) as server:
        reading = CatalogReading({"security.config-file": f"{server.url}/rules?of=me", "security.json-pointer": "/a"})
        found = catalog_security(reading, "file")
        reading.finish()
    assert [(one.method, one.target) for one in server.seen] == [("GET", "/rules?of=me")]
    with pytest.raises(LodestarError, match="Cannot drop schema s"):
        found.access(ALICE).check_can_drop_schema("s")


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (answer(404), "returned unexpected status code: '404'"),
        (answer(204), "returned unexpected status code: '204'"),
        (answer(body=b"{}", cut=1), "failed: 1 bytes are missing"),
        (DROP, "failed: Remote end closed connection without response"),
        (answer(body=b"{"), "not JSON"),
    ],
)
def test_every_other_answer_stops_the_start(answered: Answer, words: str) -> None:
    with closing(scripted([answered])) as server:
        reading = CatalogReading({"security.config-file": f"{server.url}/rules"})
        catalog_security(reading, "file")
        with pytest.raises(ConfigurationError, match=words) as raised:
            reading.finish()
    assert raised.value.faults[0][0] == "security.config-file"


def test_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(RulesError, match=f"Request to 'http://127.0.0.1:{port}/' failed: .*refused"):
        read_source(f"http://127.0.0.1:{port}/")


def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(RulesError, match="timed out"):
            read_source(f"http://127.0.0.1:{port}/", 0.05)


def test_who_waits_for_rules_takes_what_is_found_meanwhile() -> None:
    now, here, all_here = [0.0], set[int](), threading.Event()

    def clock() -> float:
        here.add(threading.get_ident())
        if len(here) == 4:  # this thread, and those that ask
            all_here.set()
        return now[0]

    def slowly(seen: object) -> Answer:
        assert all_here.wait(10)
        now[0] = 21.0
        return answer(503)

    faults: list[str] = []

    def ask() -> None:
        with pytest.raises(LodestarError) as raised:
            found.access(ALICE)
        faults.append(raised.value.message)

    with closing(scripted([answer(body=b"{}")])) as server:
        source = FileSecurityConfig(file=f"{server.url}/rules", refresh_period=Duration(10))
        found = FileSecurity(source, clock=clock)
        server.handle = slowly
        now[0] = 20.0
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert len(server.seen) == 2
    assert len(faults) == 3 and all("unexpected status code: '503'" in one for one in faults)
