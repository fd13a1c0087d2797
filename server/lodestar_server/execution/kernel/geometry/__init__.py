"""Geometries over shapely: the only room that knows it, imported by the first call of a function that needs it."""
