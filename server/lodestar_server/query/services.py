"""What the statements of one server share."""

from __future__ import annotations

from typing import Protocol

from lodestar_server.execution.kernel.engine import Kernel
from lodestar_server.metadata.base import MetadataServices
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.values import frozen


class ImpersonationCheck(Protocol):
    """The part of access control that SET SESSION AUTHORIZATION asks."""

    def check_can_impersonate(self, authenticated: str, user: str) -> None:
        """Raises: LodestarError(PERMISSION_DENIED)."""
        ...


@frozen
class EngineServices:
    """See the module."""

    metadata: MetadataServices
    kernel: Kernel
    system_properties: SystemProperties
    access: ImpersonationCheck
    node_version: str
