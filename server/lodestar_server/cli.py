"""The command line of the server.

lodestar-server run [--etc-dir DIR] [--set key=value …] [--role coordinator|worker|both]
lodestar-server config list|check [--etc-dir DIR] [--set key=value …]
lodestar-server config explain KEY
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lodestar_server.config import COMPATIBLE_VERSION, Configuration, ConfigurationFaults, load_configuration
from lodestar_server.observability.memory import share_allocators

EXIT_CONFIGURATION = 100
"""As Trino's: the configuration is at fault."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigurationFaults as faults:
        print("Configuration is invalid", file=sys.stderr)
        print("==========", file=sys.stderr)
        print("Errors:", file=sys.stderr)
        for number, fault in enumerate(faults.faults, start=1):
            print(f"\n{number}) {fault}", file=sys.stderr)
        print(f"\n{len(faults.faults)} error(s)", file=sys.stderr)
        return EXIT_CONFIGURATION
    except OSError as fault:
        print(f"The server cannot listen: {fault.strerror or fault}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lodestar-server", description="Federated SQL over the Trino protocol.")
    parser.add_argument("--version", action="version", version=f"lodestar-server (Trino {COMPATIBLE_VERSION})")
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="start a server")
    _add_source(run)
    run.add_argument("--role", choices=("coordinator", "worker", "both"), default=None, help="what this node does")
    run.set_defaults(command=_run)
    config = commands.add_parser("config", help="look at the configuration").add_subparsers(required=True)
    show = config.add_parser("list", help="every property, what it is set to, and whether it has an effect")
    _add_source(show)
    show.add_argument("--all", action="store_true", help="with all of Trino's properties that have no effect")
    show.set_defaults(command=_list)
    check = config.add_parser("check", help="read everything, make the catalogs, and say what is wrong")
    _add_source(check)
    check.set_defaults(command=_check)
    about = config.add_parser("explain", help="what a property means, of the server or of a catalog's file")
    about.add_argument("key")
    about.set_defaults(command=_explain)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--etc-dir", type=Path, default=None, help="directory with config.properties and catalog/")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a property, stronger than the files"
    )


def _load(options: argparse.Namespace) -> Configuration:
    """Raises: ConfigurationFaults."""
    from lodestar_server.bootstrap import config_groups, data_directory, default_catalogs
    from lodestar_server.config import Fault

    overrides = {}
    for item in options.set:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise ConfigurationFaults([Fault(f"'{item}' is not KEY=VALUE", None, "--set")])
        overrides[key.strip()] = value.strip()
    role = getattr(options, "role", None)
    if role is not None:
        overrides["coordinator"] = "false" if role == "worker" else "true"
        overrides["node-scheduler.include-coordinator"] = "false" if role == "coordinator" else "true"
    catalogs = default_catalogs(data_directory(overrides.get("node.data-dir"))) if options.etc_dir is None else ()
    return load_configuration(options.etc_dir, overrides, config_groups(), default_catalogs=catalogs)


def _run(options: argparse.Namespace) -> int:
    from lodestar_server.bootstrap import run_server
    from lodestar_server.observability.config import LogConfig
    from lodestar_server.observability.logs import set_up_logging

    configuration = _load(options)
    logs = configuration.group(LogConfig)
    set_up_logging(sys.stderr, (logs.console_format or logs.format).value, configuration.log_levels)
    try:
        return run_server(configuration)
    except KeyboardInterrupt:
        return 130
    finally:
        logging.shutdown()


def _list(options: argparse.Namespace) -> int:
    from lodestar_server.config.describe import list_lines

    configuration = _load(options)
    for line in list_lines(configuration, everything=options.all):
        mark = " " if line.effect else "-"
        print(f"{mark} {line.key} = {line.value or '(none)'}  [{line.default or 'no default'}]  {line.doc}")
    return 0


def _check(options: argparse.Namespace) -> int:
    from lodestar_server.bootstrap import check_catalogs

    configuration = _load(options)
    left_out = check_catalogs(configuration)
    for warning in (*configuration.warnings, *left_out):
        print(f"warning: {warning}")
    catalogs = len(configuration.catalogs) - len(left_out)
    print(f"The configuration is valid: {len(configuration.values)} properties, {catalogs} catalogs")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from lodestar_server.bootstrap import config_groups
    from lodestar_server.config.describe import explain
    from lodestar_server.metadata.factories import FactoryRegistry

    connectors = {name: load().settings() for name, load in sorted(FactoryRegistry().items())}
    try:
        print(explain(options.key, config_groups(), connectors))
    except KeyError as fault:
        print(fault.args[0], file=sys.stderr)
        return 1
    return 0


def process() -> None:
    """`main` as a process of its own, gone at once when it is over.

    Workers and the kernel's threads may still be inside native code that does not survive the interpreter's slow end.
    """
    share_allocators()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    process()
