"""Who gets whom: the heaviest choice of pairs that respects everybody's room.

`auction` solves two sides, `blossom` small graphs with odd cycles; `assignment` proves how good a choice is, `choosing` calls them.
"""
