"""Rounds: the policy of a programme, its commands, who is in the pool, how much room each has, and the round itself.

Rules: policy_facts, pool, programme, room
Applied by: commands, pair_commands, rounds
"""
