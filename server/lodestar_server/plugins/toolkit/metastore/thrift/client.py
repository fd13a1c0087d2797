"""Connections to a Hive Metastore: kept, replaced when they break, and made to the first metastore that answers.

A call that only reads is repeated when its connection breaks. A call that changes something is repeated only when the
metastore says that it has not happened: `change` is given a question for that.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.interface import OutcomeUnknown
from lodestar_server.plugins.toolkit.metastore.thrift.addresses import Address, Addresses
from lodestar_server.plugins.toolkit.metastore.thrift.config import ThriftConfig
from lodestar_server.plugins.toolkit.metastore.thrift.socks import connect_through
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.spi.errors import LodestarError

IDLE_SECONDS = 60.0
"""Connections that nobody has used for so long are not used again: something between may have forgotten them."""

Call = Callable[[Any], Any]


def calling(method: str, *arguments: Any) -> Call:
    """A call by its name."""
    return lambda calls: getattr(calls, method)(*arguments)


class _Unreachable(Exception):
    """No metastore took the connection; nothing was sent."""


class _Lost(Exception):
    """The connection broke while a call was under way."""


class _Connection:
    def __init__(self, address: Address, config: ThriftConfig) -> None:
        from thriftpy2.protocol import TCyBinaryProtocol
        from thriftpy2.thrift import TClient
        from thriftpy2.transport import TCyBufferedTransport, TCyFramedTransport, TSocket

        self.address = address
        self._socket = _connected(address, config)
        wrap = TCyFramedTransport if config.framed else TCyBufferedTransport
        protocol: Any = TCyBinaryProtocol
        transport: Any = TSocket
        self.calls = TClient(structs().ThriftHiveMetastore, protocol(wrap(transport(sock=self._socket))))
        self.used = time.monotonic()

    @property
    def sound(self) -> bool:
        """Nothing has arrived that nobody asked for: an end is readable too."""
        if time.monotonic() - self.used > IDLE_SECONDS:
            return False
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._socket.close()


def _connected(address: Address, config: ThriftConfig) -> socket.socket:
    proxy = config.proxy_address
    if proxy is None:
        made = socket.create_connection(address, timeout=config.connect_timeout)
    else:
        made = connect_through(proxy, address, config.connect_timeout)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if config.tls:
            context = ssl.create_default_context(cafile=config.tls_trust)
            if config.tls_key is not None:
                context.load_cert_chain(config.tls_key, password=config.tls_key_password)
            made = context.wrap_socket(made, server_hostname=address[0])
        made.settimeout(config.read_timeout)
        return made
    except BaseException:
        made.close()
        raise


class ThriftClient:
    """Thread-safe."""

    def __init__(self, config: ThriftConfig, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._config = config
        self._addresses = Addresses(config.addresses)
        self._sleep = sleep
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()

    def read(self, call: Call) -> Any:
        """What the call finds; exceptions of the metastore pass. Raises: HIVE_METASTORE_ERROR."""
        return self._repeated(call, None)

    def change(self, call: Call, happened: Callable[[], bool]) -> None:
        """Make a change once. `happened`: whether it is there, asked after a connection was lost in the call.

        Exceptions of the metastore pass. Raises: HIVE_METASTORE_ERROR, OutcomeUnknown.
        """
        self._repeated(call, happened)

    def _repeated(self, call: Call, happened: Callable[[], bool] | None) -> Any:
        config = self._config
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._connection() as connection:
                    return call(connection.calls)
            except _Unreachable as fault:
                last: LodestarError = LodestarError(HIVE_METASTORE_ERROR, str(fault))
            except _Lost as fault:
                last = LodestarError(HIVE_METASTORE_ERROR, str(fault))
                if happened is not None and self._asked(happened, last):
                    return None
            over = time.monotonic() - started >= config.max_retry_time
            if attempt > config.max_retries or over:
                raise last
            pause = config.min_backoff_delay * config.backoff_scale_factor ** (attempt - 1)
            self._sleep(min(pause, config.max_backoff_delay))

    def _asked(self, happened: Callable[[], bool], lost: LodestarError) -> bool:
        try:
            return happened()
        except LodestarError as fault:
            raise OutcomeUnknown(
                HIVE_METASTORE_ERROR,
                f"{lost.message}; whether the change was made is not known, nothing was removed: {fault.message}",
            ) from fault

    @contextmanager
    def _connection(self) -> Iterator[_Connection]:
        from thriftpy2.protocol.exc import TProtocolException
        from thriftpy2.thrift import TException

        connection = self._idle_connection() or self._new_connection()
        try:
            yield connection
        except (OSError, EOFError, TProtocolException) as fault:
            self._broken(connection, fault)
        except TException as fault:
            if _is_transport(fault):
                self._broken(connection, fault)
            self._give_back(connection)
            raise
        except BaseException:
            connection.close()
            raise
        else:
            self._give_back(connection)

    def _broken(self, connection: _Connection, fault: Exception) -> None:
        connection.close()
        self._addresses.fails(connection.address)
        host, port = connection.address
        raise _Lost(f"Lost the connection to Hive metastore {host}:{port}: {_shown(fault)}") from fault

    def _idle_connection(self) -> _Connection | None:
        preferred = self._addresses.ordered()[0]
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.address == preferred and connection.sound:
                return connection
            connection.close()

    def _new_connection(self) -> _Connection:
        from thriftpy2.thrift import TException

        addresses = self._addresses.ordered()
        last: Exception | None = None
        for address in addresses:
            try:
                connection = _Connection(address, self._config)
                if self._config.username:
                    connection.calls.set_ugi(self._config.username, [])
                return connection
            except (OSError, TException) as fault:
                self._addresses.fails(address)
                last = fault
        shown = ", ".join(f"{host}:{port}" for host, port in addresses)
        raise _Unreachable(f"Failed connecting to Hive metastore: [{shown}]") from last

    def _give_back(self, connection: _Connection) -> None:
        self._addresses.works(connection.address)
        connection.used = time.monotonic()
        with self._lock:
            if len(self._idle) < self._config.max_idle_connections:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Idle connections go."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _is_transport(fault: Exception) -> bool:
    from thriftpy2.transport import TTransportException

    return isinstance(fault, TTransportException)


def _shown(fault: Exception) -> str:
    return str(getattr(fault, "message", None) or fault) or type(fault).__name__
