"""Where fetched things are kept between runs: inside the project, ignored by git, safe to delete."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "integration" / ".cache"


def cached(*parts: str) -> Path:
    """A path in the cache; its parent exists."""
    path = CACHE.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
