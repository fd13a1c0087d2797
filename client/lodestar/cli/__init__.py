"""The command line: `lodestar`. Batch mode and an interactive shell that print what Trino's own command line prints."""
