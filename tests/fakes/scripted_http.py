"""An HTTP server that answers from a script, and one that stands between a client and a real server and breaks things.

Both speak real HTTP over real sockets, one thread per connection.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """A request that arrived. Header names are in lower case."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def values(self, name):
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True)
class Answer:
    """What goes back: raw bytes, and whether the connection stays open. `cut` drops so many bytes of the end."""

    data: bytes
    keep: bool = True


DROP = Answer(b"", keep=False)
"""Close without a word."""


def answer(status=200, body=b"", headers=(), *, cut=0, keep=True):
    """An answer with a length."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return Answer(data[: len(data) - cut], keep and not cut)


def document(body, status=200, headers=(), **named):
    """A JSON answer."""
    return answer(status, json.dumps(body).encode(), [("Content-Type", "application/json"), *headers], **named)


@dataclass
class RawServer:
    """Listens on loopback; `handle` turns each request into an answer."""

    handle: Callable[[Seen], Answer]
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None

    def __post_init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        # Closing alone does not wake a thread that waits in accept().
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while (seen := _read_request(stream)) is not None:
                    with self._lock:
                        self.seen.append(seen)
                    found = self.handle(seen)
                    connection.sendall(found.data)
                    if not found.keep:
                        return
        except OSError:
            pass
        finally:
            connection.close()


def _read_request(stream):
    line = stream.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name.strip().lower(), value.strip()))
    length = int(next((value for name, value in headers if name == "content-length"), "0"))
    return Seen(method, target, headers, stream.read(length))


def scripted(answers: Iterable[Answer]) -> RawServer:
    """A server that gives these answers in order, then closes connections."""
    left = iter(answers)
    return RawServer(lambda seen: next(left, DROP))


def tunnel(seen: list[bytes]) -> int:
    """A proxy for CONNECT; `seen` gets the heads of requests. Returns its port; it serves one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener:
            inner, _ = listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += inner.recv(4096)
        seen.append(head)
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        outer = socket.create_connection((host, int(port)))
        inner.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threads = [threading.Thread(target=_pump, args=pair, daemon=True) for pair in ((inner, outer), (outer, inner))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        inner.close()
        outer.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def _pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def relay(port, fault: Callable[[Seen, int], str | None]) -> RawServer:
    """A server before the one at `port`. `fault(request, number)` says what goes wrong, None for nothing:

    `refuse` (503, nothing forwarded), `drop` (nothing forwarded), `lose` (forwarded, the answer is lost),
    `cut` (the answer ends in the middle), `gateway` (502, forwarded).
    """
    numbers = iter(range(1 << 30))
    lock = threading.Lock()

    def handle(seen):
        with lock:
            number = next(numbers)
        what = fault(seen, number)
        if what == "refuse":
            return answer(503, b"busy")
        if what == "drop":
            return DROP
        status, headers, body = _forward(port, seen)
        if what == "lose":
            return DROP
        if what == "gateway":
            return answer(502, b"<html>bad gateway</html>")
        kept = [(name, value) for name, value in headers if name.lower() not in ("content-length", "connection")]
        return answer(status, body, kept, cut=max(1, len(body) // 2) if what == "cut" and body else 0)

    return RawServer(handle)


def _forward(port, seen):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(seen.method, seen.target, skip_host=True, skip_accept_encoding=True)
        for name, value in seen.headers:
            connection.putheader(name, value)
        connection.endheaders(seen.body or None)
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()
