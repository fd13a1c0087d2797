from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.processes import ended_process

from lodestar_server.plugins.toolkit.processes import has_ended, this_process

pytestmark = pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="the system does not name processes")


def test_this_process_lives() -> None:
    assert this_process()
    assert not has_ended(this_process())


def test_another_has_ended() -> None:
    assert has_ended(ended_process())


def test_its_number_may_be_another_process_s_now() -> None:
    here, _, rest = this_process().rpartition(" pid ")
    number, _, _ = rest.partition(" ")
    assert has_ended(f"{here} pid {number} 1")


def test_one_that_waits_to_be_forgotten_has_ended() -> None:
    here = this_process().rpartition(" pid ")[0]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        began = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        name = f"{here} pid {child.pid} {began}"
        assert not has_ended(name)
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(name)


@pytest.mark.parametrize("name", ["", "elsewhere pid:[1] pid 1 1", "nonsense"])
def test_of_others_nothing_is_known(name: str) -> None:
    assert not has_ended(name)
