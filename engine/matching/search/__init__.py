"""Whom each person might be paired with, and which rule leaves somebody without an option.

`candidates` compares everybody with everybody, `bounded` does not; both work on `coded` people of a few `kinds`.
"""
