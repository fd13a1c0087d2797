"""Row pattern recognition: MATCH_RECOGNIZE and pattern windows."""
