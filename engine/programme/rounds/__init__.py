"""Rounds: policy, commands, the pool, the room of each person, and the round itself.

Rules: policy_facts, pool, programme, room
Applied by: commands, pair_commands, rounds
"""
