"""Hadoop's own containers, read only: sequence files of text lines, RCFiles of columns."""
