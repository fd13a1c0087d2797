"""The UI's pages: plain files of this package, read once."""

from __future__ import annotations

from importlib.resources import files

PAGES = ("index.html", "query.html", "login.html", "disabled.html", "lodestar.css", "lodestar.js")


def load_pages() -> dict[str, bytes]:
    """The content of every page by its file name."""
    folder = files(__package__) / "pages"
    return {name: (folder / name).read_bytes() for name in PAGES}
