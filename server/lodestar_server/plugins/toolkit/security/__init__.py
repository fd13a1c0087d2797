"""Access control that several connectors offer."""
