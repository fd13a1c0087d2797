"""Estimates: how many rows a plan gives and what their columns are like."""
