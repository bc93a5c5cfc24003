"""How a record becomes a transition: one step, its effects, and the hops that follow.

Knows nothing of mentorship.

A record comes in by `intake`, `cascade` takes it through the stages step by step (`execution`), and what a step says is in `effects`.
`identity` names what is published; `timers` and `marks` are rows of the engine's own; `stamp` says which of two facts is later.
"""
