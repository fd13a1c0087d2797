"""Whether SQL may change which catalogs there are."""

from __future__ import annotations

from enum import Enum


class CatalogManagement(Enum):
    """`catalog.management`."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"
