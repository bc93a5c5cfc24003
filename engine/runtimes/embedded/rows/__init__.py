"""Rows of the stages in SQLite: tables, facts, mentions, and what is remembered in memory beside them."""
