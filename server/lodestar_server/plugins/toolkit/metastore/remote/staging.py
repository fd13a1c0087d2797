"""Directories that a write over a remote metastore fills, removed when it ends."""

from __future__ import annotations

import uuid

from lodestar_server.plugins.toolkit.files import FileSystem


class RemoteStaging:
    """A `Staging`."""

    def __init__(self, files: FileSystem) -> None:
        self.name = uuid.uuid4().hex
        self._files = files
        self._directories: list[str] = []
        self._numbers = 0

    def number(self) -> int:
        """A number that was not given before."""
        self._numbers += 1
        return self._numbers

    def add(self, directory: str) -> None:
        """Once is enough."""
        if directory not in self._directories:
            self._directories.append(directory)

    def close(self) -> None:
        """Remove what is left."""
        for directory in self._directories:
            self._files.delete_tree(directory)
        self._directories = []
