"""Proposals: answers of two people, declines that show nowhere, and revisions.

Rules: answering, chance
Applied by: answers, consent, reached, revisions
"""
