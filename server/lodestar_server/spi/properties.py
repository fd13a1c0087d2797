"""Settings declared once: config properties (per node), session, table, schema, column and analyze properties.

A `ConfigGroup` is a small frozen bag of settings; each line declares key, type, default, range, doc, source, and with
`session=` its session property. Loading text into groups, reporting every fault at once, printing and redacting are in
`config/`, which reads the declarations through `list_settings`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import Enum
from typing import Any, ClassVar, get_type_hints

from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen

_NUMBER_AND_UNIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")
_TIME_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_UNITS = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40, "PB": 2**50}


class Duration(float):
    """Seconds. Read from `10m`, `1.5h`; printed as Trino does: two decimals and the largest unit of at least one."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Raises: ValueError with a message for the user."""
        if not text:
            raise ValueError("duration is empty")
        match = _NUMBER_AND_UNIT.fullmatch(text)
        if match is None:
            raise ValueError(f"duration is not a valid data duration string: {text}")
        if match[2] not in _TIME_UNITS:
            raise ValueError(f"Unknown time unit: {match[2]}")
        return cls(float(match[1]) * _TIME_UNITS[match[2]])

    def __str__(self) -> str:
        unit, size = "ns", 1e-9
        for name, seconds in _TIME_UNITS.items():
            if self >= seconds:
                unit, size = name, seconds
        return f"{Decimal(self / size).quantize(Decimal('0.01'), ROUND_HALF_UP)}{unit}"


class DataSize(int):
    """Bytes. Read from `16MB`, units of 1024; printed as `16MB`, with up to two decimals."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> DataSize:
        """Raises: ValueError with a message for the user."""
        if not text:
            raise ValueError("size is empty")
        match = _NUMBER_AND_UNIT.fullmatch(text)
        if match is None:
            raise ValueError(f"size is not a valid data size string: {text}")
        if match[2] not in _SIZE_UNITS:
            raise ValueError(f"Unknown unit: {match[2]}")
        return cls(Decimal(match[1]) * _SIZE_UNITS[match[2]])

    def __str__(self) -> str:
        unit, size = "B", 1
        for name, factor in _SIZE_UNITS.items():
            if self >= factor:
                unit, size = name, factor
        amount = (Decimal(int(self)) / size).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()
        return f"{amount:f}{unit}"


@frozen
class Setting:
    """One declared config property of a group.

    `attribute` is the name in the group, `kind` the Python type, `default` text as a user would write it (None: no
    default, the value is None). `required` settings must be given. `legacy` are older keys that still work, with a
    warning; `defunct` keys stop the start with their advice. `session` names the session property with the same
    meaning; `secret` values are never printed.
    """

    key: str
    attribute: str
    kind: Any
    default: str | None
    doc: str
    source: str
    minimum: str | None = None
    maximum: str | None = None
    required: bool = False
    secret: bool = False
    legacy: tuple[str, ...] = ()
    session: str | None = None
    hidden: bool = False
    pattern: str | None = None

    def decode(self, text: str) -> Any:
        """The value of a text. Raises: ValueError with a message for the user."""
        value = decode_value(self.kind, text.strip())
        for bound, word in ((self.minimum, "less than"), (self.maximum, "greater than")):
            if bound is None:
                continue
            edge = decode_value(self.kind, bound)
            if (value < edge) if bound is self.minimum else (value > edge):
                raise ValueError(f"must not be {word} {bound}")
        if self.pattern is not None and not re.fullmatch(self.pattern, text.strip()):
            raise ValueError(f"must match {self.pattern}")
        return value

    @property
    def default_value(self) -> Any:
        """The decoded default."""
        return None if self.default is None else decode_value(self.kind, self.default)


def decode_value(kind: Any, text: str) -> Any:
    """Text to a value of `kind`: bool, int, float, str, Duration, DataSize, an Enum class, or tuple[str, ...].

    Raises: ValueError with a message for the user.
    """
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"must be true or false, not '{text}'")
        return text.lower() == "true"
    if kind in (Duration, DataSize):
        return kind.parse(text)
    if kind in (int, float):
        try:
            return kind(Decimal(text)) if kind is float else int(text)
        except (ValueError, InvalidOperation):
            raise ValueError(f"must be a number, not '{text}'") from None
    if isinstance(kind, type) and issubclass(kind, Enum):
        wanted = text.upper().replace("-", "_")
        for member in kind:
            if member.name == wanted:
                return member
        raise ValueError(f"must be one of {', '.join(member.name for member in kind)}, not '{text}'")
    if kind is str:
        return text
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    raise TypeError(f"no text form for settings of type {kind!r}")


def encode_value(value: Any) -> str:
    """A value as a user would write it; the inverse of `decode_value`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def config(
    key: str,
    *,
    default: str | None,
    doc: str,
    source: str,
    minimum: str | None = None,
    maximum: str | None = None,
    required: bool = False,
    secret: bool = False,
    legacy: tuple[str, ...] = (),
    session: str | None = None,
    hidden: bool = False,
    pattern: str | None = None,
) -> Any:
    """Declare a setting as a class attribute of a `ConfigGroup`; the annotation gives its type."""
    return Setting(
        key, "", None, default, doc, source, minimum, maximum, required, secret, legacy, session, hidden, pattern
    )


class ConfigGroup:
    """A frozen bag of settings.

    `MaxGroup(max_run_time=Duration(5))` overrides defaults; `config/` makes groups from files. A setting is optional
    when its annotation is `T | None` and its default None.
    """

    settings: ClassVar[tuple[Setting, ...]] = ()
    defunct: ClassVar[Mapping[str, str]] = {}
    """Keys of old versions that stop the start: key → advice."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        found = list(cls.settings)
        hints: dict[str, Any] | None = None
        for name, value in list(vars(cls).items()):
            if isinstance(value, Setting):
                hints = hints or get_type_hints(cls)
                kind = _without_none(hints[name])
                found.append(Setting(**{**_fields(value), "attribute": name, "kind": kind}))
                delattr(cls, name)
        cls.settings = tuple(found)

    def __init__(self, **values: Any) -> None:
        for setting in self.settings:
            value = values.pop(setting.attribute) if setting.attribute in values else setting.default_value
            object.__setattr__(self, setting.attribute, value)
        if values:
            raise TypeError(f"{type(self).__name__} has no setting {', '.join(values)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        shown = (f"{s.attribute}={'***' if s.secret else getattr(self, s.attribute)!r}" for s in self.settings)
        return f"{type(self).__name__}({', '.join(shown)})"

    def check(self) -> Iterable[str]:
        """Faults between settings, as messages for the user; overridden where there are any."""
        return ()


def _fields(setting: Setting) -> dict[str, Any]:
    return {name: getattr(setting, name) for name in Setting.__slots__}  # type: ignore[attr-defined]


def _without_none(hint: Any) -> Any:
    arguments = getattr(hint, "__args__", None)
    if arguments and type(None) in arguments:
        (kind,) = (one for one in arguments if one is not type(None))
        return kind
    return hint


@frozen
class PropertyMetadata:
    """A property that SQL sets: session, schema, table, column, analyze or view property.

    `type` is the SQL type of its value, `default` the decoded default (None: unset). `decode` turns the SQL value
    (Python value of `ir.Constant`; arrays as tuples) into what the connector uses and raises ValueError with a message
    for the user; `encode` is its inverse for SHOW CREATE and SHOW SESSION.
    """

    name: str
    description: str
    type: Type
    default: Any = None
    hidden: bool = False
    decode: Callable[[Any], Any] = lambda value: value
    encode: Callable[[Any], Any] = lambda value: value
