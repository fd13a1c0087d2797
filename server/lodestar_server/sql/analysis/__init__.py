"""Binding: names, types, coercions and the shape of every query, by Trino's rules, into frozen plan nodes."""
