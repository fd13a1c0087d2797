"""Bound statement to logical plan."""
