"""What happens to people and pairs, by room.

A room holds its pure rules and the processors that apply them.

The docstring of each room names its rules, which know no rows and no effects, and its processors, which hold no rule.
`messages` is what one key tells another; `tables` are the rows that several rooms of a programme share.
"""
