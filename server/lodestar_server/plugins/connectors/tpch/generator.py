"""Running `tpchgen-cli`: whole tables into a directory, part by part, or one part as a stream of rows.

Every run takes about a second before its first row (the program builds its text pool), then makes a million rows a
second: few runs, then. A run is stopped by killing it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from lodestar_server.plugins.connectors.tpch.errors import TPCH_GENERATOR_ERROR
from lodestar_server.plugins.connectors.tpch.tables import scale_text
from lodestar_server.spi.errors import LodestarError

_POLL_SECONDS = 0.02


def find_generator() -> str:
    """The program: beside the interpreter or on the path. Raises: TPCH_GENERATOR_ERROR."""
    beside = Path(sys.executable).parent / "tpchgen-cli"
    found = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if found is None:
        raise LodestarError(TPCH_GENERATOR_ERROR, "tpchgen-cli is not installed; it is part of the server's packages")
    return found


class _Run:
    """A running generator; its complaints are kept for the error."""

    def __init__(self, arguments: Sequence[str], stdout: int) -> None:
        self._killed = False
        self._process = subprocess.Popen(
            [find_generator(), *arguments, "--quiet", "--num-threads", "1"],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )

    def check(self) -> None:
        """Raise when the program has ended badly."""
        code = self._process.poll()
        if code and not self._killed:
            said = self._process.stderr.read().decode(errors="replace").strip() if self._process.stderr else ""
            raise LodestarError(
                TPCH_GENERATOR_ERROR, f"TPC-H data could not be generated: {said or f'exit code {code}'}"
            )

    def kill(self) -> None:
        """Stop it; from any thread, at any time. Who reads from it finds an end."""
        if self._process.poll() is None:
            self._killed = True
            self._process.kill()

    def close(self) -> None:
        """Stop it and free its pipes; by the reader."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


class PartsRun(_Run):
    """Makes all parts of some tables as Parquet files in a directory of its own, from the last part to the first."""

    def __init__(self, directory: Path, tables: Sequence[str], scale: float, parts: int) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self._tables = tables
        self._parts = parts
        arguments = ["parquet", "--scale-factor", scale_text(scale), "--tables", ",".join(tables)]
        arguments += ["--output-dir", str(directory), "--compression", "UNCOMPRESSED", "--parts", str(parts)]
        super().__init__(arguments, subprocess.DEVNULL)

    def finished(self) -> Iterator[tuple[str, int, Path]]:
        """(table, part from 1, file) as the files are completed; blocks. The taker removes the file."""
        waiting = {(table, part) for table in self._tables for part in range(1, self._parts + 1)}
        while waiting:
            ended = self._process.poll() is not None
            found = sorted(key for key in waiting if self._path(*key).exists())
            for table, part in found:
                waiting.discard((table, part))
                yield table, part, self._path(table, part)
            if found:
                continue
            self.check()
            if ended:
                raise LodestarError(TPCH_GENERATOR_ERROR, "TPC-H data could not be generated: parts are missing")
            time.sleep(_POLL_SECONDS)

    def _path(self, table: str, part: int) -> Path:
        if self._parts == 1:
            nested = self._directory / table / f"{table}.1.parquet"
            return nested if nested.exists() else self._directory / f"{table}.parquet"
        return self._directory / table / f"{table}.{part}.parquet"

    def close(self) -> None:
        """Stop, and remove what is left."""
        super().close()
        shutil.rmtree(self._directory, ignore_errors=True)


class RowsRun(_Run):
    """Makes one part of a table as comma separated text with a header, as fast as it is read."""

    def __init__(self, table: str, scale: float, part: int, parts: int) -> None:
        arguments = ["csv", "--scale-factor", scale_text(scale), "--tables", table, "--stdout"]
        arguments += ["--parts", str(parts), "--part", str(part)]
        super().__init__(arguments, subprocess.PIPE)

    @property
    def rows(self) -> IO[bytes]:
        """The text."""
        assert self._process.stdout is not None
        return self._process.stdout
