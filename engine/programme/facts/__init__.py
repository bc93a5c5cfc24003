"""Facts of HR about one person: which are in force, and what they say together.

Rules: attributes, compaction, employment, leaves, names, person_facts
Applied by: findings, pending_reviews
"""
