"""Sketches in the bytes that Trino writes, so that stored ones can be read: HyperLogLog, quantiles, t-digest, sets."""
