"""Folds of one partition: rows, intake, a stage, data time, and their recovery from changelogs."""
