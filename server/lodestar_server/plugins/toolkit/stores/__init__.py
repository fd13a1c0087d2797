"""Where files are: the stores that a catalog's switches allow, behind one `FileSystem`."""
