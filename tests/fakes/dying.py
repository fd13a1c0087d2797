"""A process that dies at one of its calls: nothing that it does afterwards has an effect."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class Killed(BaseException):
    """No handler of an error sees the end of a process."""


class Life:
    """Dies at a call, counted from one, before or after its effect; `calls` says how many there were."""

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self._at = at
        self._after = after
        self.calls = 0

    def __call__(self, call: Any, *arguments: Any, **options: Any) -> Any:
        self.calls += 1
        if self._at and (self.calls > self._at or (self.calls == self._at and not self._after)):
            raise Killed
        found = call(*arguments, **options)
        if self.calls == self._at:
            raise Killed
        return found


class Mortal:
    """Whatever `inner` is, whose methods named by `changes` end with a life."""

    def __init__(self, inner: Any, life: Life, changes: Collection[str]) -> None:
        self._inner = inner
        self._life = life
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._changes:
            return found
        return lambda *arguments, **options: self._life(found, *arguments, **options)


FILE_CHANGES = frozenset(["write", "write_new", "rename", "delete_file", "delete_tree", "make_directory"])
REGISTRY_CHANGES = frozenset(
    [
        *("create_table", "alter_table", "drop_table", "add_partitions", "alter_partitions", "drop_partitions"),
        *("put_table_figures", "put_partition_figures"),
    ]
)
