"""What the lanes share: processes, servers, artifacts, environments. Nothing here is a test."""
