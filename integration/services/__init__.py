"""Services that the integration tests start: each a context manager on a free loopback port, gone at its end."""
