"""Hadoop's file system."""
