"""The table format itself: types, schemas, partitioning, metadata and manifests, as its specification says."""
