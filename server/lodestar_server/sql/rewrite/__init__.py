"""Statements that ask about the server become queries: SHOW …, DESCRIBE, SHOW CREATE."""
