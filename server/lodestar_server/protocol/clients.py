"""Clients that are known to read rows in the answer to their POST. Source: the clients' own code, tried in our lanes.

Trino's documentation lets a server answer so; most clients do read it. The JavaScript client throws such rows away,
therefore nobody is answered so who has not been looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection

RESULT_AT_ONCE = "RESULT_AT_ONCE"
"""The capability of a client that takes rows in the answer to its POST; our driver has it."""

_KNOWN: dict[str, tuple[int, ...]] = {
    # Maps the values of a first answer since it maps any; dbt, SQLAlchemy, ibis and Superset come through it.
    "Trino Python Client": (0, 320),
}
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z -]*)/(\d{1,6}(?:\.\d{1,6})*)")


def reads_rows_of_a_post(capabilities: Collection[str], user_agent: str | None) -> bool:
    """Whether it says so itself, or is a known client of a known version."""
    if RESULT_AT_ONCE in capabilities:
        return True
    product = _PRODUCT.match(user_agent or "")
    if product is None or product[1] not in _KNOWN:
        return False
    return tuple(int(part) for part in product[2].split(".")) >= _KNOWN[product[1]]
