"""Signatures, coercions, overload resolution and the catalogue: all about functions but running them."""
