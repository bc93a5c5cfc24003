"""Proposals: two people answer, a decline shows nowhere, and what was proposed may be revised.

Rules: answering, chance
Applied by: answers, consent, reached, revisions
"""
