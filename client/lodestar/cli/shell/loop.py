"""The shell: read, run, show, again."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from lodestar.cli.execution import Display, ReaderGone, execute
from lodestar.cli.help import SHELL_HELP
from lodestar.cli.options import Options
from lodestar.cli.preprocess import PreprocessorError, preprocess
from lodestar.cli.remote import Remote
from lodestar.cli.shell.commands import find_command, prompt_text
from lodestar.cli.shell.names import ServerNames
from lodestar.cli.shell.pager import find_pager, output_opener
from lodestar.cli.sql.statements import is_empty, split_statements
from lodestar.cli.status import StatusStyle
from lodestar.cli.terminal import CYAN, Channel

_NO_EDITOR = "The shell needs prompt_toolkit, which comes with: pip install 'lodestar-sql[cli]'"


def run_shell(remote: Remote, options: Options, environment: Mapping[str, str]) -> int:
    """Until the user leaves; the exit code."""
    try:
        from lodestar.cli.shell.completion import SqlCompleter
        from lodestar.cli.shell.prompt import make_prompt
    except ImportError:
        sys.stderr.write(_NO_EDITOR + "\n")
        return 1
    names = ServerNames(remote)
    prompt = make_prompt(options, environment, SqlCompleter(names, remote))
    shell = _Shell(remote, options, environment, names)
    rest = ""
    while True:
        try:
            text = prompt.prompt(prompt_text(remote.session.schema), default=rest)
        except KeyboardInterrupt:
            partial = prompt.default_buffer.text
            if partial.strip():
                prompt.history.append_string(partial)
            rest = ""
            continue
        except EOFError:
            return 0
        rest = ""
        command = find_command(text)
        if command in ("exit", "quit"):
            return 0
        if command == "clear":
            prompt.output.erase_screen()
            prompt.output.cursor_goto(0, 0)
            prompt.output.flush()
        elif command == "history":
            shell.show_history(prompt.history.get_strings())
        elif command == "help":
            sys.stdout.write("\n" + SHELL_HELP + "\n")
        else:
            rest = shell.run(text)


class _Shell:
    """What the shell does with input that is no command."""

    def __init__(self, remote: Remote, options: Options, environment: Mapping[str, str], names: ServerNames) -> None:
        self._remote = remote
        self._environment = environment
        self._names = names
        self._channel = Channel(sys.stdout)
        self._format = options.output_format_interactive
        self._open_output = output_opener(find_pager(options, environment))
        self._progress = options.progress is not False
        self._style = StatusStyle(options.debug, options.decimal_data_size)

    def run(self, text: str) -> str:
        """Run the statements that have ended; the rest is the beginning of the next input."""
        split = split_statements(text, vertical=True)
        for statement in split.statements:
            if not is_empty(statement.text):
                self._execute(statement.text, "VERTICAL" if statement.delimiter == "\\G" else self._format)
        return split.rest

    def show_history(self, entries: list[str]) -> None:
        """Every entry with its number."""
        for number, entry in enumerate(entries, 1):
            self._channel.line(f"{self._channel.colored(f'{number:5}', CYAN)}  {entry}")

    def _execute(self, text: str, format_name: str) -> None:
        display = Display(self._channel, self._open_output, format_name, self._progress, self._style, keys=True)
        try:
            execute(self._remote, preprocess(text, self._remote.session, self._environment), display)
        except PreprocessorError as fault:
            self._channel.line(str(fault))
        except KeyboardInterrupt:
            # A second Ctrl-C, while the first was obeyed.
            self._channel.line()
        except ReaderGone as gone:
            if gone.canceled:
                self._channel.line("Query aborted by user")
        if text[:1].lower() in "cdar":
            # CREATE, DROP, ALTER, RENAME: names have changed.
            self._names.forget()
