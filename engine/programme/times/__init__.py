"""Time of people: local days, waking hours, weekends and holidays, and by when somebody can answer.

Rules: calendar, calendars, reach_rules, waking
Applied by: reach
"""
