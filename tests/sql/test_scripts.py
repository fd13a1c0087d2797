"""Every script under this directory, on the local kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.sink import LocalEngine
from tests.sql.script import agrees, catalog_of, read_script

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.rglob("*.slt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(HERE).with_suffix("").as_posix())
def test_script(path: Path, engine: LocalEngine) -> None:
    schema = "script_" + path.stem.replace("-", "_")
    catalog = catalog_of(path)
    engine.run(f"CREATE SCHEMA {catalog}.{schema}")
    engine.run(f"USE {catalog}.{schema}")
    failed = []
    for step in read_script(path):
        kind, answer = engine.answer(step.sql.replace("{schema}", schema))
        answer = tuple(line.replace(schema, "{schema}") for line in answer)
        if not agrees(step, kind, answer):
            failed.append(f"{path.name}:{step.line}\n{step.sql}\nwant {step.kind} {step.answer}\ngot  {kind} {answer}")
    engine.run(f"DROP SCHEMA {catalog}.{schema} CASCADE")
    assert not failed, "\n\n".join(failed)


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 10
