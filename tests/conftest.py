"""Lists the fixtures; they are in `tests/fixtures/<subject>.py`."""

pytest_plugins = [
    "tests.fixtures.dialect",
    "tests.fixtures.embedded",
    "tests.fixtures.engine",
    "tests.fixtures.server",
    "tests.fixtures.signals",
]
