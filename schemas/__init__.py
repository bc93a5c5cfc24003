"""Contracts with the world outside: ids, codes, topics, event models, policy and the codec. Imports nothing of the engine."""
