"""Who suits whom: hard rules, score, candidates, assignment, why not, what if. Pure functions that know no rows.

Here: `eligibility` (the hard rules), `exchange`, `hours` and `scoring` (how good a pair is), `reserve`, `round`, `explanation`, `what_if`.
`search` finds candidates and says why somebody has none, `assigning` chooses, `compiled` does the same with compiled loops.
"""
