"""Sessions: booked, held, missed, the ledger of who teaches what, the cadence, feedback.

Rules: cadence, feedback_rules, meetings, past, teaching
Applied by: feedback, prompts, sessions
"""
