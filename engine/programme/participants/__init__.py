"""Participants: what a person says about taking part, and what absence, silence and departure make of it.

Rules: course, departure_rules, participant, profile, silence_rules
Applied by: changes, departures, profiles, relayed, silence
"""
