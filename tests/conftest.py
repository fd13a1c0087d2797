"""Lists the fixtures; they are in `tests/fixtures/<subject>.py`."""

<<<<<<< HEAD
pytest_plugins = ["tests.fixtures.embedded", "tests.fixtures.engine", "tests.fixtures.server"]
=======
pytest_plugins = ["tests.fixtures.dialect", "tests.fixtures.engine", "tests.fixtures.server"]
>>>>>>> dialect
