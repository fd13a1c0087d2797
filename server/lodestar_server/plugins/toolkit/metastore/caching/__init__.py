"""A metastore's answers, kept for a while."""
