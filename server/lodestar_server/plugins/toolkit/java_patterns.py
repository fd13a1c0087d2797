"""Regular expressions of configuration files, which are written for Java."""

from __future__ import annotations

import re
import warnings


def java_pattern(text: str) -> re.Pattern[str]:
    """Java's pattern as Python's. What the two read differently is refused. Raises: re.error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return re.compile(text, re.ASCII)
        except (FutureWarning, DeprecationWarning) as fault:
            raise re.error(str(fault)) from None
