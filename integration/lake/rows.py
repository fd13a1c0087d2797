"""Runs the tests of the lake: stores, metastores, formats and connectors against real parts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main([str(Path(__file__).parent), "-p", "no:cacheprovider", "-rs", *sys.argv[1:]]))
