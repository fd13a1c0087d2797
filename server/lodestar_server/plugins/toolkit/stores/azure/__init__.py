"""Azure Data Lake Storage, by the interface for blobs."""
