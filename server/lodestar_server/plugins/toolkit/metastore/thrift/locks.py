"""The locks of a Hive Metastore, for changes that must not meet another one."""

from __future__ import annotations

import getpass
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_TABLE_LOCK_NOT_ACQUIRED
from lodestar_server.plugins.toolkit.metastore.thrift.client import Call, ThriftClient
from lodestar_server.plugins.toolkit.metastore.thrift.refusals import text_of
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.plugins.toolkit.processes import has_ended, this_process
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

_SHORTEST_WAIT = 0.02
_LONGEST_WAIT = 1.0
_AGENT = "lodestar"
_LONGEST_AGENT = 128
"""Characters that the metastore's database has for it."""


@contextmanager
def exclusively(
    client: ThriftClient,
    database: str,
    name: SchemaTableName,
    max_wait: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the exclusive lock of a table. `max_wait`: seconds. Raises: HIVE_TABLE_LOCK_NOT_ACQUIRED."""
    api = structs()
    component = api.LockComponent(
        type=api.LockType.EXCLUSIVE,
        level=api.LockLevel.TABLE,
        dbname=database,
        tablename=name.table,
        operationType=api.DataOperationType.NO_TXN,
        isTransactional=False,
    )
    request = api.LockRequest(component=[component], user=_user(), hostname=socket.gethostname(), agentInfo=_agent())
    answer = _asked(client, name, lambda calls: calls.lock(request))
    lock = answer.lockid
    try:
        deadline = time.monotonic() + max_wait
        wait = _SHORTEST_WAIT
        while answer.state == api.LockState.WAITING:
            if time.monotonic() > deadline:
                raise _not_acquired(name, f"timed out after {max_wait:g} s")
            _free_of_the_dead(client, database, name)
            sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
            answer = _asked(client, name, lambda calls: calls.check_lock(api.CheckLockRequest(lockid=lock)))
        if answer.state != api.LockState.ACQUIRED:
            raise _not_acquired(name, "the metastore gave it up")
        yield
    finally:
        _release(client, lock)


def _free_of_the_dead(client: ThriftClient, database: str, name: SchemaTableName) -> None:
    """Give back locks of servers of ours that have ended; those of other machines end by the metastore's timeout."""
    request = structs().ShowLocksRequest(dbname=database, tablename=name.table)
    answer = _asked(client, name, lambda calls: calls.show_locks(request))
    for one in answer.locks or ():
        agent, _, process = (one.agentInfo or "").partition(" ")
        if agent == _AGENT and has_ended(process):
            _release(client, one.lockid)


def _agent() -> str:
    return f"{_AGENT} {this_process()}"[:_LONGEST_AGENT]


def _asked(client: ThriftClient, name: SchemaTableName, call: Call) -> Any:
    from thriftpy2.thrift import TException

    try:
        return client.read(call)
    except TException as fault:
        raise _not_acquired(name, text_of(fault)) from fault


def _release(client: ThriftClient, lock: int) -> None:
    from thriftpy2.thrift import TException

    try:
        client.read(lambda calls: calls.unlock(structs().UnlockRequest(lock)))
    except (TException, LodestarError):
        # A lock whose owner is silent is given up by the metastore after a while.
        return


def _not_acquired(name: SchemaTableName, why: str) -> LodestarError:
    return LodestarError(HIVE_TABLE_LOCK_NOT_ACQUIRED, f"Failed to acquire lock on table {name}: {why}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "lodestar"
