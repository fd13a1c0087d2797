"""SQL routines: declarations, bodies and calls."""
