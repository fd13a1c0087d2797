"""Runs the tests of the lake: stores, metastores, formats and connectors against real parts.

usage: rows.py [--all] [pytest's options]

Without --all those are left out that take half a minute or more and repeat what a quicker one shows with another part.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    given = [one for one in sys.argv[1:] if one != "--all"]
    chosen = [] if "--all" in sys.argv else ["-m", "not slow"]
    sys.exit(pytest.main([str(Path(__file__).parent), "-p", "no:cacheprovider", "-rfEs", *chosen, *given]))
