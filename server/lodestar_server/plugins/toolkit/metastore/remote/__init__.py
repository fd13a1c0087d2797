"""Metastores that are asked over a network: what they have in common."""
