"""Participants: words about taking part, and what absence, silence and departure change.

Rules: course, departure_rules, participant, profile, silence_rules
Applied by: changes, departures, profiles, relayed, silence
"""
