"""SQL routines with control flow: run over columns of rows, statement by statement."""
