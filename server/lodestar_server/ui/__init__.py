"""The web UI: its pages, and who is logged in. Handlers are in `http/web_ui.py`, the JSON they read in `http/`."""

from lodestar_server.ui.logins import Logins
from lodestar_server.ui.pages import load_pages

__all__ = ["Logins", "load_pages"]
