"""Writing an object as a file: parts go out while the next one is filled; the object appears at the end, whole."""

from __future__ import annotations

import io
from typing import Any

from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.plugins.toolkit.stores.objects import ObjectStore, Upload


class ObjectOutput(io.RawIOBase):
    """One writer's file. Small ones are one request at the end. `abandon` leaves nothing behind."""

    def __init__(self, store: ObjectStore, key: str, name: str) -> None:
        self._store = store
        self._key = key
        self.name = name
        self._filled = bytearray()
        self._sent = 0
        self._upload: Upload | None = None
        self._failed = False

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Bytes written."""
        return self._sent + len(self._filled)

    def write(self, data: Any, /) -> int:
        """All of it. Raises: StoreError; after that nothing can be written."""
        if self.closed or self._failed:
            raise ValueError("I/O operation on closed file")
        view = memoryview(data).cast("B")
        length = len(view)
        part_size = self._store.part_size
        while len(self._filled) + len(view) > part_size:
            taken = part_size - len(self._filled)
            self._filled += view[:taken]
            view = view[taken:]
            self._send()
        self._filled += view
        return length

    def _send(self) -> None:
        part, self._filled = self._filled, bytearray()
        self._sent += len(part)
        try:
            if self._upload is None:
                self._upload = LOOP.run(self._store.open_upload(self._key))
            LOOP.run(self._upload.write(memoryview(part)))
        except BaseException:
            self.abandon()
            raise

    def close(self) -> None:
        """Make the object. Raises: StoreError; then there is none."""
        if self.closed:
            return
        if self._failed:
            super().close()
            return
        try:
            if self._upload is None:
                LOOP.run(self._store.put(self._key, bytes(self._filled)))
            else:
                if self._filled:
                    LOOP.run(self._upload.write(memoryview(self._filled)))
                LOOP.run(self._upload.complete())
        except BaseException:
            self.abandon()
            raise
        self._sent += len(self._filled)
        self._filled = bytearray()
        super().close()

    def abandon(self) -> None:
        """Throw away what was written; may be called at any time, also after a failure."""
        if self.closed:
            return
        self._failed = True
        upload, self._upload = self._upload, None
        if upload is not None:
            LOOP.run(upload.abort())
        super().close()

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if kind is not None:
            self.abandon()
        self.close()

    def __del__(self) -> None:
        # Forgotten before its end: an object that is not whole must not appear.
        self._failed = True
