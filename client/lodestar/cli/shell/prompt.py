"""The line editor: many lines, history, colours, completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import Completer
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, completion_is_selected, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from lodestar.cli.options import Options
from lodestar.cli.shell.commands import is_complete
from lodestar.cli.shell.highlight import SqlLexer
from lodestar.cli.shell.history import find_history_file, open_history


def make_prompt(
    options: Options, environment: Mapping[str, str], completer: Completer, **inputs: Any
) -> PromptSession[str]:
    """The editor of a session. `inputs` are prompt_toolkit's `input` and `output`, for others than the terminal."""
    return PromptSession(
        multiline=True,
        lexer=SqlLexer(),
        completer=completer,
        complete_while_typing=False,
        complete_in_thread=True,
        history=open_history(find_history_file(options, environment)),
        auto_suggest=None if options.disable_auto_suggestion else AutoSuggestFromHistory(),
        editing_mode=EditingMode.VI if options.editing_mode == "VI" else EditingMode.EMACS,
        key_bindings=_bindings(),
        prompt_continuation=_continuation,
        enable_history_search=False,
        **inputs,
    )


def _continuation(width: int, line: int, wrapped: int) -> StyleAndTextTuples:
    return [("", "-> ".rjust(width))]


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @Condition
    def complete_input() -> bool:
        from prompt_toolkit.application import get_app

        return is_complete(get_app().current_buffer.text)

    @bindings.add("enter", filter=complete_input & ~is_searching & ~completion_is_selected)
    def accept(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("enter", filter=completion_is_selected)
    def take_completion(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    return bindings
