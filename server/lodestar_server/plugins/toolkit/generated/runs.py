"""Running a generator: whole tables into a directory, part by part. A run is stopped by killing it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from lodestar_server.plugins.toolkit.generated.dataset import Dataset, scale_text
from lodestar_server.spi.errors import LodestarError

_POLL_SECONDS = 0.02


def find_program(dataset: Dataset) -> str:
    """The program: beside the interpreter or on the path. Raises: the data set's error."""
    name = dataset.command[0]
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise LodestarError(dataset.error, f"{name} is not installed; it is part of the server's packages")
    return found


class Run:
    """A running generator; its complaints are kept for the error."""

    def __init__(self, dataset: Dataset, arguments: Sequence[str], stdout: int) -> None:
        self._dataset = dataset
        self._killed = False
        self._process = subprocess.Popen(
            [find_program(dataset), *dataset.command[1:], *arguments, "--quiet", "--num-threads", "1"],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )

    def check(self) -> None:
        """Raise when the program has ended badly."""
        code = self._process.poll()
        if code and not self._killed:
            said = self._process.stderr.read().decode(errors="replace").strip() if self._process.stderr else ""
            raise self.failure(said or f"exit code {code}")

    def failure(self, reason: str) -> LodestarError:
        """The data set's error."""
        return LodestarError(self._dataset.error, f"{self._dataset.label} data could not be generated: {reason}")

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


class PartsRun(Run):
    """Makes parts of some tables as Parquet files in a directory of its own; `part`: only this one (from 1)."""

    def __init__(
        self,
        dataset: Dataset,
        directory: Path,
        tables: Sequence[str],
        scale: float,
        parts: int,
        part: int | None = None,
    ) -> None:
        directory.mkdir(parents=True)
        self._directory = directory
        self._wanted = [(table, one) for table in tables for one in ([part] if part else range(1, parts + 1))]
        self._parts = parts
        arguments = ["parquet", *dataset.options, "--scale-factor", scale_text(scale), "--tables", ",".join(tables)]
        arguments += ["--output-dir", str(directory), "--compression", "UNCOMPRESSED", "--parts", str(parts)]
        arguments += ["--part", str(part)] if part else []
        super().__init__(dataset, arguments, subprocess.DEVNULL)

    def finished(self) -> Iterator[tuple[str, int, Path]]:
        """(table, part from 1, file) as the files are completed; blocks. The taker removes the file."""
        waiting = set(self._wanted)
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
                raise self.failure("parts are missing")
            time.sleep(_POLL_SECONDS)

    def _path(self, table: str, part: int) -> Path:
        nested = self._directory / table / f"{table}.{part}.parquet"
        return nested if self._parts > 1 or nested.exists() else self._directory / f"{table}.parquet"

    def close(self) -> None:
        """Stop, and remove what is left."""
        super().close()
        shutil.rmtree(self._directory, ignore_errors=True)
