"""Pairs: states, each change in one place, and timers for when nobody does anything.

Rules: pairing
Applied by: lifecycle, pair_timers
"""
