"""Interruptions of a pair: an absence, a line of power between the two, no time in common, and the way back.

Rules: absence
Applied by: absences, conflicts, resumption, shared_time
"""
