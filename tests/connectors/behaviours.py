"""What a connector may be able to do, and with which words it refuses. Source: Trino's ConnectorMetadata, 476."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import pytest

from lodestar_server.spi.errors import NOT_SUPPORTED, ErrorCode, LodestarError


class Behaviour(Enum):
    """The value is the text of the refusal, with code NOT_SUPPORTED."""

    CREATE_SCHEMA = "This connector does not support creating schemas"
    DROP_SCHEMA = "This connector does not support dropping schemas"
    RENAME_SCHEMA = "This connector does not support renaming schemas"
    CREATE_TABLE = "This connector does not support creating tables"
    CREATE_TABLE_WITH_DATA = "This connector does not support creating tables with data"
    REPLACE_TABLE = "This connector does not support replacing tables"
    DROP_TABLE = "This connector does not support dropping tables"
    TRUNCATE = "This connector does not support truncating tables"
    RENAME_TABLE = "This connector does not support renaming tables"
    COMMENT_ON_TABLE = "This connector does not support setting table comments"
    COMMENT_ON_COLUMN = "This connector does not support setting column comments"
    SET_PROPERTIES = "This connector does not support setting table properties"
    ADD_COLUMN = "This connector does not support adding columns"
    DROP_COLUMN = "This connector does not support dropping columns"
    RENAME_COLUMN = "This connector does not support renaming columns"
    SET_COLUMN_TYPE = "This connector does not support setting column types"
    DROP_NOT_NULL = "This connector does not support dropping a not null constraint"
    ADD_FIELD = "This connector does not support adding fields"
    INSERT = "This connector does not support inserts"
    CREATE_VIEW = "This connector does not support creating views"
    RENAME_VIEW = "This connector does not support renaming views"
    CREATE_MATERIALIZED_VIEW = "This connector does not support creating materialized views"
    VERSIONS = "This connector does not support versioned tables"
    ANALYZE = "This connector does not support analyze"


class Keeps(Enum):
    """What a connector gives back of what it was given."""

    ROWS = "rows"
    TABLE_COMMENTS = "table comments"
    NOT_NULL = "NOT NULL"


@contextmanager
def refused(message: str, code: ErrorCode = NOT_SUPPORTED) -> Iterator[None]:
    """The block has to raise exactly this."""
    with pytest.raises(LodestarError) as caught:
        yield
    assert (caught.value.code.name, caught.value.message) == (code.name, message)
