"""A program of the user's that rewrites every statement: LODESTAR_PREPROCESSOR, or TRINO_PREPROCESSOR."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from lodestar.cli.options import UsageError, check_duration
from lodestar.session import ClientSession

_SECONDS = 10.0


class PreprocessorError(Exception):
    """The program failed; the message says how."""


def preprocess(text: str, session: ClientSession, environment: Mapping[str, str]) -> str:
    """The statement as the program writes it, or as it is when there is none. Raises: PreprocessorError."""
    command = environment.get("LODESTAR_PREPROCESSOR") or environment.get("TRINO_PREPROCESSOR")
    if not command:
        return text
    limit = environment.get("LODESTAR_PREPROCESSOR_TIMEOUT") or environment.get("TRINO_PREPROCESSOR_TIMEOUT")
    try:
        seconds = check_duration(limit) if limit else _SECONDS
    except UsageError as reason:
        raise PreprocessorError(str(reason)) from None
    catalog, schema = session.catalog or "", session.schema or ""
    own = {"LODESTAR_CATALOG": catalog, "TRINO_CATALOG": catalog, "LODESTAR_SCHEMA": schema, "TRINO_SCHEMA": schema}
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            input=text.encode(),
            capture_output=True,
            timeout=seconds,
            env={**environment, **own},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PreprocessorError(f"Timed out waiting for query preprocessor after {seconds:.2f}s") from None
    except KeyboardInterrupt:
        raise PreprocessorError("Interrupted while preprocessing query") from None
    except OSError as fault:
        raise PreprocessorError(f"Error preprocessing query: {fault}") from fault
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        raise PreprocessorError(f"Query preprocessor exited {done.returncode}\n===\n{said}\n===")
    return done.stdout.decode("utf-8", "replace")
