"""What a server takes an engine for: the functions that make one, and what they are told of the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lodestar_server.config import CatalogFile, Configuration
from lodestar_server.spi.errors import PERMISSION_DENIED, LodestarError
from lodestar_server.spi.plugin import ConfigurationError
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    from lodestar_server.query.dispatch import AccessChecks
    from lodestar_server.query.pipeline import Pipeline


@frozen
class NodeContext:
    """What the engine may know of this node."""

    node_id: str
    environment: str
    version: str
    data_dir: Path


@frozen
class EngineParts:
    """What makes the engine; each is called once, on a thread, in this order.

    `make_catalogs(context, files)` creates the catalogs of `files` and raises `CatalogFaults` for those it cannot;
    `make_kernel(context, configuration)`; `make_pipeline(catalogs, kernel, configuration)`. `check_statement` raises
    LodestarError for a text that does not parse (prepared statements in headers), `check_path` for an SQL path that
    does not, `check_role(user, role)` for a system role that the user may not have. `access` are dispatch's checks.
    `close()` frees all of it, once no query runs.
    """

    make_catalogs: Callable[[NodeContext, Sequence[CatalogFile]], object]
    make_kernel: Callable[[NodeContext, Configuration], object]
    make_pipeline: Callable[[object, object, Configuration], Pipeline]
    check_statement: Callable[[str], None] = lambda text: None
    check_path: Callable[[str], None] = lambda text: None
    check_role: Callable[[str, str], None] = lambda user, role: _refuse_role(role)
    access: AccessChecks | None = None
    close: Callable[[], None] = lambda: None


class CatalogFaults(Exception):
    """Catalogs that cannot be created: (file, error) each; `unknown` are those whose connector is not installed."""

    def __init__(
        self, faulty: Sequence[tuple[CatalogFile, ConfigurationError]], unknown: Sequence[CatalogFile] = ()
    ) -> None:
        super().__init__(", ".join(file.name for file, _ in faulty) or ", ".join(file.name for file in unknown))
        self.faulty = tuple(faulty)
        self.unknown = tuple(unknown)


def _refuse_role(role: str) -> None:
    """Without roles nobody may have one."""
    raise LodestarError(PERMISSION_DENIED, f"Access Denied: Cannot set role {role}")
