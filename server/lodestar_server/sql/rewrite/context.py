"""What rewriting may ask."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.metadata.facade import Metadata
from lodestar_server.session import Session
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.spi.errors import CATALOG_NOT_FOUND, Location, LodestarError
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.environment import Analysis


@frozen
class RewriteContext:
    """The statement's session and metadata. `new_analysis` gives a state in which parameters have no values yet."""

    session: Session
    metadata: Metadata
    system_properties: SystemProperties
    new_analysis: Callable[[], Analysis]

    @property
    def omit_datetime_precision(self) -> bool:
        """The session property that makes DESCRIBE write `timestamp` for `timestamp(3)`."""
        return bool(self.system_properties.value(self.session, "omit_datetime_type_precision"))

    def require_catalog(self, catalog: str, at: Location) -> None:
        """Raises: CATALOG_NOT_FOUND."""
        if self.metadata.find_catalog(catalog) is None:
            raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{catalog}' not found", location=at)
