"""People: one row each, with programmes, the line above, and people not to meet.

Rules: apart, enrolment, person, person_view
Applied by: kept_apart, mentions, roster, roster_line, tables
"""
