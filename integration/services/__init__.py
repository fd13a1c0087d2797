"""Services that lanes need beside us: each starts on a free loopback port, in a directory of its own."""
