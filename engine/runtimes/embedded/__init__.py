"""The embedded runtime: one process, one SQLite file, nothing to install but Python."""
