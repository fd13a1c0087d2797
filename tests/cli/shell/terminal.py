"""The program on a pseudo terminal: what a person types, what a person sees."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>])|\r")
_WHERE = b"\x1b[6n"


class Terminal:
    """A child on a terminal of 100 by 30. Screens are read as text without escapes."""

    def __init__(self, command, environment):
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environment)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._seen = b""

    def type(self, text):
        os.write(self._descriptor, text.encode())

    def read_until(self, pattern, seconds=30):
        """Everything up to where the pattern ends. Raises: AssertionError with what there is."""
        deadline = time.monotonic() + seconds
        while True:
            text = _ESCAPES.sub("", self._seen.decode("utf-8", "replace"))
            found = re.search(pattern, text)
            if found is not None:
                self._seen = text[found.end() :].encode()
                return text[: found.end()]
            left = deadline - time.monotonic()
            if left <= 0 or not self._receive(left):
                raise AssertionError(f"{pattern!r} did not come: {text!r}")

    def _receive(self, seconds):
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:
            return False
        if _WHERE in data:
            # The line editor asks where the cursor is.
            os.write(self._descriptor, b"\x1b[1;1R")
        self._seen += data
        return bool(data)

    def wait(self):
        """The exit code."""
        while self._receive(30):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._descriptor)
