"""The options: their table, the command line read by it, the values checked. What they mean is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

FORMATS = (
    *("AUTO", "ALIGNED", "VERTICAL", "TSV", "TSV_HEADER", "CSV", "CSV_HEADER", "CSV_UNQUOTED", "CSV_HEADER_UNQUOTED"),
    *("JSON", "MARKDOWN", "NULL"),
)
EDITING_MODES = ("EMACS", "VI")
REDIRECT_HANDLERS = ("DESKTOP_OPEN", "SYSTEM_OPEN", "PRINT", "OPEN", "ALL")
LOGGING_LEVELS = ("NONE", "BASIC", "HEADERS", "BODY")
DEFAULT_SERVER = "localhost:8080"
DEFAULT_SOURCE = "lodestar-cli"


class UsageError(Exception):
    """The command line cannot be understood; the message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """Every option; None where it was not given and has no default. `given` are the names that the user has set."""

    url: str | None = None
    server: str | None = None
    user: str | None = None
    session_user: str | None = None
    password: bool = False
    access_token: str | None = None
    external_authentication: bool = False
    external_authentication_redirect_handler: str = "ALL"
    catalog: str | None = None
    schema: str | None = None
    path: tuple[str, ...] = ()
    session: tuple[tuple[str, str], ...] = ()
    extra_credential: tuple[tuple[str, str], ...] = ()
    extra_header: tuple[tuple[str, str], ...] = ()
    resource_estimate: tuple[tuple[str, str], ...] = ()
    client_tags: tuple[str, ...] = ()
    client_info: str | None = None
    trace_token: str | None = None
    source: str | None = None
    timezone: str | None = None
    execute: str | None = None
    file: str | None = None
    output_format: str = "CSV"
    output_format_interactive: str = "ALIGNED"
    ignore_errors: bool = False
    progress: bool | None = None
    decimal_data_size: bool = False
    pager: str | None = None
    history_file: str | None = None
    editing_mode: str = "EMACS"
    disable_auto_suggestion: bool = False
    client_request_timeout: float = 120.0
    disable_compression: bool = False
    encoding: str | None = None
    http_proxy: str | None = None
    socks_proxy: str | None = None
    insecure: bool = False
    keystore_path: str | None = None
    keystore_password: str | None = None
    keystore_type: str | None = None
    truststore_path: str | None = None
    truststore_password: str | None = None
    truststore_type: str | None = None
    use_system_truststore: bool = False
    network_logging: str = "NONE"
    debug: bool = False
    help: bool = False
    version: bool = False
    given: frozenset[str] = field(default_factory=frozenset)


class Takes(Enum):
    """How many values an option takes."""

    NOTHING = "nothing"
    ONE = "one value"
    MANY = "one value, and may be given again"


@dataclass(frozen=True, slots=True)
class Option:
    """`name` without dashes; `value` names its value in the help; `check` turns the text into the value."""

    name: str
    about: str
    value: str = ""
    takes: Takes = Takes.NOTHING
    check: Callable[[str], Any] = str
    short: str = ""
    negatable: bool = False
    secret: bool = False

    @property
    def attribute(self) -> str:
        """Its field of `Options`."""
        return self.name.replace("-", "_")


def _choice(*choices: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text.upper() not in choices:
            raise UsageError(f"expected one of [{', '.join(choices)}] (case-insensitive) but was '{text}'")
        return text.upper()

    return check


_PRINTABLE = re.compile(r"[\x21-\x7e]*")
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def check_duration(text: str) -> float:
    """`2m` in seconds. Raises: UsageError."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(f"duration is not a valid data duration string: {text}")
    if found[2] not in _UNITS:
        raise UsageError(f"Unknown time unit: {found[2]}")
    return float(found[1]) * _UNITS[found[2]]


def check_time_zone(text: str) -> str:
    """A zone by name or offset. Raises: UsageError."""
    if re.fullmatch(r"(?:UTC|GMT|UT)?[+-]\d{1,2}(?::?\d{2})?|Z|UTC|GMT", text):
        return text
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise UsageError(f"Unknown time-zone ID: {text}") from None
    return text


def _pair(what: str, name_what: str) -> Callable[[str], tuple[str, str]]:
    def check(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{what}: {text}")
        if not name:
            raise UsageError(f"{name_what} name is empty")
        if not value:
            raise UsageError(f"{name_what} value is empty")
        for part, text_of in (("name", name), ("value", value)):
            if not _PRINTABLE.fullmatch(text_of):
                raise UsageError(f"{name_what} {part} contains spaces or is not ASCII: {name}")
        return name, value

    return check


def check_session(text: str) -> tuple[str, str]:
    """`name=value` or `catalog.name=value`. Raises: UsageError."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"Session property: {text}")
    parts = name.split(".")
    if len(parts) > 2 or (len(parts) == 2 and not parts[0]):
        raise UsageError(f"Invalid session property: {text}")
    if not parts[-1]:
        raise UsageError("Session property name is empty")
    if not _PRINTABLE.fullmatch(name):
        raise UsageError(f"Session property name contains spaces or is not ASCII: {name}")
    if not _PRINTABLE.fullmatch(value):
        raise UsageError(f"Session property value contains spaces or is not ASCII: {value}")
    return name, value


def check_tags(text: str) -> tuple[str, ...]:
    """A list between commas."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def check_header(text: str) -> tuple[str, str]:
    """`Name: value` or `Name=value`. Raises: UsageError."""
    found = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*[:=]\s*(.*)", text)
    if found is None:
        raise UsageError(f"Header: {text}")
    return found[1], found[2]


_PATH_VALUE = Option("path", "Default SQL path (property can be used multiple times)", "catalog.schema", Takes.MANY)

OPTIONS = (
    Option("access-token", "Access token", "token", Takes.ONE, secret=True),
    Option("catalog", "Default catalog", "catalog", Takes.ONE),
    Option("client-info", "Extra information about client making query", "info", Takes.ONE),
    Option("client-request-timeout", "Client request timeout (default: 2m)", "timeout", Takes.ONE, check_duration),
    Option("client-tags", "Client tags", "tags", Takes.ONE, check_tags),
    Option("debug", "Enable debug information"),
    Option("decimal-data-size", "Show data size and rate in base 10 rather than base 2"),
    Option("disable-auto-suggestion", "Disable auto suggestion"),
    Option("disable-compression", "Disable compression of query results"),
    Option(
        "editing-mode",
        f"Editing mode [{', '.join(EDITING_MODES)}] (default: EMACS)",
        "editing-mode",
        Takes.ONE,
        _choice(*EDITING_MODES),
    ),
    Option(
        "encoding",
        "Spooled encodings to offer, best first: json, json+lz4, json+zstd (default: none)",
        "encoding",
        Takes.ONE,
    ),
    Option("execute", "Execute specified statements and exit", "execute", Takes.ONE),
    Option("external-authentication", "Enable external authentication"),
    Option(
        "external-authentication-redirect-handler",
        f"How the page to sign in at is shown: {', '.join(REDIRECT_HANDLERS)} (default: ALL)",
        "handler",
        Takes.ONE,
        _choice(*REDIRECT_HANDLERS),
    ),
    Option(
        "extra-credential",
        "Extra credentials (property can be used multiple times; format is key=value)",
        "credential",
        Takes.MANY,
        _pair("Extra credential", "Credential"),
        secret=True,
    ),
    Option(
        "extra-header",
        "Extra HTTP headers (property can be used multiple times; format is name=value)",
        "header",
        Takes.MANY,
        check_header,
        secret=True,
    ),
    Option("file", "Execute statements from file and exit", "file", Takes.ONE, short="f"),
    Option("help", "Show this help message and exit", short="h"),
    Option("history-file", "Path to the history file (default: ~/.lodestar/history)", "historyFile", Takes.ONE),
    Option("http-proxy", "HTTP proxy to use for server connections", "proxy", Takes.ONE),
    Option(
        "ignore-errors",
        "Continue processing in batch mode when an error occurs (default is to exit immediately)",
    ),
    Option("insecure", "Skip validation of HTTP server certificates (should only be used for debugging)"),
    Option("keystore-password", "Keystore password", "password", Takes.ONE, secret=True),
    Option("keystore-path", "Keystore path: client certificate and key in PEM", "path", Takes.ONE),
    Option("keystore-type", "Keystore type", "type", Takes.ONE, _choice("PEM")),
    Option(
        "network-logging",
        f"Network logging level [{', '.join(LOGGING_LEVELS)}] (default: NONE)",
        "level",
        Takes.ONE,
        _choice(*LOGGING_LEVELS),
    ),
    Option(
        "output-format",
        f"Output format for batch mode [{', '.join(FORMATS)}] (default: CSV)",
        "format",
        Takes.ONE,
        _choice(*FORMATS),
    ),
    Option(
        "output-format-interactive",
        f"Output format for interactive mode [{', '.join(FORMATS)}] (default: ALIGNED)",
        "format",
        Takes.ONE,
        _choice(*FORMATS),
    ),
    Option("pager", "Path to the pager program used to display the query results", "pager", Takes.ONE),
    Option("password", "Prompt for password"),
    _PATH_VALUE,
    Option("progress", "Show query progress", negatable=True),
    Option(
        "resource-estimate",
        "Resource estimate (property can be used multiple times; format is key=value)",
        "estimate",
        Takes.MANY,
        _pair("Resource estimate", "Resource estimate"),
    ),
    Option("schema", "Default schema", "schema", Takes.ONE),
    Option("server", f"Server location, or local:// (default: {DEFAULT_SERVER})", "server", Takes.ONE),
    Option(
        "session",
        "Session property (property can be used multiple times; format is key=value; use 'SHOW SESSION' to see "
        "available properties)",
        "session",
        Takes.MANY,
        check_session,
    ),
    Option("session-user", "Username to impersonate", "user", Takes.ONE),
    Option("socks-proxy", "SOCKS proxy to use for server connections", "proxy", Takes.ONE),
    Option(
        "source",
        f"Name of the client to use as source that submits the query (default: {DEFAULT_SOURCE})",
        "source",
        Takes.ONE,
    ),
    Option("timezone", "Session time zone (default: the system's)", "timezone", Takes.ONE, check_time_zone),
    Option("trace-token", "Trace token", "token", Takes.ONE),
    Option("truststore-password", "Truststore password", "password", Takes.ONE, secret=True),
    Option("truststore-path", "Truststore path: certificates in PEM, a file or a directory", "path", Takes.ONE),
    Option("truststore-type", "Truststore type", "type", Takes.ONE, _choice("PEM")),
    Option("use-system-truststore", "Use default system (OS) truststore"),
    Option("user", "Username (default: the system's)", "user", Takes.ONE),
    Option("version", "Print version information and exit"),
)
_BY_NAME = {option.name: option for option in OPTIONS}
_BY_SHORT = {option.short: option for option in OPTIONS if option.short}
_NEGATED = {f"no-{option.name}": option for option in OPTIONS if option.negatable}
CONFIGURABLE = frozenset({*_BY_NAME, *_NEGATED, "URL", "f"}) - {"help", "version"}
"""Names that a configuration file may hold."""


def parse_options(arguments: Sequence[str], defaults: Mapping[str, str] | None = None) -> Options:
    """Options from a command line, and from `defaults` (a configuration file: names without dashes) what it leaves out.

    Raises: UsageError.
    """
    values = _Values()
    waiting = list(enumerate(arguments))
    while waiting:
        place, argument = waiting.pop(0)
        if argument == "--":
            for later, text in waiting:
                values.positional(later, text)
            break
        if argument.startswith("-") and argument != "-":
            _read_option(argument, waiting, values)
        else:
            values.positional(place, argument)
    given = frozenset(values.found)
    for name, text in (defaults or {}).items():
        _read_default(name, text, given, values)
    return Options(**values.found, given=given)


class _Values:
    """Fields of `Options` as they are found."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def positional(self, place: int, text: str) -> None:
        if "url" in self.found:
            raise UsageError(f"Unmatched argument at index {place}: '{text}'")
        self.found["url"] = text

    def take(self, option: Option, text: str, shown: str) -> None:
        label = f" (<{option.value}>)" if option.takes is Takes.MANY else ""
        try:
            value = option.check(text)
        except UsageError as reason:
            raise UsageError(f"Invalid value for option '{shown}'{label}: {reason}") from None
        if option.takes is Takes.MANY:
            self.found[option.attribute] = (*self.found.get(option.attribute, ()), value)
        else:
            self.found[option.attribute] = value


def _read_option(argument: str, waiting: list[tuple[int, str]], values: _Values) -> None:
    name, equals, text = argument.partition("=")
    option, wanted = _find_option(name)
    if option is None and not argument.startswith("--") and argument[1] in _BY_SHORT:
        option, name, equals, text = _BY_SHORT[argument[1]], argument[:2], "=", argument[2:]
    if option is None:
        raise UsageError(f"Unknown option: '{argument}'")
    if option.takes is Takes.NOTHING:
        if equals and text.lower() not in ("true", "false"):
            raise UsageError(f"Invalid value for option '{name}': '{text}' is not a boolean")
        values.found[option.attribute] = wanted if not equals else wanted is (text.lower() == "true")
        return
    if not equals:
        if not waiting:
            raise UsageError(f"Missing required parameter for option '{name}' (<{option.value}>)")
        if _find_option(waiting[0][1].partition("=")[0])[0] is not None:
            raise UsageError(f"Expected parameter for option '{name}' but found '{waiting[0][1]}'")
        _, text = waiting.pop(0)
    values.take(option, text, name)


def _find_option(text: str) -> tuple[Option | None, bool]:
    """The option of `--name`, `--no-name` or `-n`, and what it says when it takes no value."""
    if text.startswith("--"):
        if text[2:] in _NEGATED:
            return _NEGATED[text[2:]], False
        return _BY_NAME.get(text[2:]), True
    return (_BY_SHORT.get(text[1:]), True) if text.startswith("-") else (None, True)


def _read_default(name: str, text: str, given: frozenset[str], values: _Values) -> None:
    if name == "URL":
        if "url" not in given and "server" not in given:
            values.found["url"] = text
        return
    option = _BY_SHORT.get(name) or _NEGATED.get(name) or _BY_NAME[name]
    if option.attribute in given:
        return
    if option.takes is Takes.NOTHING:
        values.found[option.attribute] = (text.strip().lower() == "true") is (name not in _NEGATED)
    else:
        values.take(option, text, f"--{option.name}")


assert {option.attribute for option in OPTIONS} | {"url", "given"} == {one.name for one in fields(Options)}
