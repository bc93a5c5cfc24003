"""Time of people: local days, waking hours, weekends, holidays, and deadlines.

Rules: calendar, calendars, reach_rules, waking
Applied by: reach
"""
