"""The `lodestar` program: reads the command line and hands over to batch mode or the shell."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lodestar.cli.options import Options, UsageError, parse_options

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 when a statement failed or nothing could be done, 2 for a wrong command line."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        options = _read_options(given)
    except UsageError as reason:
        from lodestar.cli.help import usage

        sys.stderr.write(f"{reason}\n{usage()}")
        return USAGE_ERROR
    if options.help:
        from lodestar.cli.help import usage

        sys.stdout.write(usage())
        return 0
    if options.version:
        from lodestar.version import VERSION

        sys.stdout.write(f"Lodestar CLI {VERSION}\n")
        return 0
    return _run(options)


def _read_options(arguments: Sequence[str]) -> Options:
    from lodestar.cli.configuration import find_configuration, load_configuration

    options = parse_options(arguments)
    if options.help or options.version:
        return options
    place = find_configuration(os.environ, Path.home())
    return options if place is None else parse_options(arguments, load_configuration(place))


def _run(options: Options) -> int:
    from lodestar.cli.connect import SettingsError, connect
    from lodestar.cli.failures import show_failure
    from lodestar.cli.terminal import Channel
    from lodestar.errors import Error

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    try:
        text = _batch_text(options)
        connection = connect(options, os.environ)
        try:
            from lodestar.cli.remote import Remote

            remote = Remote(connection)
            if text is not None:
                from lodestar.cli.batch import run_batch

                return 0 if run_batch(remote, text, options, os.environ) else 1
            from lodestar.cli.shell.loop import run_shell

            return run_shell(remote, options, os.environ)
        finally:
            connection.close()
    except (SettingsError, Error) as fault:
        show_failure(Channel(sys.stderr), fault, debug=options.debug)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
    return 1


def _end(number: int, frame: object) -> None:
    """End as signals do, but by way of what has to be tidied up."""
    raise SystemExit(128 + number)


def _batch_text(options: Options) -> str | None:
    """The statements to run, None for the shell. Raises: SettingsError."""
    from lodestar.cli.connect import SettingsError

    if options.execute is not None and options.file:
        raise SettingsError("both --execute and --file specified")
    if options.execute is not None:
        return options.execute + ";"
    if options.file:
        try:
            return Path(options.file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else str(fault)
            raise SettingsError(f"Error reading from file {options.file}: {options.file} ({reason})") from fault
    from lodestar.cli.batch import standard_input_text

    piped = standard_input_text()
    return None if piped is None else piped + ";"


if __name__ == "__main__":
    sys.exit(main())
