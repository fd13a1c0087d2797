"""Clients that send slowly or not at all: their connections end in time, the others notice nothing."""

from __future__ import annotations

import select
import socket
import time
from urllib.parse import urlsplit

from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Statements

HEADER_SECONDS = 3
"""What the server under test allows for the head of a request (see run.py)."""
COUNT = 200
_BEGINNINGS = (
    b"",
    b"POST /v1/statement HTTP/1.1\r\nHost: x\r\nX-Trino-Us",
    b"POST /v1/statement HTTP/1.1\r\nHost: x\r\nX-Trino-User: u\r\nContent-Length: 100\r\n\r\nSELECT",
    b"GET /v1/info HTTP/1.1\r\n",
)


def check_slow_sockets(url: str) -> str:
    """Raises: Failed."""
    place = urlsplit(url)
    sockets = []
    for number in range(COUNT):
        opened = socket.create_connection((str(place.hostname), place.port or 80), timeout=10)
        opened.sendall(_BEGINNINGS[number % len(_BEGINNINGS)])
        opened.setblocking(False)
        sockets.append(opened)
    started = time.monotonic()
    longest_answer = 0.0
    statements = Statements(url, timeout=10)
    open_ones = set(sockets)
    while open_ones and time.monotonic() - started < HEADER_SECONDS * 6:
        before = time.monotonic()
        outcome = statements.run("SELECT 1")
        longest_answer = max(longest_answer, time.monotonic() - before)
        if outcome.rows != [[1]]:
            raise Failed(f"another client got {outcome}")
        readable, _, _ = select.select(list(open_ones), [], [], 0.2)
        for one in readable:
            try:
                ended = one.recv(65536) == b""
            except OSError:
                ended = True
            if ended:
                open_ones.discard(one)
                one.close()
        for one in list(open_ones):
            try:
                one.send(b"e")
            except OSError:
                open_ones.discard(one)
    seconds = time.monotonic() - started
    for one in sockets:
        one.close()
    if open_ones:
        raise Failed(f"{len(open_ones)} of {COUNT} slow connections are still open after {seconds:.0f} s")
    return f"{COUNT} slow connections ended within {seconds:.1f} s; longest SELECT 1 beside them {longest_answer:.2f} s"
