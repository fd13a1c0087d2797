"""`python -m lodestar_server`: the command line."""

from lodestar_server.cli import process

process()
