"""People: one row each, with the programmes that hear of it, the line above, and whom not to meet.

Rules: apart, enrolment, person, person_view
Applied by: kept_apart, mentions, roster, roster_line, tables
"""
