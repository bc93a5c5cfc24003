"""Nudges: the ledger of one person, withdrawals, and the breaker in front of it all.

Rules: breaker_rules, choices, ledger, withdrawal
Applied by: breaker, intents, outcomes, outreach, outreach_rows
"""
