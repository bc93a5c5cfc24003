"""Erasure in the files: free pages, records of the log, salted marks of whoever is gone."""
