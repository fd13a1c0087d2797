"""Carries requests to servers: bytes of HTTP/1.1, and the two ways to wait for them (a blocking socket, asyncio)."""
