"""Compares what tokenmeter makes of an imported catalog with what the catalog's own code makes of it."""
