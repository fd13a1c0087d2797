"""Which account a location belongs to: the catalog's own, or that of the first mapping whose prefix it has."""

from __future__ import annotations

import threading
import time
from typing import Any

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.s3.account import S3Account
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts
from lodestar_server.plugins.toolkit.stores.s3.mapping import changed, load_mappings
from lodestar_server.plugins.toolkit.stores.s3.settings import S3MappingSettings, S3Settings
from lodestar_server.plugins.toolkit.stores.s3.store import Accounts


def accounts_of(settings: S3Settings, mapping: S3MappingSettings, lent: LentAccounts | None = None) -> Accounts:
    """One account for all, or those of the mappings; where keys are lent, theirs.

    Raises: ValueError for mappings that cannot be read.
    """
    own = _own_accounts(settings, mapping)
    return own if lent is None else lambda bucket, key: lent.find(settings, bucket, key) or own(bucket, key)


def _own_accounts(settings: S3Settings, mapping: S3MappingSettings) -> Accounts:
    if not mapping.enabled:
        account = S3Account(settings)
        return lambda bucket, key: account
    return _Mapped(settings, mapping).account


class _Mapped:
    def __init__(self, settings: S3Settings, mapping: S3MappingSettings) -> None:
        self._settings = settings
        self._source = mapping
        self._lock = threading.Lock()
        self._accounts: dict[tuple[tuple[str, Any], ...], S3Account] = {}
        self._mappings = load_mappings(mapping)
        self._read_at = time.monotonic()

    def account(self, bucket: str, key: str) -> S3Account:
        """Raises: StoreError when no mapping matches."""
        self._refresh()
        for one in self._mappings:
            if one.matches(bucket, key):
                with self._lock:
                    account = self._accounts.get(one.changes)
                    if account is None:
                        account = self._accounts[one.changes] = S3Account(changed(self._settings, dict(one.changes)))
                    return account
        raise StoreError("No matching S3 security mapping", status=403)

    def _refresh(self) -> None:
        period = self._source.refresh_period
        if period is None or time.monotonic() - self._read_at < period:
            return
        self._read_at = time.monotonic()
        try:
            self._mappings = load_mappings(self._source)
        except ValueError as fault:
            raise StoreError(str(fault)) from None
