"""Coordinators: the daily note, the answer to each command, the audit trail.

Rules: answered, audit_day, coordinator_day
Applied by: audit_days, command_answers, coordinator_notes
"""
