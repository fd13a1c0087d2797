"""A relay before a Thrift service: counts the calls by name, and loses answers when it is told to."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

_CALL = re.compile(rb"\x80\x01\x00\x01\x00\x00\x00[\x01-\x7f]([a-z_]+)")
"""How a message of the strict binary protocol begins."""


class ThriftProxy:
    """`with ThriftProxy(port) as proxy: proxy.uri, proxy.calls`. For clients that do not frame messages."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.uri = f"thrift://127.0.0.1:{self.port}"
        self.calls: Counter[str] = Counter()
        self.passing: Callable[[str], None] | None = None
        """Called with the name of a call before the service gets it."""
        self._lost: Counter[str] = Counter()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def lose_answer(self, call: str, times: int = 1) -> None:
        """The service gets the next calls of this name; the client gets an end instead of the answer."""
        with self._lock:
            self._lost[call] += times

    @property
    def total(self) -> int:
        """Calls so far."""
        return self.calls.total()

    def forget(self) -> None:
        """Count from zero."""
        self.calls.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            loses = threading.Event()
            threading.Thread(target=self._requests, args=(client, server, loses), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client, loses), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket, loses: threading.Event) -> None:
        while data := _received(client):
            for name in _CALL.findall(data):
                call = name.decode()
                with self._lock:
                    self.calls[call] += 1
                    if self._lost[call] > 0:
                        self._lost[call] -= 1
                        loses.set()
                if self.passing is not None:
                    self.passing(call)
            try:
                server.sendall(data)
            except OSError:
                break
        _end(server)
        client.close()

    def _answers(self, server: socket.socket, client: socket.socket, loses: threading.Event) -> None:
        while data := _received(server):
            if loses.is_set():
                break
            try:
                client.sendall(data)
            except OSError:
                break
        _end(client)
        server.close()

    def cut(self) -> None:
        """Connections end; new ones are taken."""
        with self._lock:
            cut, self._open = self._open, set()
        for one in cut:
            _end(one)

    def close(self) -> None:
        """Nobody is answered any more."""
        _end(self._listener)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
