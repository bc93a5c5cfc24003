"""Pairs: the states of a pairing, each change in one place, and what happens when nobody does anything.

Rules: pairing
Applied by: lifecycle, pair_timers
"""
