"""What every part of the metadata facade stands on: a statement's session and transaction, and catalogs in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace

from lodestar_server.metadata.access import AccessFilter, AllowAll, Reader
from lodestar_server.metadata.catalogs import Catalog, CatalogManager
from lodestar_server.metadata.computed import EngineTable
from lodestar_server.metadata.runtime_source import IdleRuntime, RuntimeSource
from lodestar_server.metadata.session_properties import decode_session_properties
from lodestar_server.metadata.transactions import CatalogTransaction, Transaction, TransactionManager
from lodestar_server.session import Session
from lodestar_server.spi.errors import CATALOG_NOT_FOUND, PERMISSION_DENIED, LodestarError
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.security import (
    ACCESS_DENIED,
    ALLOW_ALL,
    ConnectorAccessControl,
    Hidden,
    RoleKind,
    access_denied,
)
from lodestar_server.spi.session import ConnectorSession, Identity
from lodestar_server.spi.values import frozen


@frozen
class MetadataServices:
    """What the metadata of all statements share."""

    catalogs: CatalogManager
    transactions: TransactionManager
    information_schema: Mapping[SchemaTableName, EngineTable]
    system_tables: Mapping[SchemaTableName, EngineTable]
    access: AccessFilter = field(default_factory=AllowAll)
    runtime: RuntimeSource = field(default_factory=IdleRuntime)
    function_schema: tuple[str, str] | None = None


class MetadataBase:
    """A statement's view of the catalogs."""

    def __init__(
        self,
        services: MetadataServices,
        session: Session,
        transaction: Transaction,
        *,
        time_zone: str | None = None,
        omit_datetime_precision: bool = False,
    ) -> None:
        self.services = services
        self.session = session
        self.transaction = transaction
        self.omit_datetime_precision = omit_datetime_precision
        self._time_zone = time_zone or session.time_zone
        self._sessions: dict[str, ConnectorSession] = {}

    def check_session_properties(self) -> None:
        """Every catalog session property of the session has to exist and to be valid, used or not; so have the catalogs
        of its roles to exist, by their exact names, and the roles to be the user's.

        Raises: CATALOG_NOT_FOUND, INVALID_SESSION_PROPERTY, PERMISSION_DENIED.
        """
        for name in self.session.catalog_properties:
            self.connector_session(self.transaction.require_catalog(name))
            access = self.access(name)
            for given in self.session.catalog_properties[name]:
                access.check_can_set_catalog_session_property(given)
        for name, selected in self.session.roles.items():
            self.transaction.require_catalog(name)
            if selected.kind is RoleKind.ROLE and selected.role is not None:
                self.access(name).check_can_set_role(selected.role)

    def connector_session(self, catalog: Catalog) -> ConnectorSession:
        """The statement as the catalog's connector sees it. Raises: INVALID_SESSION_PROPERTY."""
        made = self._sessions.get(catalog.name)
        if made is None:
            session = self.session
            made = ConnectorSession(
                session.query_id,
                self._identity(catalog.name),
                session.source,
                self._time_zone,
                session.locale,
                session.start,
                session.trace_token,
                decode_session_properties(catalog, session.catalog_properties.get(catalog.name, {})),
            )
            self._sessions[catalog.name] = made
        return made

    def _identity(self, catalog: str) -> Identity:
        role = self.session.roles.get(catalog)
        if role is None:
            return self.session.identity
        return replace(self.session.identity, connector_role=role)

    def access(self, catalog: str, reader: Reader | None = None) -> ConnectorAccessControl:
        """What the session's user may do in a catalog, or the owner of a view through which it is read.

        Raises: CATALOG_NOT_FOUND.
        """
        begun = self.transaction.enter(catalog)
        if not begun.connector.controls_access:
            return ALLOW_ALL
        session = self.connector_session(begun.catalog)
        if reader is not None and reader.user != session.user:
            session = replace(session, identity=Identity(reader.user))
        return begun.connector.access_control(begun.handle, session)

    def check_selected(self, selected: Mapping[tuple[Reader, QualifiedName], Collection[str]]) -> None:
        """The columns that a query names, each for whom it is read. Raises: PERMISSION_DENIED."""
        for (reader, name), columns in selected.items():
            if self.transaction.find_catalog(name.catalog) is not None:
                self._check_selected(reader, name, list(columns))

    def _check_selected(self, reader: Reader, name: QualifiedName, columns: list[str]) -> None:
        access = self.access(name.catalog, reader)
        if not reader.hands_on:
            access.check_can_select_from_columns(name.schema_table, columns)
            return
        try:
            access.check_can_create_view_with_select_from_columns(name.schema_table, columns)
        except LodestarError as error:
            if error.code is not PERMISSION_DENIED:
                raise
            reason = error.message.removeprefix(ACCESS_DENIED)
            message = f"View owner does not have sufficient privileges: {reason}"
            raise access_denied(message) from error

    def hidden(self, name: QualifiedName, columns: Sequence[str], reader: Reader) -> Hidden | None:
        """Row filters and column masks of a table or view; None when there are none."""
        access = self.access(name.catalog, reader)
        if access is ALLOW_ALL:
            return None
        filters, masks = access.row_filters(name.schema_table), access.column_masks(name.schema_table, columns)
        return Hidden(filters, masks) if filters or masks else None

    def may_select(self, name: QualifiedName, column: str, reader: Reader) -> bool:
        """The column may be read."""
        try:
            self._check_selected(reader, name, [column])
        except LodestarError as error:
            if error.code is not PERMISSION_DENIED:
                raise
            return False
        return True

    def _enter(self, catalog: str) -> tuple[CatalogTransaction, ConnectorSession]:
        """A catalog for reading. Raises: CATALOG_NOT_FOUND …"""
        begun = self.transaction.enter(catalog)
        return begun, self.connector_session(begun.catalog)

    def _enter_to_write(self, catalog: str) -> tuple[CatalogTransaction, ConnectorSession]:
        """A catalog for changing. Raises: CATALOG_NOT_FOUND, the write conflicts of a transaction."""
        if self.transaction.find_catalog(catalog) is None:
            raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{catalog}' not found")
        begun = self.transaction.check_write(catalog)
        return begun, self.connector_session(begun.catalog)


@contextmanager
def listing(what: str, catalog: str) -> Iterator[None]:
    """An error while listing names what was listed and where."""
    try:
        yield
    except LodestarError as error:
        raise LodestarError(
            error.code, f"Error listing {what} for catalog {catalog}: {error.message}", location=error.location
        ) from error
