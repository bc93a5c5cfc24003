"""Interruptions of a pair: absence, line of power, no shared time, and the way back.

Rules: absence
Applied by: absences, conflicts, resumption, shared_time
"""
