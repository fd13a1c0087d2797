"""Azurite: Microsoft's emulator of Azure Blob Storage, from npm."""

from __future__ import annotations

import base64
import os
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from integration.services.certificates import Certificates
from integration.toolbox.node import node_packages, require_node
from integration.toolbox.process import Process, free_port

PACKAGE = "azurite@3.35.0"


class Azurite:
    """`endpoint` is for `azure.endpoint`; `key` belongs to `account`. Raises: Skip when it cannot be had.

    With certificates it listens with TLS and takes tokens, whoever has given them, beside its key.
    """

    def __init__(self, account: str = "lakehouse", certificates: Certificates | None = None) -> None:
        self.account = account
        self.key = base64.b64encode(os.urandom(64)).decode()
        self.port = free_port()
        self.endpoint = f"{'http' if certificates is None else 'https'}://127.0.0.1:{self.port}"
        self._trusted = None if certificates is None else str(certificates.authority)
        self._directory = tempfile.TemporaryDirectory(prefix="azurite-", ignore_cleanup_errors=True)
        directory = Path(self._directory.name)
        home = node_packages(PACKAGE, name="azurite")
        program = home / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
        options = ["--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--location", str(directory / "data")]
        if certificates is not None:
            options += ["--oauth", "basic", "--cert", str(certificates.certificate), "--key", str(certificates.key)]
        self.process = Process(
            [require_node(), program, *options, "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
            log=directory / "azurite.log",
            environment={"AZURITE_ACCOUNTS": f"{account}:{self.key}"},
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        try:
            self.process.wait_ready(self._listens, 60)
        except BaseException:
            self.process.stop()
            raise
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def location(self, container: str) -> str:
        """As a user of the real service writes it."""
        return f"abfss://{container}@{self.account}.dfs.core.windows.net"

    def make_container(self, name: str) -> None:
        """Empty."""
        from azure.core.credentials import AzureNamedKeyCredential
        from azure.storage.blob import ContainerClient

        credential = AzureNamedKeyCredential(self.account, self.key)
        address = f"{self.endpoint}/{self.account}"
        trusted = self._trusted or True
        with ContainerClient(address, name, credential=credential, connection_verify=trusted) as client:
            client.create_container()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()
