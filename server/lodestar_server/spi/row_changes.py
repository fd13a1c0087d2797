"""How single rows of a table change: UPDATE, MERGE, and DELETE of what a connector cannot remove as a whole.

The connector names a row id, a column of its own making that is read together with the table's columns and tells it
where a row is. The engine finds the rows, computes their new values, and sends both through a `PageSink`, whose pages
have these columns, in this order:

1. the operation, an int8 of `RowOperation`;
2. the row id, as the scan gave it; NULL for INSERT;
3. the table's columns that are not hidden, in the table's order: the complete new row for INSERT and UPDATE, NULLs for
   DELETE.

A row id comes once, but in a MERGE once for each case that the row meets: an old row that is removed several times is
removed, and every new row stays (so says Trino). An updated row may be written as the deletion of the old row and the
insertion of the new one. Nothing is visible before `finish_row_changes` and the commit.

Source: Trino ConnectorMergeSink and MergePage.
"""

from __future__ import annotations

from enum import IntEnum

from lodestar_server.spi.handles import ColumnHandle
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen

FIRST_COLUMN = 2
"""Where the table's columns begin in a page of row changes."""


class RowOperation(IntEnum):
    """What happens to a row."""

    INSERT = 1
    DELETE = 2
    UPDATE = 3


@frozen
class RowIdColumn:
    """The column that tells rows apart: `handle` can be scanned like any other, its values have `type`.

    Two rows of one table never have equal ids, and no id is NULL; the type is comparable. A row type does well:
    (file, position) for files that are not changed in place.
    """

    handle: ColumnHandle
    type: Type
