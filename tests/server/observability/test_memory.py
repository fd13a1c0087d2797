import os
import subprocess
import sys
from pathlib import Path

import pytest

_LARGE = """
import sys
from lodestar_server.observability.memory import release_memory, share_allocators
share_allocators()
import pyarrow as pa
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS:")).split()[1]) << 10
release_memory()
before = resident()
# Too small for mappings of their own: the allocator keeps them, with the last one above the others.
blocks = [pa.allocate_buffer(64 << 10) for _ in range(2000)]
for block in blocks:
    memoryview(block).cast("B")[::4096] = bytes(16)
held = resident()
del blocks[:-1], block
release_memory()
print(pa.default_memory_pool().backend_name, held - before > 100 << 20, resident() - before < 20 << 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_goes_back():
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MALLOC_", "ARROW_"))}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3] / "server")
    done = subprocess.run([sys.executable, "-c", _LARGE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["system", "True", "True"]
